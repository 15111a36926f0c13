"""The production core as one value: exploration, simulation and replay call it; tests put bugs into copies of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from orchestrator.core import decide as core
from orchestrator.core.decide import Decision
from orchestrator.core.definition import Definition
from orchestrator.core.events import Recorded
from orchestrator.core.evolve import evolve
from orchestrator.core.inputs import Input, Start
from orchestrator.core.react import Effect, react
from orchestrator.core.state import State, next_due


class Engine(NamedTuple):
    """The functions a saga runs on."""

    start: Callable[[Definition, str, Start, int], Decision] = core.start
    decide: Callable[[Definition, State, Input, int], Decision] = core.decide
    evolve: Callable[[State, Recorded], State] = evolve
    react: Callable[[Definition, State, Recorded], Effect | None] = react
    next_due: Callable[[State], int | None] = next_due


PRODUCTION = Engine()
