"""Runs that never end: moments that can be reached from themselves, found by taking away all that cannot."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from simulator.engine import Engine
from simulator.exploration.fingerprint import fingerprint
from simulator.exploration.moves import Move
from simulator.exploration.occasions import occasions
from simulator.exploration.sending import ways
from simulator.exploration.turns import take
from simulator.exploration.world import World
from simulator.scenario import Scenario


def circle_among(edges: Sequence[int], count: int) -> list[int]:
    """Return the numbers of moments that lead to one another in a circle, in order; none where there is no circle.

    `edges` holds pairs of numbers below `count`: from, to.
    """
    inward = array("l", bytes(array("l").itemsize * count))
    onward: dict[int, list[int]] = {}
    for index in range(0, len(edges), 2):
        onward.setdefault(edges[index], []).append(edges[index + 1])
        inward[edges[index + 1]] += 1
    free = [number for number, degree in enumerate(inward) if degree == 0]
    left = set(range(count))
    while free:
        source = free.pop()
        left.discard(source)
        for number in onward.get(source, ()):
            inward[number] -= 1
            if inward[number] == 0:
                free.append(number)
    if not left:
        return []
    back = {
        edges[index + 1]: edges[index]
        for index in range(0, len(edges), 2)
        if edges[index] in left and edges[index + 1] in left
    }
    way = [min(left)]
    while way[-1] not in way[:-1]:
        way.append(back[way[-1]])
    around = way[way.index(way[-1]) :]
    return around[::-1]


def moves_along(engine: Engine, scenario: Scenario, world: World, marks: Sequence[int]) -> list[Move]:
    """Return the moves by which a moment leads to those with these fingerprints, one after another."""
    moves: list[Move] = []
    for mark in marks:
        found = next(
            (Move(occasion.kind, occasion.subject, fates), after)
            for occasion in occasions(engine, scenario, world)
            for turn in [take(engine, scenario, world, occasion)]
            for fates, after in ways(turn.world, turn.sent)
            if fingerprint(after) == mark
        )
        moves.append(found[0])
        world = found[1]
    return moves
