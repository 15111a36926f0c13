"""What vetting found, as lines for the terminal and as JSON: the first divergence with both sides beside each other."""

from __future__ import annotations

from typing import Any

from simulator.vetting.history import Told
from simulator.vetting.redecide import Divergence, Vetted

_WIDTH = 48


def vetted_json(vetted: Vetted) -> dict[str, Any]:
    """Return what was found as JSON."""
    first = vetted.first
    return {
        "sagas": vetted.sagas,
        "events": vetted.events,
        "unverified": vetted.unverified,
        "diverging": len(vetted.divergences),
        "first": None if first is None else _divergence(first),
    }


def _divergence(first: Divergence) -> dict[str, Any]:
    return {
        "saga_id": first.saga_id,
        "sequence": first.sequence,
        "at": first.at,
        "why": first.why,
        "recorded": None if first.recorded is None else first.recorded._asdict(),
        "decided": None if first.decided is None else first.decided._asdict(),
    }


def vetted_lines(vetted: Vetted) -> list[str]:
    """Return what was found for the terminal."""
    first = vetted.first
    counted = f"{vetted.sagas:,} saga{'s' * (vetted.sagas != 1)}, {vetted.events:,} events decided again"
    if vetted.unverified:
        counted += f" ({vetted.unverified:,} taken as recorded: what caused them is not kept)"
    if first is None:
        return [f"{counted}: no divergence"]
    lines = [
        f"{counted}; of these diverge: {len(vetted.divergences):,}",
        f"first: {first.saga_id}, event {first.sequence}: {first.why}",
        f"  {'':24}{'recorded':{_WIDTH}}decided now",
    ]
    recorded, decided = _flat(first.recorded), _flat(first.decided)
    for name in dict.fromkeys([*recorded, *decided]):
        left, right = recorded.get(name, ""), decided.get(name, "")
        mark = " " if left == right else "*"
        lines.append(f"{mark} {name:24}{_short(left):{_WIDTH}}{_short(right)}".rstrip())
    return lines


def _flat(told: Told | None) -> dict[str, str]:
    if told is None:
        return {"event": "(none)"}
    fields = {name: str(value) for name, value in told.fields.items() if name != "meta"}
    return {"event": told.name, **fields, **{name: str(value) for name, value in told.fields["meta"].items()}}


def _short(text: str) -> str:
    return text if len(text) < _WIDTH else f"{text[: _WIDTH - 4]}…"
