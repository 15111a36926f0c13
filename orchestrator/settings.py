"""The orchestrator's settings: the environment, read once and checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

DEFAULT_THRESHOLDS = '{"GBP": "100.00", "USD": "100.00", "EUR": "100.00"}'
DEFAULT_UNUSUAL_QUANTITY = 2_000
DEFAULT_RETENTION_S = 604_800


class BadSetting(ValueError):
    """A setting is missing or cannot be used; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one orchestrator process needs to know. `retention_ms`: how long a finished saga's state stays.

    Orders with a line of more units than `unusual_quantity` wait for a person.
    """

    bootstrap: str
    instance: str
    state_dir: Path
    definitions: Path | None
    approval_limits_minor: Mapping[str, int]
    unusual_quantity: int
    retention_ms: int
    log_level: str


def read(environ: Mapping[str, str]) -> Settings:
    """Return the settings. Raises BadSetting."""
    directory = environ.get("SAGA_DEFINITIONS")
    return Settings(
        bootstrap=_required(environ, "KAFKA_BOOTSTRAP_SERVERS"),
        instance=environ.get("SAGA_INSTANCE", "orchestrator-0"),
        state_dir=Path(_required(environ, "SAGA_STATE_DIR")),
        definitions=Path(directory) if directory else None,
        approval_limits_minor=_limits(environ.get("APPROVAL_THRESHOLDS", DEFAULT_THRESHOLDS)),
        unusual_quantity=_whole(environ, "UNUSUAL_QUANTITY", DEFAULT_UNUSUAL_QUANTITY, "units"),
        retention_ms=_whole(environ, "SAGA_RETENTION_S", DEFAULT_RETENTION_S, "seconds") * 1_000,
        log_level=environ.get("LOG_LEVEL", "INFO"),
    )


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name)
    if not value:
        raise BadSetting(f"{name} is not set")
    return value


def _whole(environ: Mapping[str, str], name: str, default: int, of: str) -> int:
    text = environ.get(name, str(default))
    if not text.isdecimal():
        raise BadSetting(f"{name} is {text!r}; it must be a whole number of {of}")
    return int(text)


def _limits(text: str) -> Mapping[str, int]:
    """Return limits in minor units from decimal texts by currency."""
    try:
        given = json.loads(text)
        minor = {currency: Decimal(limit) * 100 for currency, limit in given.items()}
    except (ValueError, TypeError, AttributeError, InvalidOperation) as error:
        raise BadSetting(f"APPROVAL_THRESHOLDS must be an object of decimal texts by currency: {error!r}") from error
    for currency, limit in minor.items():
        if not limit.is_finite() or limit != int(limit) or limit < 0:
            raise BadSetting(f"APPROVAL_THRESHOLDS: {currency} must be an amount with at most two decimals")
    return {currency: int(limit) for currency, limit in minor.items()}
