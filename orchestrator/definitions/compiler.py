"""Compiling a definition document to the core's graph: every name is resolved here and nowhere later."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orchestrator.core.definition import (
    UNCHANGED,
    Case,
    Definition,
    End,
    LateSignal,
    Local,
    Loop,
    Migration,
    Milestones,
    Node,
    Race,
    Reads,
    Strategy,
    Switch,
    Try,
)
from orchestrator.core.scope import Compute, Scope
from orchestrator.definitions.document import (
    duration_ms,
    entries,
    is_name,
    items,
    mapping,
    milestone,
    named,
    text,
    whole,
)
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import expression, predicate, uses_data
from orchestrator.definitions.fragments import Library, expand
from orchestrator.definitions.graph import check
from orchestrator.definitions.retries import is_conditional, retry_policy
from orchestrator.definitions.task_calls import call, run, set_
from orchestrator.definitions.task_scopes import fork, loop, timed, try_
from orchestrator.definitions.task_waits import emit, listen, raise_, switch, wait
from orchestrator.definitions.versions import major_of
from orchestrator.definitions.workshop import END, Defaults, Place, Workshop, asks_for_input

_TOP = (
    "document", "use", "input", "output", "timeout", "schedule", "do",
    "parameters", "milestones", "signals", "defaults", "migrations",
)  # fmt: skip
_HEAD = ("dsl", "namespace", "name", "version", "title", "summary", "tags", "metadata")
_USE = ("functions", "retries", "errors", "timeouts", "fragments")

Compiled = Callable[[Workshop, str, Mapping[str, Any], Place], Node]
_KINDS: Mapping[str, Compiled] = {
    "call": call,
    "set": set_,
    "switch": switch,
    "fork": fork,
    "for": loop,
    "listen": listen,
    "emit": emit,
    "raise": raise_,
    "try": try_,
    "wait": wait,
    "run": run,
}
_TAKES_ITSELF = frozenset({"call", "set", "run", "emit"})
"""Tasks that shape their input as they begin; before others stands a step that does."""
_GIVES_ITSELF = frozenset({"call", "set", "run", "switch", "raise"})
"""Tasks that shape their output as they end, or have none; behind others stands a step that does."""


def compile_definition(document: Any, functions: Mapping[str, Compute], library: Library | None = None) -> Definition:
    """Compile a document; `functions` are the local ones it may call, `library` shared fragments by name.

    Raises DefinitionError.
    """
    top = mapping(expand(_plain(document), library or {}), "definition", _TOP, ("document", "do"))
    head = mapping(top["document"], "document", _HEAD, ("dsl", "name", "version"))
    for word in ("namespace", "title", "summary"):
        text(head.get(word, word), f"document.{word}")
    for word in ("tags", "metadata"):
        entries(head.get(word, {}), f"document.{word}")
    if not text(head["dsl"], "document.dsl").startswith("1.0."):
        raise DefinitionError("document.dsl", f"is {head['dsl']}, and this is the DSL 1.0; write 1.0.3")
    use = mapping(top.get("use", {}), "use", _USE)
    declared = {kind: entries(use.get(kind, {}), f"use.{kind}") for kind in _USE}
    defaults = _defaults(top.get("defaults", {}))
    retries = {
        name: retry_policy(policy, f"use.retries.{name}", defaults.retries)
        for name, policy in declared["retries"].items()
        if not is_conditional(policy)
    }
    shop = Workshop(declared, retries, functions, defaults, dict(_entries(top["do"], "do")), lambda _t, _p: "")
    shop.sequence = lambda tasks, place: _sequence(shop, tasks, place)
    root = Place("do", END, END, frozenset(), "", True)
    entry = shop.sequence(top["do"], root)
    shop.add(End(END), root)
    definition = _definition(top, head, shop, entry)
    check(definition, shop.regions)
    return definition


def _definition(top: Mapping[str, Any], head: Mapping[str, Any], shop: Workshop, entry: str) -> Definition:
    root = Place("definition", END, END, frozenset(), "", True)
    deadline_ms, _ = shop.timeout_ms(top.get("timeout"), "timeout")
    output = shop.shape(top.get("output"), "as", root, "output")
    scoped = any(isinstance(node, Loop | Race | Try) for node in shop.nodes.values())
    reading = any(getattr(node, "reads", Reads()).data for node in shop.nodes.values())
    signals = entries(top.get("signals", {}), "signals")
    return Definition(
        name=text(head["name"], "document.name"),
        version=major_of(head["version"], "document.version"),
        entry=entry,
        nodes=shop.nodes,
        deadline_ms=deadline_ms,
        exports=shop.exports,
        late_signals={name: _late(name, value) for name, value in signals.items()},
        milestones=_milestones(top.get("milestones")),
        parameters=dict(entries(top.get("parameters", {}), "parameters")),
        input=shop.shape(top.get("input"), "from", root, "input"),
        output=output,
        tracks_data=scoped or reading or output is not None,
        flat=not scoped,
        migrations=dict(_migrations(top.get("migrations"), shop, major_of(head["version"], "document.version"))),
    )


def _defaults(value: Any) -> Defaults:
    """Return what holds for steps that say nothing: three retries, 30 s, retry and then compensate."""
    parts = mapping(value, "defaults", ("error_strategy", "max_retries", "timeout_default"))
    strategy = parts.get("error_strategy", Strategy.RETRY_THEN_COMPENSATE)
    if strategy not in tuple(Strategy):
        raise DefinitionError("defaults.error_strategy", f"'{strategy}' is not known; known are {', '.join(Strategy)}")
    return Defaults(
        Strategy(strategy),
        whole(parts.get("max_retries", 3), "defaults.max_retries"),
        duration_ms(parts.get("timeout_default", {"seconds": 30}), "defaults.timeout_default"),
    )


def _plain(document: Any) -> Any:
    """Return a document without what is for other tools: what a generator notes, what an exploration begins with."""
    if not isinstance(document, dict):
        return document
    return {key: value for key, value in document.items() if not (isinstance(key, str) and key.startswith("x-"))}


def _milestones(value: Any) -> Milestones:
    defaults = Milestones()
    if value is None:
        return defaults
    parts = mapping(value, "milestones", Milestones.__slots__)
    return Milestones(
        **{
            name: milestone(parts[name], f"milestones.{name}") if name in parts else getattr(defaults, name)
            for name in Milestones.__slots__
        }
    )


def _late(name: str, value: Any) -> LateSignal:
    where = f"signals.{name}"
    parts = mapping(value, where, ("after", "lifecycle"), ("after", "lifecycle"))
    edge = mapping(parts["lifecycle"], f"{where}.lifecycle", ("from", "to"), ("from", "to"))
    return LateSignal(
        name,
        frozenset(text(step, f"{where}.after") for step in items(parts["after"], f"{where}.after")),
        text(edge["from"], f"{where}.lifecycle.from"),
        text(edge["to"], f"{where}.lifecycle.to"),
    )


def _migrations(value: Any, shop: Workshop, version: int) -> Iterator[tuple[int, Migration]]:
    for index, one in enumerate([] if value is None else items(value, "migrations")):
        where = f"migrations[{index}]"
        parts = mapping(one, where, ("from", "steps", "context"), ("from",))
        steps = entries(parts.get("steps", {}), f"{where}.steps")
        renamed = {old: text(new, f"{where}.steps.{old}") for old, new in steps.items()}
        for old, new in renamed.items():
            if new not in shop.nodes:
                raise DefinitionError(f"{where}.steps.{old}", f"names {new}, which does not exist")
        context = expression(parts["context"], f"{where}.context") if "context" in parts else None
        older = whole(parts["from"], f"{where}.from")
        if not 0 < older < version:
            problem = f"is {older}, which comes not before {version}; write an older version"
            raise DefinitionError(f"{where}.from", problem)
        yield older, Migration(renamed, context)


def _entries(tasks: Any, where: str) -> Iterator[tuple[str, str]]:
    """Yield every task's name with the name of the node it begins with."""
    for index, one in enumerate(items(tasks, where)):
        name, task = named(one, f"{where}[{index}]")
        yield name, _entry_of(name, task)
        for at, inside in _blocks(task):
            yield from _entries(inside, f"{where}.{name}.{at}")


def _blocks(task: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for word in ("do", "try"):
        if word in task:
            yield word, task[word]
    fork, catch = task.get("fork"), task.get("catch")
    if isinstance(fork, dict) and "branches" in fork:
        yield "fork.branches", fork["branches"]
    if isinstance(catch, dict) and "do" in catch:
        yield "catch.do", catch["do"]


def _entry_of(name: str, task: Mapping[str, Any]) -> str:
    if "if" in task:
        return f"{name}.if"
    if _has_input_step(task):
        return f"{name}.input"
    return _entry_behind_input(name, task)


def _entry_behind_input(name: str, task: Mapping[str, Any]) -> str:
    return f"{name}.within" if _needs_scope(task) else _entry_within(name, task)


def _entry_within(name: str, task: Mapping[str, Any]) -> str:
    if _kind(task) == "do":
        return _entry_of(*named(items(task["do"], name)[0], name))
    return name


def _has_input_step(task: Mapping[str, Any]) -> bool:
    """Tell whether a step of its own shapes, or keeps, the input of a task."""
    return ("input" in task and _kind(task) not in _TAKES_ITSELF) or asks_for_input(task)


def _kind(task: Mapping[str, Any]) -> str:
    return next((kind for kind in _KINDS if kind in task), "do" if "do" in task else "")


def _needs_scope(task: Mapping[str, Any]) -> bool:
    """Tell whether a task has a time-out but no node of its own that keeps it."""
    if "timeout" not in task:
        return False
    kind = _kind(task)
    fork_ = task.get("fork")
    plain = kind == "fork" and "gather" not in task and not (isinstance(fork_, dict) and fork_.get("compete") is True)
    return kind == "do" or plain


def _sequence(shop: Workshop, tasks: Any, place: Place) -> str:
    """Compile tasks in order, the last of which goes on to `place.after`. Returns the first node's name."""
    listed = [named(task, f"{place.where}[{index}]") for index, task in enumerate(items(tasks, place.where))]
    for index, (name, task) in enumerate(listed):
        after = shop.entries[listed[index + 1][0]] if index + 1 < len(listed) else place.after
        _task(shop, name, task, place._replace(where=f"{place.where}.{name}", after=after))
    return shop.entries[listed[0][0]]


def _task(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> None:
    if not is_name(name):
        raise DefinitionError(
            place.where, "a name may not hold ':' or '/', be a number or a word of the DSL: ids are made of names"
        )
    mapping(task, place.where, task.keys())
    entries(task.get("metadata", {}), f"{place.where}.metadata")
    if "depends_on" in task:
        # What it says is checked, over every way through the document; it changes no order.
        items(task["depends_on"], f"{place.where}.depends_on")
        task = {key: value for key, value in task.items() if key != "depends_on"}
    if "if" in task:
        task = _guarded(shop, name, task, place)
    kind = _kind(task)
    has_input_step = _has_input_step(task)
    if kind not in _GIVES_ITSELF:
        task, place = shop.shaped_after(name, task, place)
    if has_input_step:
        shape = shop.shape(task.get("input"), "from", place, f"{place.where}.input")
        entry = _entry_behind_input(name, task)
        shop.add(Local(f"{name}.input", _data, UNCHANGED, entry, Reads(True, shape)), place)
        task = {key: value for key, value in task.items() if key != "input"}
    if _needs_scope(task):
        # What is inside begins after the scope that bounds it.
        task, place = timed(shop, name, _entry_within(name, task), task, place)
    if kind == "do":
        mapping(task, place.where, ("do", "then", "metadata"))
        after = shop.then(task, place)
        shop.sequence(task["do"], place._replace(where=f"{place.where}.do", after=after, exit=after))
    elif kind:
        shop.add(_KINDS[kind](shop, name, task, place), place)
    else:
        raise DefinitionError(place.where, f"is none of {', '.join(_KINDS)}, do, fragment")


def _guarded(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
    """Add the node that skips a task whose `if` does not hold. Returns the task without it."""
    rest = {key: value for key, value in task.items() if key != "if"}
    when = predicate(task["if"], f"{place.where}.if", place.variables)
    reads = Reads(uses_data(task["if"], True))
    cases = (Case("runs", when, _entry_of(name, rest)), Case("skipped", None, place.after))
    shop.add(Switch(f"{name}.if", cases, reads, silent=frozenset({"runs"})), place)
    return rest


def _data(scope: Scope) -> Any:
    return scope.data
