"""The business states of a definition and the transitions between them, found by walking its compiled graph."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from orchestrator.core.definition import Definition, End
from orchestrator.definitions.graph import followers
from orchestrator.design.nodes import view


class Kind(StrEnum):
    """Which way a transition leads."""

    FORWARD = "forward"
    REVOKE = "revoke"


class Transition(NamedTuple):
    """A change of the business state; `trigger` names the step or the signal that brings it about."""

    source: str
    target: str
    trigger: str
    kind: Kind


class Lifecycle(NamedTuple):
    """The states in the order in which a saga can reach them, the revoked one last.

    `while_in` names, by node, the states that a saga may be in when it comes to that node.
    """

    states: tuple[str, ...]
    initial: str
    transitions: tuple[Transition, ...]
    while_in: dict[str, tuple[str, ...]]

    @property
    def final(self) -> tuple[str, ...]:
        """The states that nothing leads out of."""
        left = {transition.source for transition in self.transitions}
        return tuple(state for state in self.states if state not in left)


class _At(NamedTuple):
    node: str
    state: str
    behind_pivot: bool


def lifecycle_of(definition: Definition) -> Lifecycle:
    """Walk every way through the graph with every state it can be walked in."""
    marks = definition.milestones
    initial = marks.started.lifecycle or ""
    walk = _Walk(definition)
    walk.run(_At(definition.entry, initial, behind_pivot=False))
    forward = list(walk.forward)
    signals = [
        Transition(late.requires, late.lifecycle, late.name, Kind.FORWARD) for late in definition.late_signals.values()
    ]
    for _ in signals:
        reached = {initial, *(edge.target for edge in forward)}
        forward += [edge for edge in signals if edge.source in reached and edge not in forward]
    ordered = [initial, *(state for edge in forward for state in (edge.source, edge.target))]
    states = tuple(dict.fromkeys(state for state in ordered if state))
    revoked = marks.revoked.lifecycle
    turning = [state for state in states if state in walk.turning and revoked not in {None, state}]
    back = [Transition(state, str(revoked), "failure or cancellation", Kind.REVOKE) for state in turning]
    if back:
        states = (*(state for state in states if state != revoked), str(revoked))
    while_in = {name: tuple(dict.fromkeys(seen)) for name, seen in walk.while_in.items()}
    return Lifecycle(states, initial, (*dict.fromkeys(forward), *back), while_in)


class _Walk:
    """Collects what is met on the way; each node is walked once in each state, so this ends."""

    def __init__(self, definition: Definition) -> None:
        self.forward: dict[Transition, None] = {}
        self.turning: set[str] = set()
        self.while_in: dict[str, list[str]] = {}
        self._definition = definition

    def run(self, begin: _At) -> None:
        ahead, seen = [begin], {begin}
        while ahead:
            for following in self._step(ahead.pop(0)):
                if following not in seen:
                    seen.add(following)
                    ahead.append(following)

    def _step(self, at: _At) -> Iterator[_At]:
        node = self._definition.nodes[at.node]
        seen = view(node)
        self.while_in.setdefault(at.node, []).append(at.state)
        during = self._move(at.state, seen.on_start.lifecycle, f"{at.node} begins")
        if seen.may_turn and not at.behind_pivot:
            self.turning |= {at.state, during}
        after = self._move(during, seen.on_end.lifecycle, at.node)
        if isinstance(node, End):
            self._move(after, self._definition.milestones.completed.lifecycle, "completed")
        for name in followers(node):
            yield _At(name, after, at.behind_pivot or seen.pivot)

    def _move(self, state: str, target: str | None, trigger: str) -> str:
        if target is None or target == state:
            return state
        if not any(edge.source == state and edge.target == target for edge in self.forward):
            self.forward[Transition(state, target, trigger, Kind.FORWARD)] = None
        return target
