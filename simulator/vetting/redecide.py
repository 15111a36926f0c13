"""Deciding a recorded history again: the code as it is must come to the same events, ids, tokens and jitter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from orchestrator.core.decide import Decision
from orchestrator.core.definition import Definition
from orchestrator.core.events import InputIgnored, Recorded
from orchestrator.core.state import State
from orchestrator.definitions.registry import Registry
from orchestrator.serde import event_message
from simulator.engine import PRODUCTION, Engine
from simulator.vetting.history import History, Told
from simulator.vetting.rebuild import Candidate, candidates, start_of


class Divergence(NamedTuple):
    """The first event at which a saga's history and the code part: what is recorded, and what is decided now."""

    saga_id: str
    at: int
    sequence: int
    why: str
    recorded: Told | None
    decided: Told | None


class Vetted(NamedTuple):
    """What came of all histories. `unverified` events tell too little of their cause, and were taken as recorded."""

    sagas: int
    events: int
    unverified: int
    divergences: Sequence[Divergence]

    @property
    def first(self) -> Divergence | None:
        """The divergence that came first in time."""
        return min(self.divergences, key=lambda one: (one.at, one.saga_id), default=None)


def vet(histories: Iterable[History], registry: Registry, engine: Engine = PRODUCTION) -> Vetted:
    """Decide every history again. Nothing is sent, and nothing is asked."""
    sagas = events = unverified = 0
    divergences: list[Divergence] = []
    for history in histories:
        sagas += 1
        replay = _Replay(engine, registry, history)
        divergence = replay.run()
        events += replay.place
        unverified += replay.unverified
        if divergence is not None:
            divergences.append(divergence)
    return Vetted(sagas, events, unverified, divergences)


class _Replay:
    """One history while it is decided again; `place` is the number of events that are equal so far."""

    __slots__ = ("_engine", "_history", "_registry", "place", "unverified")

    def __init__(self, engine: Engine, registry: Registry, history: History) -> None:
        self._engine = engine
        self._registry = registry
        self._history = history
        self.place = 0
        self.unverified = 0

    def run(self) -> Divergence | None:
        """Return the first divergence, None where there is none."""
        first = self._history.events[0]
        if first.name != "SagaStarted":
            return self._diverges(0, None, "the history does not begin with the saga's start")
        definition = self._definition(first.fields["meta"]["version"])
        if definition is None:
            return self._diverges(0, None, "its definition is not known here")
        decision = self._engine.start(definition, self._history.saga_id, start_of(first), first.at)
        differs = self._differs(decision)
        if differs is not None:
            return differs
        return self._go_on(decision.state)

    def _go_on(self, state: State) -> Divergence | None:
        events = self._history.events
        while self.place < len(events):
            event = events[self.place]
            definition = self._definition(state.version)
            if definition is None:
                return self._diverges(self.place, None, f"version {state.version} of its definition is not known here")
            found = candidates(self._registry, definition, self._history, event)
            if not found:
                if event.name != "InputIgnored":
                    return self._diverges(self.place, None, "nothing that is known led to this event")
                state = self._as_recorded(state, event)
                continue
            after, differs = self._decided(state, event, found)
            if differs is not None:
                return differs
            state = after
        return None

    def _decided(self, state: State, event: Told, found: Sequence[Candidate]) -> tuple[State, Divergence | None]:
        first: Divergence | None = None
        for definition, given in found:
            decision = self._engine.decide(definition, state, given, event.at)
            differs = self._differs(decision)
            if differs is None:
                return decision.state, None
            first = first or differs
        return state, first

    def _differs(self, decision: Decision) -> Divergence | None:
        """Compare a decision with what is recorded from here on; where it is equal, go past it."""
        events = self._history.events
        if not decision.events:
            return self._diverges(self.place, None, "the code decides nothing here")
        for number, recorded in enumerate(decision.events, self.place):
            decided = _told(decision.state, recorded)
            if number >= len(events):
                return self._diverges(number, decided, "the code decides one event more")
            if not _is_equal(events[number], decided):
                return self._diverges(number, decided, "the code decides something else")
        self.place += len(decision.events)
        return None

    def _as_recorded(self, state: State, event: Told) -> State:
        meta = event.fields["meta"]
        fields = {name: event.fields[name] for name in InputIgnored.__slots__ if name in event.fields}
        recorded = Recorded(
            meta["sequence"], meta["at"], meta["lifecycle"], meta["status"], meta["cause"], InputIgnored(**fields)
        )
        self.place += 1
        self.unverified += 1
        return self._engine.evolve(state, recorded)

    def _definition(self, version: int) -> Definition | None:
        name = str(self._history.events[0].fields["meta"]["definition"])
        return self._registry.version(name, version)

    def _diverges(self, number: int, decided: Told | None, why: str) -> Divergence:
        events = self._history.events
        recorded = events[number] if number < len(events) else None
        beside = recorded or events[-1]
        return Divergence(self._history.saga_id, beside.at, number + 1, why, recorded, decided)


def _is_equal(recorded: Told, decided: Told) -> bool:
    """Compare two events in all that the recorded one tells: one that was written long ago may tell less."""
    told = {name: value for name, value in decided.fields.items() if name in recorded.fields}
    return recorded == Told(decided.name, told)


def _told(state: State, recorded: Recorded) -> Told:
    """Return an event as it is read back from the topic."""
    name, fields = event_message(state, recorded)
    return Told(name.rpartition(".")[2], {key: _plain(value) for key, value in fields.items()})


def _plain(value: Any) -> Any:
    match value:
        case StrEnum():
            return value.value
        case Mapping():
            return {key: _plain(one) for key, one in value.items()}
        case tuple() | list():
            return [_plain(one) for one in value]
        case _:
            return value
