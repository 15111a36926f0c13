"""Expanding fragments: blocks of tasks that several definitions share, with parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.definitions.document import entries, items, mapping, named, text
from orchestrator.definitions.errors import DefinitionError

_PARAMETER = re.compile(r"\$fragment\.([A-Za-z_][A-Za-z0-9_]*)")
_MOST_LEVELS = 5
"""Fragments may use fragments, but not without end."""

_AS_A_BLOCK = ("if", "input", "output", "export", "timeout", "then", "depends_on", "metadata")
Library = Mapping[str, Any]


def expand(document: Any, library: Library) -> Any:
    """Return a document without fragments: each use is a `do` block of the fragment's tasks, named after the use.

    `library` holds the shipped fragments by name; those under `use.fragments` come first. Raises DefinitionError.
    """
    if not isinstance(document, dict):
        return document
    declared_here = document.get("use")
    own = declared_here.get("fragments", {}) if isinstance(declared_here, dict) else {}
    known = {**library, **entries(own, "use.fragments")}
    expanded, used = _tasks(document.get("do"), "do", known, 0)
    if not used:
        return document
    use = {key: value for key, value in entries(document.get("use", {}), "use").items() if key != "fragments"}
    for fragment in used:
        for kind in ("functions", "retries", "errors", "timeouts"):
            declared = known[fragment].get("use", {}).get(kind, {})
            if declared:
                use[kind] = {**declared, **entries(use.get(kind, {}), f"use.{kind}")}
    return {**document, "use": use, "do": expanded}


def _tasks(tasks: Any, where: str, known: Library, level: int) -> tuple[Any, list[str]]:
    """Return tasks without fragments, and the names of those that were used."""
    if not isinstance(tasks, list):
        return tasks, []
    expanded: list[Any] = []
    used: list[str] = []
    for task in tasks:
        if isinstance(task, dict) and len(task) == 1 and isinstance(next(iter(task.values())), dict):
            ((name, body),) = task.items()
            body, more = _task(name, body, f"{where}.{name}", known, level)
            used += more
            expanded.append({name: body})
        else:
            expanded.append(task)
    return expanded, used


def _task(name: Any, body: dict[str, Any], where: str, known: Library, level: int) -> tuple[Any, list[str]]:
    used: list[str] = []
    if "fragment" in body:
        body, used = _use(text(name, where), body, where, known, level)
        level += 1

    def inside(tasks: Any, at: str) -> Any:
        found, more = _tasks(tasks, at, known, level)
        used.extend(more)
        return found

    changed = {key: inside(value, f"{where}.{key}") if key in ("do", "try") else value for key, value in body.items()}
    fork, catch = body.get("fork"), body.get("catch")
    if isinstance(fork, dict) and "branches" in fork:
        changed["fork"] = {**fork, "branches": inside(fork["branches"], f"{where}.fork.branches")}
    if isinstance(catch, dict) and "do" in catch:
        changed["catch"] = {**catch, "do": inside(catch["do"], f"{where}.catch.do")}
    return changed, used


def _use(name: str, body: dict[str, Any], where: str, known: Library, level: int) -> tuple[dict[str, Any], list[str]]:
    if level >= _MOST_LEVELS:
        raise DefinitionError(where, f"uses fragments more than {_MOST_LEVELS} levels deep; write its tasks out")
    wanted = text(body["fragment"], f"{where}.fragment")
    if wanted not in known:
        raise DefinitionError(
            f"{where}.fragment", f"there is no fragment {wanted}; known are {', '.join(sorted(known))}"
        )
    mapping(body, where, ("fragment", "with", *_AS_A_BLOCK))
    fragment = mapping(
        known[wanted], f"use.fragments.{wanted}", ("fragment", "title", "parameters", "use", "do"), ("do",)
    )
    declared = entries(fragment.get("parameters", {}), f"use.fragments.{wanted}.parameters")
    given = entries(body.get("with", {}), f"{where}.with")
    for parameter in given:
        if parameter not in declared:
            known_ones = ", ".join(sorted(declared)) or "none"
            raise DefinitionError(f"{where}.with.{parameter}", f"is no parameter of {wanted}; known are {known_ones}")
    values = {**declared, **given}
    for parameter, value in values.items():
        if value is None:
            raise DefinitionError(f"{where}.with", f"needs {parameter}, which {wanted} has no default for")
    values["name"] = name
    tasks = items(fragment["do"], f"use.fragments.{wanted}.do")
    renamed = _named_after(name, [_filled(task, lambda word: _value(word, values, where)) for task in tasks], wanted)
    rest = {key: value for key, value in body.items() if key not in ("fragment", "with")}
    return {**rest, "do": renamed}, [wanted]


def _value(word: str, values: Mapping[str, Any], where: str) -> Any:
    if word not in values:
        raise DefinitionError(where, f"the fragment asks for $fragment.{word}, which is no parameter of it")
    return values[word]


def _filled(value: Any, fill: Callable[[str], Any]) -> Any:
    """Return a value with every `$fragment.NAME` filled in: a text that is nothing else takes the value as it is."""
    if isinstance(value, dict):
        return {_filled(key, fill): _filled(part, fill) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, fill) for part in value]
    if not isinstance(value, str):
        return value
    whole = _PARAMETER.fullmatch(value)
    return fill(whole.group(1)) if whole else _PARAMETER.sub(lambda found: str(fill(found.group(1))), value)


def _named_after(name: str, tasks: list[Any], fragment: str) -> list[Any]:
    """Return the tasks with names of their own: `gate.wait` for the task `wait` of the use `gate`."""
    pairs = [named(task, f"use.fragments.{fragment}.do[{index}]") for index, task in enumerate(tasks)]
    names = {old for old, _ in pairs}

    def target(then: Any) -> Any:
        return f"{name}.{then}" if then in names else then

    def renamed(body: Mapping[str, Any]) -> dict[str, Any]:
        changed = {key: target(value) if key == "then" else value for key, value in body.items()}
        if isinstance(body.get("switch"), list):
            changed["switch"] = [
                {label: {**case, "then": target(case.get("then"))} for label, case in one.items()}
                for one in body["switch"]
            ]
        return changed

    return [{f"{name}.{old}": renamed(body)} for old, body in pairs]
