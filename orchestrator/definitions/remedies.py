"""What a DefinitionError says, taken apart: the problem, and what to write instead."""

from __future__ import annotations

import re

from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.findings import Finding

_ADVICE = re.compile(r"^(.*?)(?:; |, )((?:write|leave|use|bound|known are|call|give|close|compare) .*)$", re.DOTALL)
_LONGEST = 300
_ELSEWHERE = "Write it the way docs/language.md shows"


def finding_of(error: DefinitionError, rule: str = "definition", otherwise: str = _ELSEWHERE) -> Finding:
    """Return an error of the compiler as a finding; `otherwise` is the advice where the error gives none."""
    matched = _ADVICE.match(error.message)
    problem, advice = matched.groups() if matched else (error.message, _plain_advice(error.message) or otherwise)
    if advice.startswith("known are"):
        advice = f"Write one of {advice.removeprefix('known are ')}"
    subject = "" if problem.startswith(("'", "there is", "the name", "comes")) else f"{error.where.rsplit('.', 1)[-1]} "
    return Finding(error.where, _shortened(f"{subject}{problem}"), advice[:1].upper() + advice[1:], rule=rule)


def _shortened(text: str) -> str:
    """Return a text that fits on a line or two, whatever it quotes."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}"


def _plain_advice(message: str) -> str | None:
    """Return the advice that a plain demand holds: what must be so is to be written, what is needed is to be added."""
    for demand, advice in (("must be ", "write "), ("must ", "it must "), ("needs ", "add ")):
        if message.startswith(demand):
            return advice + message.removeprefix(demand)
    return None
