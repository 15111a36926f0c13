"""One turn of a saga: collects the events that an input causes and keeps the state folded along."""

from __future__ import annotations

from orchestrator.core.definition import UNCHANGED, Definition, Milestone
from orchestrator.core.events import Event, Recorded
from orchestrator.core.evolve import evolve
from orchestrator.core.state import State


class Turn:
    """The working memory of one `decide`: nothing of it outlives the call. `now` is milliseconds since the epoch."""

    __slots__ = ("cause", "definition", "events", "now", "state")

    def __init__(self, definition: Definition, state: State, now: int, cause: str) -> None:
        self.definition = definition
        self.state = state
        self.now = now
        self.cause = cause
        self.events: list[Recorded] = []

    def record(self, event: Event, milestone: Milestone = UNCHANGED) -> None:
        """Append an event and fold it; the milestone is the business state that it reaches."""
        state = self.state
        recorded = Recorded(
            state.sequence + 1,
            self.now,
            milestone.lifecycle or state.lifecycle,
            milestone.status or state.status,
            self.cause,
            event,
        )
        self.events.append(recorded)
        self.state = evolve(state, recorded)
