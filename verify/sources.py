"""Where the evidence is: cluster, participants' databases and providers, from the settings or from `saga dev`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PARTICIPANTS = ("payment", "inventory", "shipping", "notification", "tasks")
PROVIDERS = {"psp": "PSP_URL", "carrier": "CARRIER_URL", "messages": "MESSAGES_URL"}


class Unreachable(Exception):
    """A source of evidence cannot be read: nothing is proved, neither right nor wrong."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Addresses: Kafka's, an SQLAlchemy URL for each participant, an HTTP URL for each provider."""

    bootstrap: str
    databases: Mapping[str, str]
    providers: Mapping[str, str]


def from_settings(environ: Mapping[str, str]) -> Sources:
    """Read KAFKA_BOOTSTRAP_SERVERS, <PARTICIPANT>_DATABASE_URL and the providers' URLs. Raises Unreachable."""
    wanted = ["KAFKA_BOOTSTRAP_SERVERS", *map(_database_setting, PARTICIPANTS), *PROVIDERS.values()]
    missing = [name for name in wanted if not environ.get(name)]
    if missing:
        raise Unreachable(f"settings are missing: {', '.join(missing)}")
    return Sources(
        environ["KAFKA_BOOTSTRAP_SERVERS"],
        {name: environ[_database_setting(name)] for name in PARTICIPANTS},
        {name: environ[setting] for name, setting in PROVIDERS.items()},
    )


def from_data(directory: Path) -> Sources:
    """Read the state file that `saga dev` keeps in its data directory. Raises Unreachable."""
    path = directory / "dev.json"
    try:
        state: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Sources(
            str(state["bootstrap"]),
            {name: str(state["databases"][name]) for name in PARTICIPANTS},
            {name: str(state["sandboxes"][name]) for name in PROVIDERS},
        )
    except FileNotFoundError as error:
        raise Unreachable(f"{path} does not exist: no `saga dev` has run on {directory}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Unreachable(f"{path} does not say where everything is: {error!r}") from error


def _database_setting(participant: str) -> str:
    return f"{participant.upper()}_DATABASE_URL"
