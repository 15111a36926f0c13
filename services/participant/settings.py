"""Settings of a participant, from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streams.logs import LEVELS
from streams.metrics import BadMetricsSettings, MetricsAddress, metrics_address


class BadSettings(Exception):
    """The environment lacks a setting or holds a bad one: the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What every participant needs."""

    bootstrap: str
    database_url: str
    instance: str
    log_level: str
    metrics: MetricsAddress | None = None


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Where a provider is and how it is called; times in milliseconds."""

    url: str
    concurrency: int
    timeout_ms: int
    breaker_failures: int
    breaker_open_ms: int
    breaker_probes: int


def read_settings(environment: Mapping[str, str], process: str) -> Settings:
    """Return the settings of a participant. Raises BadSettings."""
    level = environment.get("LOG_LEVEL", "INFO").upper()
    if level not in LEVELS:
        raise BadSettings(f"LOG_LEVEL is {level!r}; use one of {', '.join(sorted(LEVELS))}")
    try:
        metrics = metrics_address(environment)
    except BadMetricsSettings as error:
        raise BadSettings(str(error)) from error
    return Settings(
        required(environment, "KAFKA_BOOTSTRAP_SERVERS"),
        required(environment, "DATABASE_URL"),
        environment.get("SAGA_INSTANCE") or f"{process}-0",
        level,
        metrics,
    )


def read_provider(environment: Mapping[str, str], url_name: str, timeout_ms: int) -> ProviderSettings:
    """Return how to call the provider whose address `url_name` holds. Raises BadSettings."""
    url = required(environment, url_name)
    if not url.startswith(("http://", "https://")):
        raise BadSettings(f"{url_name} is {url!r}; it must start with http:// or https://")
    return ProviderSettings(
        url,
        positive(environment, "PROVIDER_CONCURRENCY", 64),
        positive(environment, "PROVIDER_TIMEOUT_MS", timeout_ms),
        positive(environment, "BREAKER_FAILURES", 5),
        positive(environment, "BREAKER_OPEN_MS", 10_000),
        positive(environment, "BREAKER_PROBES", 1),
    )


def required(environment: Mapping[str, str], name: str) -> str:
    """Return a setting that has no default. Raises BadSettings."""
    value = environment.get(name, "").strip()
    if not value:
        raise BadSettings(f"{name} is not set; it has no default")
    return value


def positive(environment: Mapping[str, str], name: str, default: int) -> int:
    """Return a whole number above 0. Raises BadSettings."""
    text = environment.get(name, "").strip() or str(default)
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise BadSettings(f"{name} is {text!r}; it must be a whole number above 0")
    return int(text)
