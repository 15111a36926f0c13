"""The gateway as a process does not start where it would be open to others, and says what to set."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.gateway.app import main
from services.gateway.security.authentication import authentication
from services.gateway.security.settings import read_security
from tests.unit.gateway.test_security_tokens import EXPECTED, NOW_S, pem, token

PLAIN = {
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    "DATABASE_URL": "sqlite://",
    "READ_MODEL_URL": "sqlite://",
    "PORT": "1",
}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "GATEWAY_AUTH"),
        ({"GATEWAY_AUTH": "off", "HOST": "0.0.0.0"}, "HOST"),  # noqa: S104 - what must be refused
        ({"GATEWAY_AUTH": "required"}, "GATEWAY_KEYS_FILE"),
    ],
    ids=str,
)
def test_a_gateway_that_would_be_open_does_not_start(
    settings: dict[str, str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main({**PLAIN, **settings}) == 2
    assert told in capsys.readouterr().err


def test_tokens_are_known_by_the_keys_of_a_file_that_may_change(tmp_path: Path) -> None:
    file = tmp_path / "public.pem"
    file.write_bytes(pem("ES256"))
    settings = read_security(
        {
            "GATEWAY_JWT_KEYS_FILE": str(file),
            "GATEWAY_JWT_ISSUER": EXPECTED.issuer,
            "GATEWAY_JWT_AUDIENCE": EXPECTED.audience,
        },
        "10.0.0.1",
    )
    identify = authentication(settings)
    old, new = f"Bearer {token('ES256')}", f"Bearer {token('EdDSA')}"
    now_ms = NOW_S * 1000
    assert [identify(header, now_ms) is not None for header in (old, new)] == [True, False]
    file.write_bytes(pem("EdDSA"))
    assert [identify(header, now_ms + 1_000) is not None for header in (old, new)] == [False, True]
    assert identify("Bearer sk_0123456789ab_" + "A" * 43, now_ms) is None
    assert identify(None, now_ms) is None
