"""The gateway's settings, read from the environment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.environment import MissingSettings, log_level, metrics_address, require
from services.gateway.security.settings import SecuritySettings, Unsafe, read_security
from services.gateway.vault.settings import BadVault, VaultSettings, read_vault
from streams.metrics import MetricsAddress
from streams.secret_files import SecretUnreadable, from_files

_REQUIRED = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "READ_MODEL_URL", "PORT")
_THRESHOLDS = '{"GBP": "100.00", "USD": "100.00", "EUR": "100.00"}'


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says. `currencies`: those with an approval threshold, hence accepted."""

    bootstrap: str
    database_url: str
    read_model_url: str
    host: str
    port: int
    currencies: frozenset[str]
    log_level: str
    security: SecuritySettings
    metrics: MetricsAddress | None
    catalogue: Path | None
    vault: VaultSettings | None
    definitions: Path | None = None
    """A directory of definitions that the orchestrators load as well; sagas of them may be started."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises MissingSettings."""
    try:
        environment = from_files(environment)
    except SecretUnreadable as error:
        raise MissingSettings(str(error)) from error
    require(environment, _REQUIRED)
    if not environment["PORT"].isdecimal():
        raise MissingSettings(f"PORT must be a whole number, not {environment['PORT']!r}")
    level = log_level(environment)
    try:
        thresholds = json.loads(environment.get("APPROVAL_THRESHOLDS") or _THRESHOLDS)
    except json.JSONDecodeError as error:
        raise MissingSettings(f"APPROVAL_THRESHOLDS is not JSON: {error}") from error
    if not isinstance(thresholds, dict) or not thresholds:
        raise MissingSettings("APPROVAL_THRESHOLDS must map currencies to amounts")
    host = environment.get("HOST") or "127.0.0.1"
    try:
        security = read_security(environment, host)
        vault = read_vault(environment)
    except (Unsafe, BadVault) as error:
        raise MissingSettings(str(error)) from error
    return Settings(
        bootstrap=environment["KAFKA_BOOTSTRAP_SERVERS"],
        database_url=environment["DATABASE_URL"],
        read_model_url=environment["READ_MODEL_URL"],
        host=host,
        port=int(environment["PORT"]),
        currencies=frozenset(thresholds),
        log_level=level,
        security=security,
        metrics=metrics_address(environment),
        vault=vault,
        catalogue=Path(environment["CATALOGUE_FILE"]) if environment.get("CATALOGUE_FILE") else None,
        definitions=Path(environment["SAGA_DEFINITIONS"]) if environment.get("SAGA_DEFINITIONS") else None,
    )
