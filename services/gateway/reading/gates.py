"""What an order or another saga waits for a person to decide, as its row in the read model has it."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson

from services.gateway.parts import Parts
from services.gateway.problems import Problem
from services.gateway.reading import queries


class Answer(NamedTuple):
    """The signal by which a person decides, and the step that it is for."""

    signal: str
    step: str


def answer_to(parts: Parts, saga_id: str, decision: str, state: str) -> Answer:
    """Return by what a person decides `approve` or `reject`. Raises Problem naming the state. Blocks."""
    gates: list[dict[str, Any]] = orjson.loads(queries.gates(parts.read_model, saga_id) or "[]")
    if not gates:
        raise Problem("not-awaiting-approval", state)
    answers = [Answer(gate[decision], gate["step"]) for gate in gates if gate[decision] is not None]
    if not answers:
        waits = " or ".join(gates[0]["signals"])
        detail = f"{gates[0]['step']} waits for {waits}, not for a word that means {decision}: send it a signal"
        raise Problem("not-awaiting-approval", detail)
    return answers[0]
