"""What is known of a saga on the way through its events: just enough to say which event may come next."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from verify.evidence import TERMINAL, Event
from verify.fold_parts import renamed

Key = tuple[str, bool]
"""A step's path, and whether its compensation is meant."""

SENT, FAILED, PARKED, COMPLETED = "sent", "failed", "parked", "completed"
FAILED_FOR_GOOD, HELD, SKIPPED, WAITING, AGAIN = "failed for good", "held", "skipped", "waiting", "to be sent again"


@dataclass(slots=True)
class Machine:
    """A saga after some of its events.

    `left` is what the saga, having turned round, still has to undo; `parts` has the same for each part of a scope that
    was left, with what follows then; `gone` keeps every part that was ever left, `scopes` those that run. `parked` has
    the numbers of the records that wait, `redriving` says that the latest of them to come off is being handled.
    """

    started: bool = False
    turned: bool = False
    pivoted: bool = False
    undo_asked: bool = False
    ended: str = ""
    definition: str = ""
    version: int = 0
    open: dict[Key, str] = field(default_factory=dict)
    attempts: dict[Key, int] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    parts: dict[str, tuple[list[str], str]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    scopes: set[str] = field(default_factory=set)
    parked: list[int] = field(default_factory=list)
    redriving: bool = False

    def undos(self, *states: str) -> list[str]:
        """Return the steps whose compensation stands in one of the states."""
        return [step for (step, undo), state in self.open.items() if undo and state in states]

    def to_undo(self) -> Iterator[str]:
        """Yield every step that a plan still names."""
        yield from self.left
        for plan, _ in self.parts.values():
            yield from plan

    def unwinding_in(self, scope: str) -> list[str]:
        """Return the parts of a scope that are still being undone, those of scopes within it too."""
        inside = f"{scope}/"
        return [part for part in self.parts if part.startswith(inside)]

    def advance(self, event: Event) -> None:
        """Take an event in, whether it was legal or not."""
        key = (event.step, event.undo)
        match event.name:
            case "SagaStarted":
                self.started, self.definition, self.version = True, event.definition, event.version
            case "StepScheduled":
                self.open[key] = SENT
                self.attempts[key] = event.fields["attempt"]
            case "StepCompleted" | "StepFailed":
                self._result(event)
            case "StepRetryScheduled":
                self.attempts[key] = event.fields["attempt"]
            case "StepParked":
                self.open[key] = PARKED
            case "SignalAwaited" | "TimerStarted":
                self.open[key] = WAITING
            case "CompensationStarted":
                self.turned, self.ended, self.left, self.parts = True, "", list(event.fields["plan"]), {}
            case name if name in TERMINAL:
                self.ended = name
            case _:
                self._advance_rarer(event)

    def _result(self, event: Event) -> None:
        is_final = event.fields.get("final", True)
        done = COMPLETED if event.name == "StepCompleted" else FAILED_FOR_GOOD
        self.open[event.step, event.undo] = done if is_final else FAILED
        self.scopes.discard(event.step)
        if event.undo and is_final:
            for plan in (self.left, *(plan for plan, _ in self.parts.values())):
                if event.step in plan:
                    plan.remove(event.step)

    def _advance_rarer(self, event: Event) -> None:
        match event.name:
            case "ScopeEntered" | "ScopeFailed" | "ScopeUnwound":
                self._advance_scope(event)
            case "PivotPassed":
                self.pivoted = True
            case "StepHeld":
                self.open[event.step, False] = HELD
            case "InterventionMade":
                self._intervene(event)
            case "UndoRequested":
                self.undo_asked = True
            case "RecordParked" | "RecordUnparked" | "InputIgnored":
                self._park(event)
            case "SagaMigrated":
                self._migrate(event)
            case _:
                pass

    def _advance_scope(self, event: Event) -> None:
        fields, part = event.fields, f"{event.step}/{event.fields.get('part')}"
        match event.name:
            case "ScopeEntered":
                self.scopes.add(event.step)
                self.attempts[event.step, False] = fields["attempt"]
            case "ScopeFailed":
                for inner in self.unwinding_in(part):
                    del self.parts[inner]
                self.gone.add(part)
                held = [key for key, state in self.open.items() if state == HELD and key[0].startswith(f"{part}/")]
                self.open.update(dict.fromkeys(held, SKIPPED))
                self.parts[part] = (list(fields["plan"]), fields["leaving"])
            case _:
                self.parts.pop(part, None)

    def _park(self, event: Event) -> None:
        self.redriving = event.name == "RecordUnparked"
        if event.name == "RecordParked":
            self.parked.append(event.fields["number"])
        elif self.redriving and event.fields["number"] in self.parked:
            self.parked.remove(event.fields["number"])

    def _intervene(self, event: Event) -> None:
        skipped = event.fields["action"] == "skip"
        for step in event.fields["steps"]:
            self.open[step, event.undo] = SKIPPED if skipped else AGAIN
            self.attempts[step, event.undo] = 0
        if event.undo and not self.turned:
            self._take_up(event.fields["steps"], skipped)
        elif event.undo and not skipped:
            self.ended, self.left = "", list(event.fields["steps"])

    def _take_up(self, steps: list[str], skipped: bool) -> None:
        """Let parts go on that waited because these steps of theirs could not be undone."""
        for part, (left, leaving) in list(self.parts.items()):
            own = [step for step in steps if step.startswith(f"{part}/")]
            if own:
                self.open[part, False] = FAILED_FOR_GOOD
                self.parts[part] = (left if skipped else own, leaving)

    def _migrate(self, event: Event) -> None:
        names = json.loads(event.fields["renamed"])
        self.version = event.version
        self.open = {(renamed(path, names), undo): state for (path, undo), state in self.open.items()}
        self.attempts = {(renamed(path, names), undo): count for (path, undo), count in self.attempts.items()}
        self.parts = {renamed(part, names): left for part, left in self.parts.items()}
        self.gone = {renamed(part, names) for part in self.gone}
        self.scopes = {renamed(scope, names) for scope in self.scopes}


def parts_of(path: str) -> Iterator[tuple[str, str]]:
    """Yield each scope around a path with the path of the part of it, outermost first; a part lies in itself."""
    segments = path.split("/")
    for end in range(2, len(segments) + 1, 2):
        yield "/".join(segments[: end - 1]), "/".join(segments[:end])
