"""Where a running installation can be reached, from the state file of its `saga dev`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATE_FILE = "dev.json"


@dataclass(frozen=True, slots=True)
class AddressBook:
    """The addresses a campaign needs: Kafka's, the gateway's, and the sandboxes' by name."""

    bootstrap: str
    gateway: str
    sandboxes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Running:
    """One process of the installation; `started_ms` is milliseconds since the epoch."""

    pid: int
    started_ms: int
    restarts: int
    ready: bool


def read_addresses(data: Path) -> AddressBook:
    """Return the addresses of the installation on a data directory. Raises OSError, ValueError, KeyError."""
    state = _state(data)
    return AddressBook(state["bootstrap"], state["gateway"], state["sandboxes"])


def read_processes(data: Path) -> Mapping[str, Running]:
    """Return what runs on a data directory, by name. Raises OSError, ValueError, KeyError."""
    return {
        name: Running(told["pid"], told["started_ms"], told["restarts"], told["ready"])
        for name, told in _state(data)["processes"].items()
    }


def _state(data: Path) -> Mapping[str, Any]:
    state: Mapping[str, Any] = json.loads((data / STATE_FILE).read_text(encoding="utf-8"))
    return state
