"""`saga keys`: a key is printed once, kept as a hash, good at a gateway until it is revoked."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.app import app
from cli.failure import Failure
from cli.key_store import ensure_own_key
from cli.options import api_key_of, gateway_of
from services.gateway.security.authentication import authentication
from services.gateway.security.identity import Scope
from services.gateway.security.settings import SecuritySettings


def saga(*arguments: str) -> Any:
    """Run a command and return what it printed, as JSON. Raises Failure."""
    done = CliRunner().invoke(app, ["keys", *arguments, "--output", "json"])
    if isinstance(done.exception, Failure):
        raise done.exception
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def now_ms(later: int = 0) -> int:
    """Return the time, or one after it, in ms."""
    return int(datetime.now(UTC).timestamp() * 1000) + later


def test_a_key_is_made_used_listed_and_revoked(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    made = saga(
        "create", "--file", str(file), "--client", "desk", "--name", "olga", "--scope", "operator", "--days", "30"
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made["api_key"].split("_", 2)[2] not in file.read_text()

    identify = authentication(SecuritySettings(required=True, keys_file=file))
    found = identify(f"Bearer {made['api_key']}", now_ms())
    assert found is not None
    assert (found.client, found.name, found.scopes) == ("desk", "olga", frozenset({Scope.OPERATOR}))
    assert identify(f"Bearer {made['api_key']}", now_ms(31 * 86_400_000)) is None

    second = saga(
        "create", "--file", str(file), "--client", "shop", "--scope", "customer", "--customer", "*", "--signing"
    )
    assert second["signing_secret"].startswith("whsec_")
    listed = saga("list", "--file", str(file))["keys"]
    assert [(key["client"], key["state"], key["signs"]) for key in listed] == [
        ("desk", "good", False),
        ("shop", "good", True),
    ]
    for secret in (made["api_key"], second["api_key"], second["signing_secret"], "sha256"):
        assert secret not in json.dumps(listed)

    done = CliRunner().invoke(app, ["keys", "revoke", made["id"], "--file", str(file)])
    assert done.exit_code == 0
    assert [key["state"] for key in saga("list", "--file", str(file))["keys"]] == ["revoked", "good"]
    assert identify(f"Bearer {made['api_key']}", now_ms(5_000)) is None


@pytest.mark.parametrize(
    "wrong",
    [
        ("--client", "Desk!", "--scope", "operator"),
        ("--client", "desk", "--scope", "root"),
        ("--client", "desk", "--scope", "customer"),
        ("--client", "desk", "--scope", "operator", "--name", "<b>"),
    ],
    ids=str,
)
def test_a_key_that_no_gateway_would_take_is_not_kept(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    file = tmp_path / "keys.json"
    with pytest.raises(Failure):
        saga("create", "--file", str(file), *wrong)
    assert not file.exists()


def test_the_key_of_a_data_directory_is_made_once_and_shown_to_its_own_gateway_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SAGA_API_KEY", raising=False)
    monkeypatch.delenv("SAGA_API_KEY_FILE", raising=False)
    (tmp_path / "dev.json").write_text('{"gateway": "http://127.0.0.1:8080"}')
    assert gateway_of(None, tmp_path).api_key is None
    file = ensure_own_key(tmp_path, "ann", datetime.now(UTC))
    key = api_key_of(tmp_path)
    assert ensure_own_key(tmp_path, "ann", datetime.now(UTC)) == file
    assert gateway_of(None, tmp_path)[:2] == ("http://127.0.0.1:8080", key)
    assert gateway_of("http://shop.example", tmp_path).api_key is None
    found = authentication(SecuritySettings(required=True, keys_file=file))(f"Bearer {key}", now_ms())
    assert found is not None
    assert (found.name, found.scopes, found.customers) == ("ann", frozenset(Scope), None)
    monkeypatch.setenv("SAGA_API_KEY", "sk_given")
    assert gateway_of("http://shop.example", tmp_path).api_key == "sk_given"
