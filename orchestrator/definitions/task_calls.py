"""Compiling the tasks that do work: a participant's command, a local function, a child saga, a computed value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.core.definition import Call, Child, Compensation, Local, Node, RetryPolicy, Strategy
from orchestrator.core.scope import Scope
from orchestrator.definitions.document import duration_ms, flag, items, mapping, milestones_of, text
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import arguments, expression
from orchestrator.definitions.versions import major_of
from orchestrator.definitions.workshop import Place, Workshop, given_to
from schemas import topics

_COMMON = ("input", "output", "export", "then", "metadata", "status")
_CALL = (
    "call", "with", "timeout", "retry", "compensate", "optional", "error_strategy", "pivot", "locks", "decision",
    *_COMMON,
)  # fmt: skip
_LOCAL = ("call", "with", "decision", *_COMMON)
_RUN = ("run", "timeout", "optional", "error_strategy", "pivot", *_COMMON)
_CHILD_UNDO = RetryPolicy(limit=8, base_ms=500, jitter_ms=250)
_CHILD_TIMEOUT_MS = 30 * 86_400_000
"""How long a child saga may take where its step does not say."""
_CHILD_UNDO_TIMEOUT_MS = 600_000
"""A child's own compensations have to run within it; asking again is harmless."""


def call(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> Node:
    """Compile a call of one of `use.functions`. Raises DefinitionError."""
    where = place.where
    kind, function = _function(shop, task["call"], f"{where}.call")
    if kind == "local":
        return _local(shop, name, mapping(task, where, _LOCAL), place, function)
    mapping(task, where, _CALL)
    if "compensate" not in task:
        raise DefinitionError(where, "needs compensate: a call, or none with the reason why nothing is to be undone")
    timeout_ms, timeout = shop.timeout_ms(task.get("timeout"), f"{where}.timeout", "total")
    budget_ms = duration_ms(timeout["total"], f"{where}.timeout.total") if "total" in timeout else None
    by_default = shop.defaults.timeout_ms if budget_ms is None else min(shop.defaults.timeout_ms, budget_ms)
    with_ = task.get("with", {})
    on_start, on_end = milestones_of(task.get("status"), f"{where}.status")
    compensation, reason = _compensation(shop, task["compensate"], place)
    return Call(
        name=name,
        command=function["message"],
        topic=function["topic"],
        arguments=arguments(with_, f"{where}.with", place.variables),
        output=shop.output(task, place),
        timeout_ms=by_default if timeout_ms is None else timeout_ms,
        budget_ms=budget_ms,
        retry=_step_retry(shop, task.get("retry"), f"{where}.retry"),
        compensation=compensation,
        optional=flag(task.get("optional", False), f"{where}.optional"),
        on_start=on_start,
        on_end=on_end,
        then=shop.then(task, place),
        strategy=_strategy(shop, task, where),
        pivot=_pivot(task, place),
        reads=shop.reads(task, place, with_),
        export=shop.export(name, task, place),
        locks=tuple(text(lock, f"{where}.locks") for lock in items(task["locks"], f"{where}.locks"))
        if "locks" in task
        else (),
        decision=text(task["decision"], f"{where}.decision") if "decision" in task else None,
        reason=reason,
        timeout_is_default=timeout_ms is None,
        given=given_to(name, task),
    )


def run(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> Node:
    """Compile a child saga. Raises DefinitionError."""
    where = place.where
    mapping(task, where, _RUN)
    process = mapping(task["run"], f"{where}.run", ("workflow", "await"), ("workflow",))
    words = ("namespace", "name", "version", "input")
    workflow = mapping(process["workflow"], f"{where}.run.workflow", words, ("name",))
    version = workflow.get("version", "latest")
    text(workflow.get("namespace", "any"), f"{where}.run.workflow.namespace")
    timeout_ms, _ = shop.timeout_ms(task.get("timeout"), f"{where}.timeout")
    given = workflow.get("input", {})
    awaited = flag(process.get("await", True), f"{where}.run.await")
    on_start, on_end = milestones_of(task.get("status"), f"{where}.status")
    undo = Compensation("saga.UndoSaga", topics.INPUTS.name, _nothing, _CHILD_UNDO_TIMEOUT_MS, _CHILD_UNDO)
    return Call(
        name=name,
        command="saga.StartSaga",
        topic=topics.INPUTS.name,
        arguments=arguments(given, f"{where}.run.workflow.input", place.variables)
        if isinstance(given, dict)
        else expression(given, f"{where}.run.workflow.input", place.variables),
        output=shop.output(task, place),
        timeout_ms=_CHILD_TIMEOUT_MS if timeout_ms is None else timeout_ms,
        budget_ms=None,
        # Another attempt would be the same child; a try around the task makes a new one.
        retry=RetryPolicy(limit=0),
        compensation=undo if awaited else None,
        optional=flag(task.get("optional", False), f"{where}.optional"),
        on_start=on_start,
        on_end=on_end,
        then=shop.then(task, place),
        strategy=_strategy(shop, task, where),
        pivot=_pivot(task, place),
        child=Child(
            text(workflow["name"], f"{where}.run.workflow.name"),
            None if version == "latest" else major_of(version, f"{where}.run.workflow.version"),
            awaited,
        ),
        reads=shop.reads(task, place, given, bare=isinstance(given, str)),
        export=shop.export(name, task, place),
        reason=None if awaited else "nobody waits for it, so it stands on its own",
        given=given_to(name, task),
    )


def set_(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> Node:
    """Compile a computed value. Raises DefinitionError."""
    where = place.where
    parts = mapping(task, where, ("set", *_COMMON))
    _, on_end = milestones_of(parts.get("status"), f"{where}.status")
    value, bare = parts["set"], isinstance(parts["set"], str)
    compute = expression if bare else arguments
    return Local(
        name,
        compute(value, f"{where}.set", place.variables),
        on_end,
        shop.then(task, place),
        shop.reads(task, place, value, bare=bare),
        shop.output(task, place),
        shop.export(name, task, place),
        given=given_to(name, task),
    )


def _nothing(_scope: Scope) -> Mapping[str, Any]:
    return {}


def _local(shop: Workshop, name: str, task: Mapping[str, Any], place: Place, function: Mapping[str, Any]) -> Local:
    known = text(function["function"], f"use.functions.{task['call']}.with.function")
    compute = shop.local.get(known)
    if compute is None:
        names = ", ".join(sorted(shop.local))
        raise DefinitionError(f"{place.where}.call", f"there is no local function {known}; write one of {names}")
    if "with" in task:
        raise DefinitionError(f"{place.where}.with", "local functions take the saga's input; leave it out")
    _, on_end = milestones_of(task.get("status"), f"{place.where}.status")
    output = shop.output(task, place)
    export = shop.export(name, task, place)
    reads = shop.reads(task, place)
    given = given_to(name, task)
    return Local(name, compute, on_end, shop.then(task, place), reads, output, export, known, given)


def _function(shop: Workshop, name: Any, where: str) -> tuple[str, Mapping[str, Any]]:
    declared = shop.use.get("functions", {}).get(text(name, where))
    if declared is None:
        raise DefinitionError(where, f"there is no function {name} in use.functions")
    function = mapping(declared, f"use.functions.{name}", ("call", "with"), ("call", "with"))
    match function["call"]:
        case "local":
            return "local", mapping(function["with"], f"use.functions.{name}.with", ("function",), ("function",))
        case "command":
            keys = ("topic", "message")
            command = mapping(function["with"], f"use.functions.{name}.with", keys, keys)
            return "command", {key: text(command[key], f"use.functions.{name}.with.{key}") for key in keys}
        case other:
            raise DefinitionError(f"use.functions.{name}.call", f"'{other}' is neither command nor local")


def _step_retry(shop: Workshop, value: Any, where: str) -> RetryPolicy:
    policy = shop.retry(value, where, frozenset({"error"}))
    if policy.when is not None or policy.except_when is not None:
        raise DefinitionError(where, "has a condition, which only the retry of a catch may have; use try")
    return policy


def _compensation(shop: Workshop, value: Any, place: Place) -> tuple[Compensation | None, str | None]:
    """Return what undoes a step, or the reason why nothing does."""
    where = f"{place.where}.compensate"
    parts = mapping(value, where, ("call", "with", "retry", "timeout", "always", "none"))
    if "none" in parts:
        mapping(parts, where, ("none",))
        return None, text(parts["none"], f"{where}.none")
    kind, function = _function(shop, parts.get("call"), f"{where}.call")
    if kind != "command":
        raise DefinitionError(f"{where}.call", "must send a command")
    timeout_ms, _ = shop.timeout_ms(parts.get("timeout"), f"{where}.timeout")
    return Compensation(
        command=function["message"],
        topic=function["topic"],
        arguments=arguments(parts.get("with", {}), f"{where}.with", place.variables),
        timeout_ms=shop.defaults.timeout_ms if timeout_ms is None else timeout_ms,
        timeout_is_default=timeout_ms is None,
        retry=_step_retry(shop, parts.get("retry"), f"{where}.retry"),
        always=flag(parts.get("always", False), f"{where}.always"),
    ), None


def _strategy(shop: Workshop, task: Mapping[str, Any], where: str) -> Strategy:
    word = task.get("error_strategy", shop.defaults.strategy)
    if word not in tuple(Strategy):
        raise DefinitionError(f"{where}.error_strategy", f"'{word}' is not known; known are {', '.join(Strategy)}")
    return Strategy(word)


def _pivot(task: Mapping[str, Any], place: Place) -> bool:
    pivot = flag(task.get("pivot", False), f"{place.where}.pivot")
    if pivot and not place.root:
        raise DefinitionError(f"{place.where}.pivot", "stands within a scope; write it on a step of the outermost list")
    return pivot
