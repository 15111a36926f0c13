"""What a saga waits for, told from its events: since when, in which attempt, and what happens next. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from schemas.cloudevents import rfc3339

_Detail = Mapping[str, Any]


class For(StrEnum):
    """Kinds of what is waited for."""

    REPLY = "reply"
    RETRY = "retry"
    CIRCUIT = "open-circuit"
    SIGNAL = "signal"
    TIMER = "timer"
    PERSON = "person"
    RECORD = "parked-record"
    START = "start"


class Wait(NamedTuple):
    """One thing that is waited for; times in ms, `until_ms` None where nothing happens by itself."""

    kind: For
    step: str
    undo: bool
    attempt: int
    since_ms: int
    until_ms: int | None
    cause: str | None
    what: str
    next: str
    signals: tuple[str, ...] = ()
    """Those that still may come."""


Waits = dict[str, Wait]
"""By the step, with `:undo` for a compensation, or by the record."""


def waits(rows: Sequence[Mapping[str, Any]]) -> Waits:
    """Return what the saga of these events waits for."""
    open_: Waits = {}
    participants: dict[str, str] = {}
    failures: dict[str, str] = {}
    for row in rows:
        detail = orjson.loads(row["detail"])
        label = _label(row["step"], detail)
        if row["type"] == "StepFailed":
            failures[label] = f"{detail['code']}: {detail['message']}".rstrip(": ")
        elif row["type"] == "StepScheduled" and not detail.get("local"):
            participants[label] = detail["topic"].removesuffix(".commands").rpartition(".")[2]
        _apply(open_, row, detail, label, _Told(participants.get(label, ""), failures.get(label)))
    return open_


class _Told(NamedTuple):
    """What earlier events of a step told: who does it, and how it failed last."""

    participant: str
    failure: str | None


def _label(step: str | None, detail: _Detail) -> str:
    return f"{step}:undo" if detail.get("undo") else step or ""


def _apply(open_: Waits, row: Mapping[str, Any], detail: _Detail, label: str, told: _Told) -> None:
    make = _BEGIN.get(row["type"])
    if make is not None:
        if detail.get("undo"):
            open_.pop(row["step"] or "", None)
        open_[label] = make(row, detail, told)
        return
    match row["type"]:
        case "StepCompleted":
            open_.pop(label, None)
        case "SignalReceived" if detail.get("settles", True):
            open_.pop(label, None)
        case "SignalReceived" if label in open_:
            left = tuple(name for name in open_[label].signals if name != detail["signal"])
            open_[label] = open_[label]._replace(what=_to_send(left, " and "), signals=left)
        case "StepFailed" if detail["final"]:
            open_.pop(label, None)
        case "RecordParked":
            open_[f"record/{detail['number']}"] = _record(row, detail, told)
        case "RecordUnparked":
            open_.pop(f"record/{detail['number']}", None)
        case _:
            _apply_rarer(open_, row, detail)


def _apply_rarer(open_: Waits, row: Mapping[str, Any], detail: _Detail) -> None:
    match row["type"]:
        case "SagaCompleted" | "SagaRevoked":
            open_.clear()
        case "SagaSuspended":
            open_.clear()
            for step in detail["steps"]:
                open_[f"{step}:undo"] = _suspended(row, detail, step)
        case "CompensationStarted":
            _keep(open_, lambda wait: wait.undo or wait.kind in (For.REPLY, For.RECORD))
        case "ScopeFailed":
            inside = f"{row['step']}/{detail['part']}/"
            _keep(open_, lambda wait: wait.undo or not wait.step.startswith(inside))
        case "InterventionMade":
            _keep(open_, lambda wait: wait.kind is not For.PERSON or wait.step not in detail["steps"])
        case "SagaMigrated":
            _rename(open_, detail.get("renamed") or {})
        case _:
            pass


def _keep(open_: Waits, condition: Callable[[Wait], bool]) -> None:
    for label in [label for label, wait in open_.items() if not condition(wait)]:
        del open_[label]


def _rename(open_: Waits, names: Mapping[str, str]) -> None:
    for before, wait in list(open_.items()):
        label, step = before, "/".join(names.get(name, name) for name in wait.step.split("/"))
        del open_[before]
        if wait.kind is not For.RECORD:
            label = f"{step}:undo" if wait.undo else step
        open_[label] = wait._replace(step=step)


def _at(time_ms: int | None) -> str:
    return "at some time" if time_ms is None else f"at {rfc3339(time_ms)}"


def _of(row: Mapping[str, Any], detail: _Detail) -> str:
    return f"the compensation of {row['step']}" if detail.get("undo") else str(row["step"])


def _made(kind: For, row: Mapping[str, Any], detail: _Detail, until: int | None, cause: str | None) -> Wait:
    step, attempt = row["step"] or "", row["attempt"] or 0
    return Wait(kind, step, bool(detail.get("undo")), attempt, row["at_ms"], until, cause, "", "")


def _reply(row: Mapping[str, Any], detail: _Detail, told: _Told) -> Wait:
    until = detail.get("timeout_at") or detail.get("budget_at")
    what = f"the answer of {told.participant or 'a participant'} to {detail['command']} for {_of(row, detail)}"
    late = f"without an answer {_at(until)} its outcome is unknown: the step is tried again or turned round"
    wait = _made(For.REPLY, row, detail, until, told.failure)
    return wait._replace(what=what, next=late if until is not None else "it goes on with the answer, however late")


def _retry(row: Mapping[str, Any], detail: _Detail, told: _Told) -> Wait:
    wait = _made(For.RETRY, row, detail, detail["due_at"], told.failure)
    attempt = f"attempt {wait.attempt + 1} of {_of(row, detail)}"
    return wait._replace(what=f"the time of {attempt}", next=f"{attempt} is sent {_at(detail['due_at'])}")


def _circuit(row: Mapping[str, Any], detail: _Detail, told: _Told) -> Wait:
    wait = _made(For.CIRCUIT, row, detail, detail["until"], detail["code"])
    what = f"{told.participant or 'its participant'}, whose provider is not called now ({detail['code']})"
    again = f"the command of {_of(row, detail)} is sent again {_at(detail['until'])}, and no attempt is spent"
    return wait._replace(what=what, next=again)


def _signal(row: Mapping[str, Any], detail: _Detail, _told: _Told) -> Wait:
    until = detail.get("timeout_at")
    signals = tuple(detail["signals"])
    late = f"without one {_at(until)} its time is over: what comes then is in the definition"
    wait = _made(For.SIGNAL, row, detail, until, None)
    next_ = late if until is not None else "nothing happens by itself"
    what = _to_send(signals, " and " if detail.get("every") else " or ")
    return wait._replace(what=what, next=next_, signals=signals)


def _to_send(signals: tuple[str, ...], between: str) -> str:
    return f"a person or a program to send {between.join(signals)}"


def _timer(row: Mapping[str, Any], detail: _Detail, _told: _Told) -> Wait:
    wait = _made(For.TIMER, row, detail, detail["due_at"], None)
    return wait._replace(what="its time", next=f"it goes on {_at(detail['due_at'])}")


def _held(row: Mapping[str, Any], detail: _Detail, _told: _Told) -> Wait:
    cause = f"{detail['code']}: {detail['message']}".rstrip(": ")
    wait = _made(For.PERSON, row, detail, None, cause)
    next_ = "nothing happens by itself: resolve it with retry, or skip it with a reason"
    return wait._replace(what=f"a person: {row['step']} failed for good", next=next_)


def _suspended(row: Mapping[str, Any], detail: _Detail, step: str) -> Wait:
    next_ = "nothing happens by itself: resolve it with retry, or skip it with a reason"
    what = f"a person: {step} could not be undone"
    return Wait(For.PERSON, step, True, 0, row["at_ms"], None, detail["code"], what, next_)


def _record(row: Mapping[str, Any], detail: _Detail, _told: _Told) -> Wait:
    place = f"{detail['topic']}:{detail['partition']}:{detail['offset']}"
    wait = _made(For.RECORD, row, detail, None, f"{detail['code']}: {detail.get('detail', '')}".rstrip(": "))
    next_ = "the saga stands still: redrive the dead letter, or resolve it"
    return wait._replace(what=f"the record at {place}, which cannot be used", next=next_)


_BEGIN: Mapping[str, Callable[[Mapping[str, Any], _Detail, _Told], Wait]] = {
    "StepScheduled": _reply,
    "StepRetryScheduled": _retry,
    "StepParked": _circuit,
    "SignalAwaited": _signal,
    "TimerStarted": _timer,
    "StepHeld": _held,
}
