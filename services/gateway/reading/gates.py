"""What an order or another saga waits for a person to decide, as its row in the read model has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from services.gateway.fields import FieldError
from services.gateway.parts import Parts
from services.gateway.problems import Problem
from services.gateway.reading import queries

_MOST_NAMED = 10


class Answer(NamedTuple):
    """The signal by which a person decides, and the step that it is for."""

    signal: str
    step: str


def answer_to(parts: Parts, saga_id: str, decision: str, state: str, step: str | None = None) -> Answer:
    """Return by what a person decides `approve` or `reject`, about one step where it is named. Blocks.

    Raises Problem naming the state, or the steps that may be meant.
    """
    opened: list[dict[str, Any]] = orjson.loads(queries.gates(parts.read_model, saga_id) or "[]")
    if not opened:
        raise Problem("not-awaiting-approval", state)
    gates = [gate for gate in opened if step in (None, gate["step"])]
    if not gates:
        waiting = _named([gate["step"] for gate in opened])
        raise Problem("not-awaiting-approval", f"{step} waits for nobody's decision; what waits is {waiting}")
    answers = [Answer(gate[decision], gate["step"]) for gate in gates if gate[decision] is not None]
    if not answers:
        waits = " or ".join(gates[0]["signals"])
        detail = f"{gates[0]['step']} waits for {waits}, not for a word that means {decision}: send it a signal"
        raise Problem("not-awaiting-approval", detail)
    if len(answers) > 1:
        waiting = _named([one.step for one in answers])
        fault = FieldError("step", f"must be one of those that wait: {waiting}")
        raise Problem("several-approvals", f"{decision} may be meant for several steps: name one of {waiting}", [fault])
    return answers[0]


def _named(steps: Sequence[str]) -> str:
    more = len(steps) - _MOST_NAMED
    return ", ".join(steps[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
