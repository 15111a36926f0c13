"""Decisions: each value finds a case, and each case can be chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from orchestrator.definitions.findings import Finding, Level
from orchestrator.definitions.outline import Outline, Task, cases_of

_COMPARISON = re.compile(r"^(.+?)\s*(==|!=|>=|<=|>|<)\s*(.+)$", re.DOTALL)

LONGEST_CONDITION = 1_000
"""Characters of a condition that is compared with others."""

_OPPOSITE = {"==": "!=", "!=": "==", ">": "<=", "<=": ">", "<": ">=", ">=": "<"}


def check(outline: Outline) -> Iterator[Finding]:
    """Yield a finding for each case that is never chosen, a warning where a value may match none."""
    for task in outline.tasks.every():
        if task.kind == "switch":
            yield from _cases(task)
            yield from _exhaustive(task)


def _cases(task: Task) -> Iterator[Finding]:
    default: str | None = None
    seen: dict[str, str] = {}
    for where, case in cases_of(task):
        label = where.rsplit(".", 1)[-1]
        if "when" not in case:
            if default is not None:
                yield Finding(
                    where,
                    f"the case {label} is never chosen: {default} takes every value that no other case takes",
                    f"Give {label} a `when`, or take it out",
                    rule="unreachable-case",
                )
            default = default or label
            continue
        condition = _bare(str(case["when"]))
        if condition in seen:
            yield Finding(
                where,
                f"the case {label} is never chosen: {seen[condition]} has the same condition",
                "Take it out, or change its `when`",
                rule="unreachable-case",
            )
        seen.setdefault(condition, label)


def _exhaustive(task: Task) -> Iterator[Finding]:
    cases = [case for _, case in cases_of(task)]
    metadata = task.body.get("metadata")
    reason = metadata.get("exhaustive") if isinstance(metadata, dict) else None
    conditions = [_bare(str(case["when"])) for case in cases if "when" in case]
    if len(conditions) < len(cases) or not cases or _complementary(conditions) or (isinstance(reason, str) and reason):
        return
    yield Finding(
        task.where,
        f"a value that no case of {task.name} matches turns the saga round, and nothing here shows that there is none",
        "Add a case without `when`, or say in `metadata: { exhaustive: REASON }` what keeps other values out",
        Level.WARNING,
        "no-default",
    )


def _complementary(conditions: Sequence[str]) -> bool:
    """Tell whether two of the conditions are each other's opposite, so that one of them holds."""
    known = {_normal(condition) for condition in conditions}
    return any(
        (left, _OPPOSITE.get(sign, ""), right) in known or (sign == "not" and (left, "", "") in known)
        for left, sign, right in known
    )


def _normal(condition: str) -> tuple[str, str, str]:
    if len(condition) > LONGEST_CONDITION:
        return condition, "", ""
    negated = re.match(r"^(.+?)\s*\|\s*not$", condition, re.DOTALL)
    if negated:
        return negated.group(1).strip("() "), "not", ""
    compared = _COMPARISON.match(condition)
    return (compared.group(1), compared.group(2), compared.group(3).strip()) if compared else (condition, "", "")


def _bare(expression: str) -> str:
    text = expression.strip()
    return text[2:-1].strip() if text.startswith("${") and text.endswith("}") else text
