"""Secret settings may be in files: as good as in the environment, and never both."""

from __future__ import annotations

from pathlib import Path

import pytest

from services import migrate
from services.environment import MissingSettings
from services.gateway.settings import read_settings
from services.projector import app as projector
from services.watchdog import app as watchdog
from services.webhooks import app as webhooks
from streams.secret_files import SecretUnreadable, from_files

PLAIN = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092", "PORT": "8080", "GATEWAY_AUTH": "off"}


def test_secrets_come_from_files(tmp_path: Path) -> None:
    files = {}
    for name in ("DATABASE_URL", "READ_MODEL_URL"):
        (tmp_path / name).write_text(f"sqlite:///{name}.db\n")
        files[f"{name}_FILE"] = str(tmp_path / name)
    settings = read_settings({**PLAIN, **files})
    assert (settings.database_url, settings.read_model_url) == (
        "sqlite:///DATABASE_URL.db",
        "sqlite:///READ_MODEL_URL.db",
    )


def test_a_secret_that_cannot_be_read_is_named_and_not_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = tmp_path / "planted"
    secret.write_text("")
    for environment in (
        {"DATABASE_URL_FILE": str(tmp_path / "none")},
        {"DATABASE_URL_FILE": str(secret)},
        {"DATABASE_URL_FILE": str(secret), "DATABASE_URL": "planted"},
    ):
        with pytest.raises(SecretUnreadable, match="DATABASE_URL") as refused:
            from_files(environment)
        assert "planted" not in str(refused.value)
        with pytest.raises(MissingSettings, match="DATABASE_URL"):
            read_settings({**PLAIN, **environment})
        assert projector.main([], {**PLAIN, **environment}) == 2
        assert watchdog.main({**PLAIN, **environment}) == 2
        assert webhooks.main({**PLAIN, **environment}) == 2
        assert migrate.main(["gateway"], environment) == 2
    told = capsys.readouterr().err
    assert told.count("DATABASE_URL") >= 12
    assert "planted" not in told
