"""Sagas as large as they may be, for the cost of the core: many branches, many lines, and the way through them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.core.definition import Definition
from orchestrator.core.inputs import Input, Succeeded
from orchestrator.definitions.registry import compiled

BRANCHES, STEPS = 49, 4
"""A fork of so many branches with so many steps each: 199 of the 200 nodes that a definition may have."""
LINES, STEPS_OF_A_LINE = 1_000, 2
"""As many lines as a loop may go over, all at once."""

_Task = Mapping[str, Any]
_ACCOUNT = {"account": "${ $workflow.input.account }"}
_STEP: _Task = {"call": "act", "with": _ACCOUNT, "compensate": {"call": "undo", "with": _ACCOUNT}}


def gathered_branches() -> Definition:
    """Return a gathering of branches, each of which is a sequence."""
    return _definition({"all": {**_fork(), "gather": {"within": "PT1H", "least": 1}}})


def joined_branches() -> Definition:
    """Return the same branches in a plain fork."""
    return _definition({"all": _fork()})


def many_lines() -> Definition:
    """Return a parallel map."""
    loop = {"each": "line", "in": f"${{ [range(0; {LINES})] }}", "concurrency": LINES}
    return _definition({"all": {"for": loop, "do": [{_step(0, n): _STEP} for n in range(STEPS_OF_A_LINE)]}})


def answers_of_branches(*, gathered: bool) -> Iterator[Input]:
    """Yield the replies to a fork's steps: the first ones of all branches, then the second ones, and so on."""
    for step in range(STEPS):
        for branch in range(BRANCHES):
            yield _done(f"all/{branch}/{_step(branch, step)}" if gathered else _step(branch, step))


def answers_of_lines() -> Iterator[Input]:
    """Yield the replies to a map's steps, in the same order."""
    for step in range(STEPS_OF_A_LINE):
        for line in range(LINES):
            yield _done(f"all/{line}/{_step(0, step)}")


def _fork() -> _Task:
    branches = [
        {f"branch-{branch}": {"do": [{_step(branch, step): _STEP} for step in range(STEPS)]}}
        for branch in range(BRANCHES)
    ]
    return {"fork": {"branches": branches}}


def _step(branch: int, step: int) -> str:
    return f"step-{branch}-{step}"


def _definition(task: Mapping[str, _Task]) -> Definition:
    message = {"topic": "bench.commands", "message": "bench.First"}
    document = {
        "document": {"dsl": "1.0.3", "namespace": "sagaline", "name": "wide", "version": "1.0.0"},
        "use": {"functions": {name: {"call": "command", "with": message} for name in ("act", "undo")}},
        "do": [dict(task)],
    }
    return compiled(document).definition


def _done(path: str) -> Input:
    return Succeeded(f"s:{path}:0", path, False, {"reference": "r_1", "amount_minor": 5_000})
