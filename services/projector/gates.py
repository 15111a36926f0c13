"""What a saga waits for a person to decide: pure functions from its events to its open gates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

_ASKING = "AWAITING_APPROVAL"
YES = ("approve", "confirm", "accept")
NO = ("reject", "decline", "refuse")
"""The names of signals by which a person says yes or no, as docs/language.md tells them."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A step that waits for a person; `approve` and `reject` are the signals that say yes and no, where it has them.

    `signals` are all that it still waits for, `sequence` is that of the event with which it began to; times in ms.
    """

    step: str
    signals: tuple[str, ...]
    approve: str | None
    reject: str | None
    sequence: int
    since_ms: int
    until_ms: int | None


Gates = tuple[Gate, ...]


def written(gates: Gates) -> str:
    """Return the gates as JSON."""
    return orjson.dumps(gates).decode() if gates else "[]"


def read(text: str) -> Gates:
    """Return the gates of JSON."""
    rows = [] if text == "[]" else orjson.loads(text)
    return tuple(Gate(**{**row, "signals": tuple(row["signals"])}) for row in rows)


def gates_after(gates: Gates, kind: str, meta: Mapping[str, Any], fields: Mapping[str, Any]) -> Gates:
    """Return the gates that are open after an event that opens one, or that comes while some are open."""
    match kind:
        case "SignalAwaited":
            opened = _gate(meta, fields)
            others = tuple(gate for gate in gates if gate.step != fields["step"])
            return others if opened is None else (*others, opened)
        case "SignalReceived" if not fields["settles"]:
            return tuple(_without(gate, fields["signal"]) if gate.step == fields["step"] else gate for gate in gates)
        case "CompensationStarted":
            return ()
        case "SagaMigrated":
            names = orjson.loads(fields["renamed"])
            return tuple(replace(gate, step=renamed(gate.step, names)) for gate in gates)
        case _:
            return gates


def renamed(path: str, names: Mapping[str, str]) -> str:
    """Return a step's path under the names that another version gives its parts."""
    return "/".join(names.get(name, name) for name in path.split("/"))


def _gate(meta: Mapping[str, Any], fields: Mapping[str, Any]) -> Gate | None:
    """Return the gate that a step opens; None where it waits for something else than a person's decision."""
    signals = tuple(fields["signals"])
    approve, reject = _named(signals, YES), _named(signals, NO)
    if approve is None and meta["status"] != _ASKING:
        return None
    return Gate(fields["step"], signals, approve, reject, meta["sequence"], meta["at"], fields["timeout_at"])


def _named(signals: tuple[str, ...], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in signals), None)


def _without(gate: Gate, signal: str) -> Gate:
    """Return a gate that waits for one signal less, having waited for each of several."""
    left = tuple(name for name in gate.signals if name != signal)
    return replace(gate, signals=left, approve=_named(left, YES), reject=_named(left, NO))
