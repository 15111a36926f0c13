"""Exploring a definition from all its inputs at once, one process for each processor."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from typing import Any

from orchestrator.core.events import Json
from simulator.exploration.explore import Bounds, Exploration, explore
from simulator.loading import Loaded, load_definition
from simulator.scenario import Scenario, scenarios

_Counted = tuple[Any, ...]
"""What an exploration found, without its scenario and bounds: expressions cannot be sent to another process."""

_OWN = ("scenario", "bounds")


def explore_all(loaded: Loaded, inputs: Mapping[str, Json] | None, bounds: Bounds) -> list[Exploration]:
    """Explore from each input. Every process compiles the definition for itself."""
    wanted = _scenarios(loaded, inputs)
    processes = min(os.cpu_count() or 1, len(wanted))
    if processes == 1:
        return [explore(one, bounds) for one in wanted]
    with ProcessPoolExecutor(processes) as pool:
        found = pool.map(_count, *zip(*((loaded.reference, inputs, one.name, bounds) for one in wanted), strict=True))
        return [Exploration(one, bounds, *counted) for one, counted in zip(wanted, found, strict=True)]


def _scenarios(loaded: Loaded, inputs: Mapping[str, Json] | None) -> list[Scenario]:
    return scenarios(loaded.definition, loaded.document, loaded.parameters, inputs)


def _count(reference: str, inputs: Mapping[str, Json] | None, name: str, bounds: Bounds) -> _Counted:
    loaded = load_definition(reference)
    scenario = next(one for one in _scenarios(loaded, inputs) if one.name == name)
    found = explore(scenario, bounds)
    return tuple(getattr(found, field.name) for field in fields(found) if field.name not in _OWN)
