"""Exhaustive exploration of one scenario: breadth first, so that the first violation found is a shortest one."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.account import Violation
from simulator.engine import PRODUCTION, Engine
from simulator.exploration.circles import circle_among, moves_along
from simulator.exploration.fingerprint import contents, fingerprint
from simulator.exploration.moves import START, Broken, Move
from simulator.exploration.occasions import occasions
from simulator.exploration.sending import ways
from simulator.exploration.traces import retrace
from simulator.exploration.turns import Turn, begin, is_held, standing, take, unbounded_listens
from simulator.exploration.world import World
from simulator.properties import ENDS, GOES_ROUND, PURE
from simulator.scenario import Scenario

HELD = "HELD"


class Bounds(NamedTuple):
    """How far to explore: faults and moves in one run, moments in all, properties at whose first violation to stop."""

    faults: int = 2
    max_states: int = 3_000_000
    max_moves: int = 2_000
    stop_at: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Exploration:
    """What was explored, and the first violation of each property; `complete` where nothing was left out."""

    scenario: Scenario
    bounds: Bounds
    states: int
    transitions: int
    faults: int
    decisions: int
    outcomes: Mapping[str, int]
    unbounded: tuple[str, ...]
    complete: bool
    broken: Mapping[str, Broken]


@dataclass(slots=True)
class _Search:
    """The working memory of one exploration."""

    engine: Engine
    scenario: Scenario
    bounds: Bounds
    known: dict[int, int] = field(default_factory=dict)
    parents: array[int] = field(default_factory=lambda: array("l"))
    depths: array[int] = field(default_factory=lambda: array("l"))
    moves: list[Move] = field(default_factory=list)
    edges: array[int] = field(default_factory=lambda: array("l"))
    frontier: deque[tuple[int, int, World]] = field(default_factory=deque)
    transitions: int = 0
    faults: int = 0
    decisions: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    unbounded: dict[str, None] = field(default_factory=dict)
    broken: dict[str, Broken] = field(default_factory=dict)

    def run(self) -> bool:
        """Explore until nothing is left, and return True; or until a bound is met."""
        self._follow(-1, 0, START, "", begin(self.engine, self.scenario, self.bounds.faults), self.bounds.faults)
        while self.frontier:
            if len(self.known) > self.bounds.max_states or not self.bounds.stop_at.isdisjoint(self.broken):
                return False
            number, mark, world = self.frontier.popleft()
            if not self._stand(number, world):
                continue
            before = contents(world.state)
            for occasion in occasions(self.engine, self.scenario, world):
                self.decisions += 1
                turn = take(self.engine, self.scenario, world, occasion)
                self._follow(number, mark, occasion.kind, occasion.subject, turn, world.faults_left)
            if contents(world.state) != before:
                self._break(number, None, Violation(PURE, "deciding changed the state that it was given"))
        return True

    def _follow(self, source: int, mark: int, kind: str, subject: str, turn: Turn, faults_left: int) -> None:
        """Enter every moment that a turn can lead to and that is new."""
        if turn.wrong:
            for violation in turn.wrong:
                self._break(source, Move(kind, subject, ("fine",) * len(turn.sent)), violation)
            return
        known, edges = self.known, self.edges
        for fates, world in ways(turn.world, turn.sent):
            self.transitions += 1
            self.faults += faults_left - world.faults_left
            reached = fingerprint(world)
            if reached == mark:
                if kind == "timer":
                    self._break(source, Move(kind, subject, fates), GOES_ROUND)
                continue
            number = known.get(reached)
            if number is None:
                number = known[reached] = len(known)
                self.parents.append(source)
                self.depths.append(self.depths[source] + 1 if source >= 0 else 1)
                self.moves.append(Move(kind, subject, fates))
                self.frontier.append((number, reached, world))
            if source >= 0:
                edges.append(source)
                edges.append(number)

    def _stand(self, number: int, world: World) -> bool:
        """Look at a moment as it is. Returns False where nothing beyond it needs to be explored."""
        outcome = world.state.outcome
        if outcome is not None:
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        else:
            self.unbounded.update(dict.fromkeys(unbounded_listens(self.scenario, world)))
            if is_held(world.state) and self.engine.next_due(world.state) is None:
                self.outcomes[HELD] = self.outcomes.get(HELD, 0) + 1
        for violation in standing(self.engine, self.scenario, world):
            self._break(number, None, violation)
        if self.depths[number] >= self.bounds.max_moves:
            self._break(number, None, Violation(ENDS, f"a run of {self.bounds.max_moves} moves has not ended"))
            return False
        return True

    def _break(self, number: int, move: Move | None, violation: Violation) -> None:
        if violation.property not in self.broken:
            moves = [*self._way_to(number), *([] if move is None else [move])]
            self.broken[violation.property] = Broken(violation, tuple(moves))

    def _way_to(self, number: int) -> Iterator[Move]:
        way: list[Move] = []
        while number >= 0:
            way.append(self.moves[number])
            number = self.parents[number]
        return reversed(way)

    def look_for_circles(self) -> None:
        """Note a run that can go on for ever."""
        circle = circle_among(self.edges, len(self.known))
        if not circle:
            return
        marks = {number: mark for mark, number in self.known.items()}
        way = tuple(self._way_to(circle[0]))
        last = retrace(self.engine, self.scenario, self.bounds.faults, way).steps[-1].after
        assert last is not None
        around = moves_along(self.engine, self.scenario, last, [marks[number] for number in circle[1:]])
        self.broken.setdefault(ENDS, Broken(GOES_ROUND, (*way, *around)))


def explore(scenario: Scenario, bounds: Bounds, engine: Engine = PRODUCTION) -> Exploration:
    """Explore every run of a scenario with at most so many faults."""
    search = _Search(engine, scenario, bounds)
    complete = search.run()
    if complete:
        search.look_for_circles()
    return Exploration(
        scenario,
        bounds,
        len(search.known),
        search.transitions,
        search.faults,
        search.decisions,
        dict(sorted(search.outcomes.items())),
        tuple(search.unbounded),
        complete,
        search.broken,
    )
