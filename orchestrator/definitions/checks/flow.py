"""The way through a list of tasks: what is never reached, and what would come round in a circle."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from orchestrator.definitions.findings import Finding
from orchestrator.definitions.outline import Block, Outline, cases_of, following


def check(outline: Outline) -> Iterator[Finding]:
    """Yield a finding for each task that no way leads to, and for each way that leads back."""
    yield from _into_itself(outline)
    for block in outline.tasks.scopes():
        yield from _backwards(block)
        yield from _unreached(block)


def _into_itself(outline: Outline) -> Iterator[Finding]:
    own = outline.section("document").get("name")
    for task in outline.tasks.every():
        process = task.body.get("run") if task.kind == "run" else None
        workflow = process.get("workflow") if isinstance(process, dict) else None
        if isinstance(workflow, dict) and isinstance(own, str) and workflow.get("name") == own:
            yield Finding(
                f"{task.where}.run.workflow.name",
                f"{task.name} runs {own} itself: each saga would start another one, without a bound",
                "Write a `for` around the tasks, or a `schedule` with `after`",
                rule="cycle",
            )


def reached(block: Block, without: AbstractSet[str] = frozenset()) -> frozenset[str]:
    """Return the tasks of a block that some way from its first one leads to; no way leads through `without`."""
    places = {task.name: index for index, task in enumerate(block.tasks)}
    found: set[str] = set()
    ahead = [block.tasks[0].name] if block.tasks else []
    while ahead:
        name = ahead.pop()
        if name in found or name in without or name not in places:
            continue
        found.add(name)
        onward = following(block, places[name])
        ahead += onward
        if any(places.get(target, len(places)) <= places[name] for target in onward):
            # A way that leads back is a mistake of its own; what it should have led to is not lost by it.
            ahead += [task.name for task in block.tasks[places[name] + 1 : places[name] + 2]]
    return frozenset(found)


def _unreached(block: Block) -> Iterator[Finding]:
    found = reached(block)
    for task in block.tasks:
        if task.name not in found:
            yield Finding(
                task.where,
                f"{task.name} is never reached",
                f"Write `then: {task.name}` where it is to follow, or take it out",
                rule="unreachable",
            )


def _backwards(block: Block) -> Iterator[Finding]:
    places = {task.name: index for index, task in enumerate(block.tasks)}
    for index, task in enumerate(block.tasks):
        ways = [(f"{task.where}.then", task.body.get("then"))]
        if task.kind == "switch":
            ways = [(f"{where}.then", case.get("then")) for where, case in cases_of(task)]
        for where, then in ways:
            if not isinstance(then, str) or places.get(then, index + 1) > index:
                continue
            if task.name in _onward(block, then):
                yield Finding(
                    where,
                    f"{task.name} goes back to {then}: a cycle without a bound",
                    f"Write a `for` with `in` and `while` around {then}, or a `try` whose `catch.retry` has a limit",
                    rule="cycle",
                )
            else:
                yield Finding(
                    where,
                    f"{task.name} goes back to {then}, and to go back in a list is not supported",
                    f"Move {then} behind {task.name}",
                    rule="not-supported",
                )


def _onward(block: Block, begin: str) -> frozenset[str]:
    """Return the tasks of a block that some way from this one leads to, and itself."""
    places = {task.name: index for index, task in enumerate(block.tasks)}
    found: set[str] = set()
    ahead = [begin]
    while ahead:
        name = ahead.pop()
        if name in places and name not in found:
            found.add(name)
            ahead += following(block, places[name])
    return frozenset(found)
