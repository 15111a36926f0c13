"""What happened to a saga, in a sentence for each of its events."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from schemas.cloudevents import rfc3339

_Detail = Mapping[str, Any]
_THEN = {
    "RETRY": "is tried again",
    "CATCH": "handles the error",
    "MISS": "goes on without it",
    "CLOSE": "is closed",
}


def sentence(kind: str, step: str | None, attempt: int | None, detail: _Detail) -> str:
    """Return an event in words; of a kind that is not known here, its name."""
    tell = _SENTENCES.get(kind)
    return kind if tell is None else tell(step or "", attempt or 0, detail)


def _listed(steps: Sequence[str]) -> str:
    return ", ".join(steps) or "nothing"


def _because(detail: _Detail) -> str:
    message = detail["message"]
    return f"{detail['code']}: {message}" if message else str(detail["code"])


def _reason(detail: _Detail) -> str:
    return f": {detail['reason']}" if detail["reason"] else ""


def _what(step: str, detail: _Detail) -> str:
    return f"the compensation of {step}" if detail.get("undo") else step


def _started(_step: str, _attempt: int, detail: _Detail) -> str:
    parent = detail.get("parent")
    of = f" for {parent['step']} of {parent['saga_id']}" if isinstance(parent, dict) else ""
    return f"{detail['definition']} version {detail['version']} begins{of}"


def _scheduled(step: str, attempt: int, detail: _Detail) -> str:
    if detail.get("local"):
        return f"{step} begins"
    again = f", attempt {attempt + 1}" if attempt else ""
    return f"{detail['command']} is sent for {_what(step, detail)}{again}"


def _completed(step: str, _attempt: int, detail: _Detail) -> str:
    return f"{step} is {'undone' if detail['undo'] else 'done'}"


def _failed(step: str, _attempt: int, detail: _Detail) -> str:
    end = " for good" if detail["final"] else ""
    return f"{_what(step, detail)} failed{end}: {_because(detail)}"


def _entered(step: str, attempt: int, detail: _Detail) -> str:
    items = detail["items"]
    over = f" over {len(items)} items" if items else ""
    return f"{step} begins{over}" if attempt == 0 else f"attempt {attempt + 1} of {step} begins"


def _left(step: str, _attempt: int, detail: _Detail) -> str:
    failed = f" at {detail['failed_step']}" if detail["failed_step"] else ""
    undone = f"{_listed(detail['plan'])} is undone, then"
    then = _THEN.get(detail["leaving"], detail["leaving"])
    return f"{step}/{detail['part']} is left{failed}, {_because(detail)}; {undone} {step} {then}"


def _awaited(step: str, _attempt: int, detail: _Detail) -> str:
    word = " and " if detail.get("every") else " or "
    return f"{step} waits for {word.join(detail['signals'])}"


def _emitted(_step: str, _attempt: int, detail: _Detail) -> str:
    to = f" to {detail['subject']}" if detail["subject"] else ""
    return f"{detail['type']} is published{to}"


def _parked(_step: str, _attempt: int, detail: _Detail) -> str:
    place = f"{detail['topic']}:{detail['partition']}:{detail['offset']}"
    return f"the record at {place} waits: {detail['code']}; the saga stands still"


def _intervened(_step: str, _attempt: int, detail: _Detail) -> str:
    of = "the compensation of " if detail["undo"] else ""
    done = "left as it is" if detail["action"] == "skip" else "tried again"
    return f"{detail['actor']} has {of}{_listed(detail['steps'])} {done}{_reason(detail)}"


def _undo_requested(_step: str, _attempt: int, detail: _Detail) -> str:
    nothing = "; nothing more happens because of it" if detail["settled"] else ""
    return f"{detail['actor']} takes the saga back{_reason(detail)}{nothing}"


_SENTENCES: Mapping[str, Callable[[str, int, _Detail], str]] = {
    "SagaStarted": _started,
    "StepScheduled": _scheduled,
    "StepCompleted": _completed,
    "StepFailed": _failed,
    "StepRetryScheduled": lambda step, attempt, d: (
        f"attempt {attempt + 1} of {_what(step, d)} at {rfc3339(d['due_at'])}"
    ),
    "StepParked": lambda step, _, d: f"{_what(step, d)} waits until {rfc3339(d['until'])}: {d['code']}",
    "StepHeld": lambda step, _, d: f"{step} failed for good and waits for a person: {_because(d)}",
    "BranchChosen": lambda step, _, d: f"{step} takes {d['branch']}",
    "SignalAwaited": _awaited,
    "SignalReceived": lambda step, _, d: f"{step} gets {d['signal']} from {d['actor']}",
    "TimerStarted": lambda step, _, d: f"{step} waits until {rfc3339(d['due_at'])}",
    "EventEmitted": _emitted,
    "ContextExported": lambda step, _, _d: f"{step} changes what later steps see",
    "ScopeEntered": _entered,
    "ScopeFailed": _left,
    "ScopeUnwound": lambda step, _, d: f"what {step}/{d['part']} did is undone",
    "GatherClosed": lambda step, _, _d: f"time is up for {step}: what is there counts",
    "PivotPassed": lambda step, _, _d: f"{step} is the point of no return",
    "InterventionMade": _intervened,
    "UndoRequested": _undo_requested,
    "SagaMigrated": lambda _step, _, d: f"{d['actor']} has the saga go on under version {d['version']}",
    "RecordParked": _parked,
    "RecordUnparked": lambda _step, _, d: f"{d['actor']}: {d['action']} record {d['number']}{_reason(d)}",
    "InputIgnored": lambda _step, _, d: f"{d['input']} of {d['actor']} is ignored{_reason(d)}",
    "CancelRequested": lambda _step, _, d: f"{d['actor']} asks to cancel{_reason(d)}",
    "CompensationStarted": lambda _step, _, d: f"the saga turns round, {_because(d)}; {_listed(d['plan'])} is undone",
    "SagaCompleted": lambda _step, _, _d: "the saga is completed",
    "SagaRevoked": lambda _step, _, d: f"the saga is revoked, {_because(d)}",
    "SagaSuspended": lambda _step, _, d: f"the saga waits for a person: {_listed(d['steps'])} could not be undone",
}
