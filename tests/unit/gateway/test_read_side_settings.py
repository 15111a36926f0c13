"""Every process names all that its environment lacks, and what in it is unusable."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest

from services.gateway import settings as gateway
from services.projector import app as projector
from services.sandboxes import process as sandbox
from services.watchdog import app as watchdog
from services.webhooks import app as webhooks

WHOLE = {
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092",
    "DATABASE_URL": "sqlite:///x.db",
    "READ_MODEL_URL": "sqlite:///y.db",
    "SANDBOX_DATABASE": "z.db",
    "PORT": "8080",
    "GATEWAY_AUTH": "off",
    "WEBHOOKS_FILE": "w.json",
}
READERS: list[tuple[Callable[[Mapping[str, str]], object], tuple[str, ...]]] = [
    (gateway.read_settings, ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "READ_MODEL_URL", "PORT")),
    (projector.read_settings, ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL")),
    (watchdog.read_settings, ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL")),
    (webhooks.read_settings, ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "WEBHOOKS_FILE")),
    (sandbox.read_settings, ("SANDBOX_DATABASE", "PORT")),
]


@pytest.mark.parametrize(("read", "required"), READERS, ids=["gateway", "projector", "watchdog", "webhooks", "sandbox"])
def test_missing_settings_are_named(read: Callable[[Mapping[str, str]], object], required: tuple[str, ...]) -> None:
    read(WHOLE)
    with pytest.raises(ValueError, match=", ".join(required)):
        read({})
    for name in required:
        with pytest.raises(ValueError, match=rf"missing settings: {name}$"):
            read({**WHOLE, name: ""})


@pytest.mark.parametrize(
    ("read", "name", "value"),
    [
        (gateway.read_settings, "PORT", "http"),
        (gateway.read_settings, "LOG_LEVEL", "LOUD"),
        (gateway.read_settings, "APPROVAL_THRESHOLDS", "{"),
        (gateway.read_settings, "APPROVAL_THRESHOLDS", "[]"),
        (projector.read_settings, "LOG_LEVEL", "LOUD"),
        (watchdog.read_settings, "LOCKED_ALERT_S", "0"),
        (watchdog.read_settings, "LOCKED_ALERT_S", "soon"),
        (watchdog.read_settings, "LOG_LEVEL", "LOUD"),
        (sandbox.read_settings, "PORT", "http"),
        (sandbox.read_settings, "DELIVERY_AFTER_MS", "-1"),
    ],
)
def test_unusable_settings_are_named(read: Callable[[Mapping[str, str]], object], name: str, value: str) -> None:
    with pytest.raises(ValueError, match=re.escape(name)):
        read({**WHOLE, name: value})


def test_the_currencies_are_those_with_a_threshold() -> None:
    assert gateway.read_settings(WHOLE).currencies == {"GBP", "USD", "EUR"}
    settings = gateway.read_settings({**WHOLE, "APPROVAL_THRESHOLDS": '{"CHF": "5.00"}'})
    assert settings.currencies == {"CHF"}
