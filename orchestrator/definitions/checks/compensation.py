"""Undoing: every command has its reverse or the reason why it has none, and nothing turns round behind a pivot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.definitions.checks.flow import reached
from orchestrator.definitions.findings import Finding, Level
from orchestrator.definitions.outline import Block, Outline, Task, following


def check(outline: Outline) -> Iterator[Finding]:
    """Yield a finding for each command without a compensation, and for each step that could not turn round any more."""
    for task in outline.tasks.every():
        if task.kind == "call":
            yield from _reverse(outline, task)
    yield from _behind_pivots(outline.tasks)


def _reverse(outline: Outline, task: Task) -> Iterator[Finding]:
    declared = outline.section("use", "functions", str(task.body["call"]))
    kind, where = declared.get("call"), f"{task.where}.compensate"
    if "compensate" not in task.body:
        if kind == "command":
            yield Finding(
                task.where,
                f"{task.name} sends a command and has no compensation",
                "Add `compensate: {call: FUNCTION}`, or `compensate: {none: REASON}` where nothing is to be undone",
                rule="missing-compensation",
            )
        return
    compensate: Any = task.body["compensate"]
    if kind == "local":
        yield Finding(
            where, f"{task.name} is computed in place: there is nothing to undo", "Take `compensate` out",
            rule="needless-compensation",
        )  # fmt: skip
    if not isinstance(compensate, dict) or ("call" in compensate) == ("none" in compensate):
        yield Finding(
            where,
            f"the compensation of {task.name} has to name either a call or the reason why there is none",
            "Write `compensate: {call: FUNCTION}` or `compensate: {none: REASON}`",
            rule="missing-compensation",
        )
        return
    reason = compensate.get("none", "given")
    if not isinstance(reason, str) or not reason.strip():
        yield Finding(
            f"{where}.none",
            f"the reason why {task.name} is not undone is empty",
            "Say in a sentence why nothing is to be undone",
            rule="missing-compensation",
        )
    reverse = outline.section("use", "functions", str(compensate.get("call")))
    if reverse.get("call") == "local":
        yield Finding(
            f"{where}.call",
            f"{compensate['call']} is a local function: it undoes nothing outside",
            "Name a function whose `call` is command",
            rule="local-compensation",
        )


def _behind_pivots(block: Block) -> Iterator[Finding]:
    for task in block.tasks:
        if task.body.get("pivot") is True:
            yield from _all_turning(task, _after(block, task))
        inside = [one for own in task.blocks for one in own.every() if one.body.get("pivot") is True]
        for pivot in inside:
            others = [one for own in task.blocks if pivot not in own.every() for one in own.every()]
            beside = others if task.kind == "fork" else []
            yield from _all_turning(pivot, [*beside, *_after(block, task)])
        for own in task.blocks:
            yield from _behind_pivots(own)


def _after(block: Block, task: Task) -> list[Task]:
    """Return the tasks that may run after this one in its block, with those inside of them."""
    index = block.tasks.index(task)
    begin = following(block, index)
    places = {one.name: one for one in block.tasks}
    later: list[Task] = []
    for name in begin:
        if name in places:
            rest = Block(block.where, block.role, block.tasks[block.tasks.index(places[name]) :])
            found = reached(rest)
            later += [one for one in rest.every() if any(one.where.startswith(f"{rest.where}.{top}") for top in found)]
    return list({one.where: one for one in later}.values())


def _all_turning(pivot: Task, later: list[Task]) -> Iterator[Finding]:
    for task in later:
        if task.kind == "raise":
            yield Finding(
                task.where,
                f"{task.name} turns the saga round behind {pivot.name}, which is a pivot and cannot be undone",
                f"Raise before {pivot.name}, or take `pivot` off it",
                rule="turn-behind-pivot",
            )
        held = task.body.get("error_strategy") in {"retry", "dead-letter"} or task.body.get("optional") is True
        if task.kind in {"call", "run"} and not held and task.body.get("pivot") is not True:
            yield Finding(
                task.where,
                f"{task.name} may fail for good behind the pivot {pivot.name}, and the saga cannot turn round there",
                "Write `error_strategy: retry` (then a person goes on) or `optional: true` (the saga goes on)",
                Level.WARNING,
                "failure-behind-pivot",
            )
