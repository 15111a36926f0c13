"""Time-outs: what fits into what. This check needs the compiled graph, in which every default is filled in."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.core.definition import Call, Definition, Listen
from orchestrator.definitions.durations import in_words, step_longest_ms
from orchestrator.definitions.findings import Finding, Level
from orchestrator.definitions.outline import Outline


def check(definition: Definition, drawn: Outline) -> Iterator[Finding]:
    """Yield a warning for each step that the saga's own time-out would cut short."""
    whole = definition.deadline_ms
    places = {task.name: task.where for task in drawn.tasks.every()}
    for node in definition.nodes.values():
        where = places.get(node.name, "do")
        if isinstance(node, Call):
            longest = step_longest_ms(node)
            if whole is not None and longest > whole:
                yield Finding(
                    where,
                    f"{node.name} may take {in_words(longest)} with all its attempts, "
                    f"and the saga only {in_words(whole)}",
                    f"Write a longer `timeout` for the saga, or `timeout: {{ total: ... }}` on {node.name}",
                    Level.WARNING,
                    "timeout-too-short",
                )
            if node.budget_ms is not None and node.budget_ms < node.timeout_ms:
                yield Finding(
                    f"{where}.timeout",
                    f"one attempt of {node.name} may take {in_words(node.timeout_ms)}, and all of them together only "
                    f"{in_words(node.budget_ms)}",
                    "Write a `total` that is at least `after`",
                    Level.WARNING,
                    "timeout-too-short",
                )
        if isinstance(node, Listen) and whole is not None and (node.timeout_ms or 0) > whole:
            yield Finding(
                f"{where}.timeout",
                f"{node.name} waits up to {in_words(node.timeout_ms or 0)}, and the saga only {in_words(whole)}",
                "Write a longer `timeout` for the saga",
                Level.WARNING,
                "timeout-too-short",
            )
