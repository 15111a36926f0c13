"""The environment of a simulated run: latencies, clocks that differ, nodes that drop out, records that come twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

MINUTE_MS = 60_000

Profile = Sequence[tuple[int, int]]
"""Points of a distribution: of a thousand draws so many are at most so many milliseconds; between them it is even."""

PROFILES: Mapping[str, Profile] = {
    "lan": ((0, 1), (500, 2), (990, 6), (1_000, 20)),
    "typical": ((0, 5), (500, 40), (900, 120), (990, 400), (1_000, 2_000)),
    "wan": ((0, 60), (500, 120), (900, 350), (990, 1_500), (1_000, 6_000)),
    "slow": ((0, 100), (500, 800), (900, 4_000), (990, 25_000), (1_000, 90_000)),
}
"""Latency of a participant's work and of each way of a record, by name."""


class Environment(NamedTuple):
    """What a run has to live with. Shares are per thousand of nodes and periods, records, commands."""

    profile: str = "typical"
    drift_ms: int = 5_000
    dropouts: int = 50
    duplicates: int = 20
    faults: int = 20

    @property
    def tolerance_ms(self) -> int:
        """How much too early a timer may fire: set by the fastest clock, fired by the slowest after a takeover."""
        return 2 * self.drift_ms


class Dice:
    """Draws of one seed, whole numbers only, so that every machine draws the same."""

    __slots__ = ("_random",)

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - a simulation wants numbers that can be drawn again

    def below(self, bound: int) -> int:
        """Return a number from 0 to below the bound."""
        return self._random.randrange(bound)

    def between(self, least: int, most: int) -> int:
        """Return a number between two, both included."""
        return self._random.randint(least, most)

    def happens(self, permille: int) -> bool:
        """Tell whether something happens that does so many times in a thousand."""
        return permille > 0 and self._random.randrange(1_000) < permille

    def latency(self, profile: Profile) -> int:
        """Return a time in milliseconds."""
        share = self._random.randrange(1_000)
        for (low, fast), (high, slow) in pairwise(profile):
            if share < high:
                return fast + (slow - fast) * (share - low) // (high - low)
        return profile[-1][1]
