"""Time limits and retries of each step, computed from the limit it was given or from the product's defaults."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from architect import figures
from architect.catalogue import Kind
from architect.requirements import Requirements, Step, Topic

_MARGIN_S = 0.2
"""Kept back from a step's limit for the transition that decides it."""
_SHORTEST_ATTEMPT_S = 0.05
_FIRST_DELAY_S = 0.2
_ROUND_S = 0.05


@dataclass(frozen=True, slots=True)
class StepTiming:
    """Limits of one step, in seconds. `total_s`: all attempts and pauses; pause k is `delay_s` times 2 to the k."""

    step: Step
    retries: int
    attempt_s: float
    delay_s: float
    jitter_s: float
    total_s: float
    given: bool

    @property
    def pauses_s(self) -> float:
        """The pauses between all attempts together, with the most jitter."""
        return self.delay_s * float(2**self.retries - 1) + self.jitter_s * self.retries


def timings(requirements: Requirements) -> tuple[StepTiming, ...]:
    """Return the timing of every step that a participant does, in the steps' order."""
    wanted = requirements.value(Topic.RETRIES)
    retries = int(wanted) if wanted is not None else int(figures.RETRIES.value)
    return tuple(_timing(step, min(retries, 20)) for step in requirements.steps if step.remote)


def critical_path_s(requirements: Requirements, found: Sequence[StepTiming]) -> float:
    """Return the longest forward run: of steps beside each other the longest counts, waits for people do not."""
    levels: dict[int, float] = {}
    for timing in found:
        levels[timing.step.level] = max(levels.get(timing.step.level, 0.0), timing.total_s)
    for step in requirements.steps:
        if step.kind is Kind.WAIT and step.limit_s:
            levels[step.level] = max(levels.get(step.level, 0.0), step.limit_s)
    return sum(levels.values())


def _timing(step: Step, retries: int) -> StepTiming:
    if step.limit_s is None:
        timing = StepTiming(
            step, retries, figures.STEP_TIMEOUT.value, _FIRST_DELAY_S, _FIRST_DELAY_S / 2, 0.0, given=False
        )
        total = timing.attempt_s * (retries + 1) + timing.pauses_s
        return StepTiming(step, retries, timing.attempt_s, timing.delay_s, timing.jitter_s, total, given=False)
    total = step.limit_s - min(_MARGIN_S, step.limit_s / 5)
    for count in range(retries, 0, -1):
        delay = min(_FIRST_DELAY_S, total / 24)
        jitter = delay / 4
        attempt = (total - delay * (2**count - 1) - jitter * count) / (count + 1)
        if attempt >= _SHORTEST_ATTEMPT_S:
            step_size = _ROUND_S if attempt >= 4 * _ROUND_S else 0.001
            return StepTiming(
                step, count, math.floor(attempt / step_size + 1e-9) * step_size, delay, jitter, total, given=True
            )
    return StepTiming(step, 0, total, 0.0, 0.0, total, given=True)
