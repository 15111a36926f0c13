"""The orchestrator's settings: defaults, and a clear refusal of what cannot be used."""

from __future__ import annotations

import pytest

from orchestrator.settings import BadSetting, read

NEEDED = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092", "SAGA_STATE_DIR": "state"}


def test_what_is_not_set_has_its_default() -> None:
    settings = read(NEEDED)

    assert settings.instance == "orchestrator-0"
    assert settings.approval_limits_minor == {"GBP": 10_000, "USD": 10_000, "EUR": 10_000}
    assert settings.unusual_quantity == 2_000
    assert settings.retention_ms == 604_800_000
    assert settings.definitions is None


def test_limits_are_decimal_texts_by_currency() -> None:
    settings = read({**NEEDED, "APPROVAL_THRESHOLDS": '{"GBP": "0.29", "JPY": "5000"}'})

    assert settings.approval_limits_minor == {"GBP": 29, "JPY": 500_000}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KAFKA_BOOTSTRAP_SERVERS", ""),
        ("SAGA_STATE_DIR", ""),
        ("SAGA_RETENTION_S", "-1"),
        ("SAGA_RETENTION_S", "a week"),
        ("UNUSUAL_QUANTITY", "-1"),
        ("UNUSUAL_QUANTITY", "many"),
        ("APPROVAL_THRESHOLDS", "100"),
        ("APPROVAL_THRESHOLDS", "{"),
        ("APPROVAL_THRESHOLDS", '{"GBP": "ten"}'),
        ("APPROVAL_THRESHOLDS", '{"GBP": "1.001"}'),
        ("APPROVAL_THRESHOLDS", '{"GBP": "-1"}'),
        ("APPROVAL_THRESHOLDS", '{"GBP": "NaN"}'),
    ],
)
def test_what_cannot_be_used_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read({**NEEDED, name: value})
