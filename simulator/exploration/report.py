"""What an exploration found, as lines for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from simulator.engine import PRODUCTION
from simulator.exploration.explore import Exploration
from simulator.exploration.moves import Broken
from simulator.exploration.narration import told
from simulator.exploration.traces import retrace, trace_of
from simulator.properties import PROPERTIES


class Proof(NamedTuple):
    """The explorations of one definition, one for each input; `reference` is how the definition was given."""

    reference: str
    explorations: Sequence[Exploration]

    @property
    def holds(self) -> bool:
        """True where every property was proved: nothing is broken, and nothing was left out."""
        return all(one.complete and not one.broken for one in self.explorations)

    def broken(self, name: str) -> tuple[Exploration, Broken] | None:
        """Return the shortest run that breaks a property."""
        found = [(one, one.broken[name]) for one in self.explorations if name in one.broken]
        return min(found, key=lambda pair: len(pair[1].moves), default=None)


def proof_json(proof: Proof) -> dict[str, Any]:
    """Return the proof as JSON."""
    return {
        "definition": proof.reference,
        "holds": proof.holds,
        "complete": all(one.complete for one in proof.explorations),
        **_sums(proof),
        "inputs": [
            {
                "name": one.scenario.name,
                "states": one.states,
                "transitions": one.transitions,
                "faults": one.faults,
                "decisions": one.decisions,
                "ended": dict(one.outcomes),
                "complete": one.complete,
            }
            for one in proof.explorations
        ],
        "unbounded_waits": list(_unbounded(proof)),
        "properties": {name: _property(proof, name) for name in PROPERTIES},
    }


def _sums(proof: Proof) -> dict[str, int]:
    names = ("states", "transitions", "faults", "decisions")
    return {name: sum(getattr(one, name) for one in proof.explorations) for name in names}


def _property(proof: Proof, name: str) -> dict[str, Any]:
    found = proof.broken(name)
    if found is None:
        return {"says": PROPERTIES[name], "holds": True}
    one, broken = found
    return {
        "says": PROPERTIES[name],
        "holds": False,
        "violation": broken.violation.says,
        "trace": trace_of(one.scenario, proof.reference, one.bounds.faults, broken),
    }


def _unbounded(proof: Proof) -> dict[str, None]:
    return dict.fromkeys(path for one in proof.explorations for path in one.unbounded)


def proof_lines(proof: Proof) -> list[str]:
    """Return the proof for the terminal."""
    first = proof.explorations[0]
    definition, faults = first.scenario.definition, first.bounds.faults
    lines = [f"{definition.name} version {definition.version}: every run with at most {faults} fault(s)", ""]
    for one in proof.explorations:
        ended = ", ".join(f"{count:,} {outcome}" for outcome, count in one.outcomes.items())
        left_out = "" if one.complete else " NOT COMPLETE"
        if one.complete and "COMPLETED" not in one.outcomes:
            left_out = "; NO RUN COMPLETES: where that is not meant, look at what its expressions read"
        lines.append(f"  {one.scenario.name}: {one.states:,} moments; ends: {ended}{left_out}")
    lines.append("")
    for name, says in PROPERTIES.items():
        found = proof.broken(name)
        lines.append(f"  {'holds ' if found is None else 'BROKEN'}  {name}: {says}")
        if found is not None:
            one, broken = found
            lines += [f"            {one.scenario.name}:", *(f"            {line}" for line in _tale(one, broken))]
    lines += [f"  note    {path} waits for a signal without a time-out" for path in _unbounded(proof)]
    sums = _sums(proof)
    lines += ["", _verdict(proof, sums)]
    return lines


def _tale(one: Exploration, broken: Broken) -> list[str]:
    return told(retrace(PRODUCTION, one.scenario, one.bounds.faults, broken.moves))


def _verdict(proof: Proof, sums: dict[str, int]) -> str:
    counted = (
        f"{sums['states']:,} moments, {sums['transitions']:,} transitions, {sums['faults']:,} faults injected, "
        f"{sums['decisions']:,} decisions, each lost in a crash and handled again"
    )
    if proof.holds:
        return f"complete: {counted}. Every property holds."
    if all(one.complete for one in proof.explorations):
        return f"complete: {counted}. Not every property holds."
    return f"NOT COMPLETE, a bound was met: {counted}."
