"""Names: those that nothing has, those that two things have, and those that nothing uses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from orchestrator.definitions.checks.vocabulary import is_elsewhere
from orchestrator.definitions.document import TAKEN, is_name
from orchestrator.definitions.findings import Finding, Level
from orchestrator.definitions.outline import ENDINGS, Outline, Task, cases_of

_DURATION = re.compile(r"P[0-9T]")


def check(outline: Outline) -> Iterator[Finding]:
    """Yield a finding for each name that leads nowhere, and a warning for each that nothing leads to."""
    yield from _tasks_twice(outline)
    yield from _targets(outline)
    yield from _late_signals(outline)
    functions, retries = Counter[str](), Counter[str]()
    errors, timeouts = Counter[str](), Counter[str]()
    for task in outline.tasks.every():
        for holder, where in (
            (task.body, task.where),
            (_object(task.body.get("compensate")), f"{task.where}.compensate"),
        ):
            yield from _use(outline, "functions", holder.get("call"), f"{where}.call", functions)
            yield from _use(outline, "retries", holder.get("retry"), f"{where}.retry", retries)
            yield from _use(outline, "timeouts", holder.get("timeout"), f"{where}.timeout", timeouts)
        catch = _object(task.body.get("catch"))
        yield from _use(outline, "retries", catch.get("retry"), f"{task.where}.catch.retry", retries)
        error = _object(task.body.get("raise")).get("error")
        yield from _use(outline, "errors", error, f"{task.where}.raise.error", errors)
    yield from _use(outline, "timeouts", outline.top.get("timeout"), "timeout", timeouts)
    if not _has_fragments(outline) and all(block.tasks and not block.odd for block in outline.tasks.scopes()):
        for kind, used in (("functions", functions), ("retries", retries), ("errors", errors), ("timeouts", timeouts)):
            yield from _unused(outline, kind, used)


def _tasks_twice(outline: Outline) -> Iterator[Finding]:
    seen: set[str] = set()
    for where, task in _written(outline):
        if task.name in seen:
            remedy = f"Call it {_free(task.name, seen)}"
            yield Finding(where, f"the name {task.name} is taken", remedy, rule="duplicate-name")
        elif not is_name(task.name):
            yield Finding(
                where,
                f"{task.name!r} cannot name a task: ids of commands are made of names",
                f"Write a word without ':' and '/' that is no number and none of {', '.join(sorted(TAKEN))}",
                rule="bad-name",
            )
        seen.add(task.name)


def _written(outline: Outline) -> Iterator[tuple[str, Task]]:
    """Yield every task with its place in its list: the path by its name would lead to the first of that name."""
    for block in outline.tasks.scopes():
        for index, task in enumerate(block.tasks):
            yield (block.where if block.role == "branch" else f"{block.where}[{index}]"), task


def _targets(outline: Outline) -> Iterator[Finding]:
    scopes = {task.where: block for block in outline.tasks.scopes() for task in block.tasks}
    everywhere = {task.name for task in outline.tasks.every()}
    for task in outline.tasks.every():
        inside = [one.name for one in scopes[task.where].tasks]
        for where, then in _ways(task):
            if not isinstance(then, str) or then in ENDINGS or then in inside:
                continue
            if then in everywhere:
                problem = f"{task.name} goes on to {then}, which is inside of another block"
                remedy = f"Name a task of the same list ({', '.join(inside)}), or exit or end"
            else:
                problem = f"{task.name} goes on to {then}, which does not exist"
                remedy = _instead(then, [name for name in inside if name != task.name])
            yield Finding(where, problem, remedy, rule="unknown-name")


def _ways(task: Task) -> Iterator[tuple[str, Any]]:
    if "then" in task.body:
        yield f"{task.where}.then", task.body["then"]
    if task.kind == "switch":
        for where, case in cases_of(task):
            yield f"{where}.then", case.get("then", "continue")


def _late_signals(outline: Outline) -> Iterator[Finding]:
    known = {task.name for task in outline.tasks.every()}
    states = set(_lifecycles(outline))
    for name in outline.section("signals"):
        begin = outline.section("signals", name, "lifecycle").get("from")
        if isinstance(begin, str) and begin not in states:
            yield Finding(
                f"signals.{name}.lifecycle.from",
                f"no step brings the saga into {begin}: the signal {name} would never be taken",
                _instead(begin, states),
                rule="unknown-state",
            )
        after = outline.section("signals", name).get("after")
        for index, step in enumerate(after if isinstance(after, list) else []):
            if isinstance(step, str) and step not in known:
                yield Finding(
                    f"signals.{name}.after[{index}]",
                    f"the signal {name} is taken after {step}, which does not exist",
                    _instead(str(step), known),
                    rule="unknown-name",
                )


def _lifecycles(outline: Outline) -> Iterator[str]:
    """Yield the business states that a saga can come into."""
    milestones = outline.section("milestones")
    signals = [outline.section("signals", name, "lifecycle").get("to") for name in outline.section("signals")]
    marks = [_object(milestones.get(name)).get("lifecycle") for name in milestones]
    for task in outline.tasks.every():
        status = _object(task.body.get("status"))
        marks += [_object(holder).get("lifecycle") for holder in (status, status.get("start"), status.get("end"))]
    if "started" not in milestones:
        marks.append("running")
    if "completed" not in milestones:
        marks.append("completed")
    yield from (mark for mark in (*marks, *signals) if isinstance(mark, str))


def _use(outline: Outline, kind: str, name: Any, where: str, used: Counter[str]) -> Iterator[Finding]:
    """Count the use of a name of `use`; yield a finding where nothing has that name."""
    if not isinstance(name, str) or (kind == "functions" and is_elsewhere(name)):
        return
    used[name] += 1
    declared = outline.section("use", kind)
    if name not in declared:
        yield Finding(
            where,
            f"there is no {name} in use.{kind}",
            f"Write {{after: {name}}}"
            if kind == "timeouts" and _DURATION.match(name)
            else f"{_instead(name, declared)}; or declare {name} in use.{kind}",
            rule="unknown-name",
        )


def _unused(outline: Outline, kind: str, used: Mapping[str, int]) -> Iterator[Finding]:
    """Yield a warning for each name that nothing uses; where a name is misspelt, that says enough."""
    declared = outline.section("use", kind)
    for name in declared if declared.keys() >= used.keys() else ():
        if not used.get(name):
            yield Finding(
                f"use.{kind}.{name}",
                f"nothing uses {name} of use.{kind}",
                "Take it out, or name it where it is needed",
                Level.WARNING,
                "unused",
            )


def _has_fragments(outline: Outline) -> bool:
    """Tell whether blocks from elsewhere are used: what they name is not written here."""
    return bool(outline.section("use", "fragments")) or any(task.kind == "fragment" for task in outline.tasks.every())


def _instead(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, 1)
    if close:
        return f"Write {close[0]}"
    return f"Write one of {', '.join(sorted(known))}" if known else "Take it out: there is none"


def _free(name: str, taken: Collection[str]) -> str:
    return next(f"{name}-{number}" for number in range(2, len(taken) + 3) if f"{name}-{number}" not in taken)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
