"""Settings: what is missing or bad is named."""

from __future__ import annotations

import pytest

from services.participant.settings import BadSettings, read_provider, read_settings

GOOD = {"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092", "DATABASE_URL": "sqlite:///x.db", "PSP_URL": "http://127.0.0.1:1"}


@pytest.mark.parametrize("name", ["KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL"])
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(BadSettings, match=name):
        read_settings({**GOOD, name: " "}, "payment")


@pytest.mark.parametrize(
    ("name", "value"), [("PSP_URL", "ftp://x"), ("PROVIDER_TIMEOUT_MS", "0"), ("BREAKER_FAILURES", "many")]
)
def test_a_bad_provider_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name):
        read_provider({**GOOD, name: value}, "PSP_URL", 800)


def test_the_instance_has_a_default() -> None:
    assert read_settings(GOOD, "payment").instance == "payment-0"
    assert read_provider(GOOD, "PSP_URL", 800).timeout_ms == 800


def test_the_circuit_opens_after_five_failures_for_ten_seconds_and_one_probe_unless_told_otherwise() -> None:
    usual = read_provider(GOOD, "PSP_URL", 800)
    assert (usual.breaker_failures, usual.breaker_open_ms, usual.breaker_probes) == (5, 10_000, 1)
    told = {"BREAKER_FAILURES": "3", "BREAKER_OPEN_MS": "2000", "BREAKER_PROBES": "2"}
    other = read_provider({**GOOD, **told}, "PSP_URL", 800)
    assert (other.breaker_failures, other.breaker_open_ms, other.breaker_probes) == (3, 2_000, 2)
