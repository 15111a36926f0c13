"""Reads what several services find in their environment, and names what is missing or unusable there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streams import logs
from streams.metrics import BadMetricsSettings, MetricsAddress
from streams.metrics import metrics_address as address_in


class MissingSettings(ValueError):
    """The environment lacks something, or has something unusable; the message names it."""


def require(environment: Mapping[str, str], names: Sequence[str]) -> None:
    """Raise MissingSettings naming every variable that is not set, or empty."""
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise MissingSettings(f"missing settings: {', '.join(missing)}")


def log_level(environment: Mapping[str, str]) -> str:
    """Return the level of the log, INFO where none is named. Raises MissingSettings."""
    level = environment.get("LOG_LEVEL") or "INFO"
    if level not in logs.LEVELS:
        raise MissingSettings(f"LOG_LEVEL must be one of {', '.join(sorted(logs.LEVELS))}")
    return level


def metrics_address(environment: Mapping[str, str]) -> MetricsAddress | None:
    """Return where metrics are served, None where nobody asks for them. Raises MissingSettings."""
    try:
        return address_in(environment)
    except BadMetricsSettings as error:
        raise MissingSettings(str(error)) from error
