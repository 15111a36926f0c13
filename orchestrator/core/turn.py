"""One turn of a saga: collects the events that an input causes and keeps the state folded along."""

from __future__ import annotations

from orchestrator.core.definition import Definition, Milestone, Scope
from orchestrator.core.events import Event, Recorded
from orchestrator.core.evolve import evolve
from orchestrator.core.state import State

_UNCHANGED = Milestone()


class Turn:
    """The working memory of one `decide`: nothing of it outlives the call. `now` is milliseconds since the epoch."""

    __slots__ = ("cause", "definition", "events", "now", "state")

    def __init__(self, definition: Definition, state: State, now: int, cause: str) -> None:
        self.definition = definition
        self.state = state
        self.now = now
        self.cause = cause
        self.events: list[Recorded] = []

    def record(self, event: Event, milestone: Milestone = _UNCHANGED) -> None:
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


def scope_of(definition: Definition, state: State) -> Scope:
    """Return what the expressions of a definition see in this state."""
    exports, outputs = definition.exports, state.outputs
    if exports.keys().isdisjoint(outputs):
        return Scope(state.origin.data, outputs, state.origin.parameters)
    context = {exports.get(step, step): output for step, output in outputs.items()}
    return Scope(state.origin.data, context, state.origin.parameters)
