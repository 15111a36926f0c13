"""Time-outs: what fits into what. This check needs the compiled graph, in which every default is filled in."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.core.definition import Call, Definition, Listen, Loop, Node, Race, Try, Wait
from orchestrator.definitions.durations import in_words, step_longest_ms
from orchestrator.definitions.findings import Finding, Level
from orchestrator.definitions.outline import Outline


def check(definition: Definition, drawn: Outline) -> Iterator[Finding]:
    """Yield a warning for each task that the saga's own time-out would cut short."""
    whole = definition.deadline_ms
    places = {task.name: task.where for task in drawn.tasks.every()}
    for node in definition.nodes.values():
        where = places.get(node.name, "do")
        longest, does = _longest(node)
        if whole is not None and longest > whole:
            yield Finding(
                where,
                f"{node.name} {does} {in_words(longest)}, and the saga may only take {in_words(whole)}",
                f"Write a longer `timeout` for the saga, or a shorter one for {node.name}",
                Level.WARNING,
                "timeout-too-short",
            )
        if isinstance(node, Call) and node.budget_ms is not None and node.budget_ms < node.timeout_ms:
            yield Finding(
                f"{where}.timeout",
                f"one attempt of {node.name} may take {in_words(node.timeout_ms)}, and all of them together only "
                f"{in_words(node.budget_ms)}",
                "Write a `total` that is at least `after`",
                Level.WARNING,
                "timeout-too-short",
            )


def _longest(node: Node) -> tuple[int, str]:
    """Return how long a node may take by itself, and that in words; a child saga is bounded by its own time-out."""
    match node:
        case Call() if node.child is None:
            return step_longest_ms(node), "may take, with all its attempts,"
        case Listen():
            return node.timeout_ms or 0, "waits up to"
        case Wait():
            return node.wait_ms, "waits"
        case Loop() | Race() if node.gather is not None:
            return node.gather.within_ms, "gathers for"
        case Loop() | Race() | Try():
            return node.timeout_ms or 0, "may take"
        case _:
            return 0, ""
