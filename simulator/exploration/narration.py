"""Telling a run in words and as a Mermaid sequence diagram."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.core.events import CompensationStarted, SagaCompleted, SagaRevoked, SagaSuspended
from simulator.account import Violation
from simulator.exploration.faults import FATES, FINE, Fate, Way
from simulator.exploration.moves import Move
from simulator.exploration.sending import Sent
from simulator.exploration.traces import Retraced, Step

_SAGA = "saga"

_HAPPENS = {
    "start": "the saga starts",
    "reply": "a reply comes",
    "reply-just-in-time": "a reply comes just before the next timer",
    "reply-after-outage": "after an outage a reply is handled before the timers that are overdue",
    "timer": "a timer is due",
    "outage-to-deadline": "nothing runs until the saga's deadline",
    "arrival": "a late command arrives",
    "signal": "a signal comes",
    "cancel": "somebody cancels",
    "person": "a person deals with what waits for one",
    "taken-back": "the saga that started this one takes it back",
}


def told(run: Retraced) -> list[str]:
    """Return the run in numbered lines, and what is wrong at its end."""
    lines: list[str] = []
    for number, (step, later_ms) in enumerate(_timed(run.steps), 1):
        lines.append(f"{number:3}. {_when(later_ms)}{_happens(step.move)}")
        lines += [f"       {line}" for line in _followed(step)]
    return [*lines, *(f"     ! {violation.says} ({violation.property})" for violation in run.wrong)]


def _timed(steps: Iterable[Step]) -> Iterator[tuple[Step, int]]:
    """Yield each step with the time in milliseconds that passed before it."""
    before: int | None = None
    for step in steps:
        now = step.turn.world.now
        yield step, 0 if before is None else now - before
        before = now


def _when(later_ms: int) -> str:
    return f"{later_ms / 1000:g} s later " if later_ms else ""


def _happens(move: Move) -> str:
    if move.kind == "timer" and move.subject:
        return f"{_HAPPENS[move.kind]}, before the reply to {move.subject}"
    return f"{_HAPPENS[move.kind]}: {move.subject}" if move.subject else _HAPPENS[move.kind]


def _followed(step: Step) -> Iterator[str]:
    for recorded in step.turn.events:
        match recorded.event:
            case CompensationStarted() as event:
                yield f"it turns round ({event.code}), to undo: {', '.join(event.plan) or 'nothing'}"
            case SagaCompleted() | SagaRevoked() | SagaSuspended():
                yield f"it ends as {recorded.status}"
    for sent, fate in _met(step):
        yield f"{sent.command.command_id} {fate.says}"


def _met(step: Step) -> Iterator[tuple[Sent, Fate]]:
    fates = step.move.fates if len(step.move.fates) == len(step.turn.sent) else (FINE.name,) * len(step.turn.sent)
    for sent, name in zip(step.turn.sent, fates, strict=True):
        yield sent, FATES[name]


def picture(run: Retraced) -> str:
    """Return the run as the text of a Mermaid sequence diagram."""
    topics = dict.fromkeys(sent.topic for step in run.steps for sent in step.turn.sent)
    places = {topic: f"P{number}" for number, topic in enumerate(topics)}
    lines = ["sequenceDiagram", f"  participant S as {_SAGA}"]
    lines += [f"  participant {place} as {topic.removesuffix('.commands')}" for topic, place in places.items()]
    for step, later_ms in _timed(run.steps):
        lines.append(f"  Note over S: {_plain(_when(later_ms) + _happens(step.move))}")
        lines += [f"  Note over S: {_plain(line)}" for line in _followed(step) if line.startswith("it ")]
        for sent, fate in _met(step):
            lines += _arrows(sent, fate, places[sent.topic])
    return "\n".join([*lines, *(_note(violation) for violation in run.wrong)]) + "\n"


def _arrows(sent: Sent, fate: Fate, place: str) -> list[str]:
    name = _plain(f"{sent.message} {sent.command.command_id}")
    if fate.command is Way.LOST:
        return [f"  S-x{place}: {name}"]
    if fate.command is Way.LATE:
        return [f"  S-){place}: {name} (late)"]
    arrow = "--x" if fate.reply is Way.LOST else "--)" if fate.reply is Way.LATE else "-->>"
    return [f"  S->>{place}: {name}", f"  {place}{arrow}S: {_plain(fate.says)}"]


def _note(violation: Violation) -> str:
    return f"  Note over S: BROKEN ({violation.property}) {_plain(violation.says)}"


def _plain(text: str) -> str:
    """Return the text without what ends a line of a diagram."""
    return text.replace(";", ",").replace("#", "no. ").replace("\n", " ")
