"""The business states of a definition and the transitions between them, found by walking its compiled graph."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from orchestrator.core.definition import Definition, End, Loop, Node, Race, ScopeEnd, Try
from orchestrator.definitions.graph import entries, followers
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

    `while_in` names, by node, the states that a saga may be in when it comes to that node; `behind_pivot` the nodes
    that are only come to when nothing can be taken back any more.
    """

    states: tuple[str, ...]
    initial: str
    transitions: tuple[Transition, ...]
    while_in: dict[str, tuple[str, ...]]
    behind_pivot: frozenset[str]

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
    behind = frozenset(walk.while_in) - walk.before_pivot
    return Lifecycle(states, initial, (*dict.fromkeys(forward), *back), while_in, behind)


def _may_have_no_part(node: Loop | Race | Try) -> bool:
    """Tell whether a scope may go on without any part that came to its end."""
    match node:
        case Loop():
            return True
        case Race():
            return node.gather is not None
        case Try():
            return node.catch is not None and node.catch.entry is None


class _Walk:
    """Collects what is met on the way; each node is walked once in each state, so this ends."""

    def __init__(self, definition: Definition) -> None:
        self.forward: dict[Transition, None] = {}
        self.turning: set[str] = set()
        self.while_in: dict[str, list[str]] = {}
        self.before_pivot: set[str] = set()
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
        if not at.behind_pivot:
            self.before_pivot.add(at.node)
            self.turning |= {at.state, during} if seen.may_turn else set()
        if isinstance(node, End):
            self._move(during, self._definition.milestones.completed.lifecycle, "completed")
        for name, state in self._onward(node, during):
            yield _At(name, state, at.behind_pivot or seen.pivot)

    def _onward(self, node: Node, state: str) -> Iterator[tuple[str, str]]:
        """Yield what may come after a node, with the state that a saga is in then; scopes go on where a part ends."""
        match node:
            case ScopeEnd():
                scope = self._definition.nodes[node.scope]
                assert isinstance(scope, Loop | Race | Try)
                yield scope.then, self._move(state, scope.on_end.lifecycle, scope.name)
                if isinstance(scope, Loop):
                    yield scope.entry, state
            case Loop() | Race() | Try():
                yield from ((name, state) for name in entries(node))
                if _may_have_no_part(node):
                    yield node.then, self._move(state, node.on_end.lifecycle, node.name)
            case _:
                after = self._move(state, view(node).on_end.lifecycle, node.name)
                yield from ((name, after) for name in followers(node))

    def _move(self, state: str, target: str | None, trigger: str) -> str:
        if target is None or target == state:
            return state
        if not any(edge.source == state and edge.target == target for edge in self.forward):
            self.forward[Transition(state, target, trigger, Kind.FORWARD)] = None
        return target
