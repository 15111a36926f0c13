"""Compiling the tasks that decide, wait, tell and give up: switch, listen, wait, emit, raise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.core.definition import Awaited, Case, Emit, Listen, Node, Raise, Switch, Wait
from orchestrator.core.errors import TIMEOUT
from orchestrator.definitions.document import duration_ms, fixed, items, mapping, milestones_of, named, text, whole
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import expression, predicate, template
from orchestrator.definitions.workshop import Place, Workshop

_COMMON = ("then", "metadata", "status")


def switch(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> Node:
    """Compile a decision. Raises DefinitionError."""
    where = place.where
    mapping(task, where, ("switch", "input", "metadata", "decision"))
    cases: list[Case] = []
    conditions: list[Any] = []
    for index, case in enumerate(items(task["switch"], f"{where}.switch")):
        label, body = named(case, f"{where}.switch[{index}]")
        at = f"{where}.switch[{index}].{label}"
        parts = mapping(body, at, ("when", "then"), ("then",))
        when = predicate(parts["when"], f"{at}.when", place.variables) if "when" in parts else None
        conditions += [parts["when"]] if "when" in parts else []
        cases.append(Case(label, when, shop.target(parts["then"], place, f"{at}.then")))
    if sum(case.when is None for case in cases) > 1:
        raise DefinitionError(f"{where}.switch", "has more than one case without `when`")
    # The case without a condition counts only where no other holds, wherever it is written.
    cases.sort(key=lambda case: case.when is None)
    decision = text(task["decision"], f"{where}.decision") if "decision" in task else None
    return Switch(name, tuple(cases), shop.reads(task, place, *conditions, bare=True), decision)


def listen(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> Node:
    """Compile a wait for signals. Raises DefinitionError."""
    where = place.where
    parts = mapping(task, where, ("listen", "timeout", *_COMMON))
    to = mapping(mapping(parts["listen"], f"{where}.listen", ("to",), ("to",))["to"], f"{where}.listen.to", _TO)
    if len(to) != 1:
        raise DefinitionError(f"{where}.listen.to", f"must be one of {', '.join(_TO)}")
    ((kind, filters),) = to.items()
    at = f"{where}.listen.to.{kind}"
    awaited = (
        (_filter(filters, at, place),)
        if kind == "one"
        else tuple(_filter(item, f"{at}[{index}]", place) for index, item in enumerate(items(filters, at)))
    )
    if kind == "all" and len({one.name for one in awaited}) < len(awaited):
        raise DefinitionError(at, "waits for the same type twice")
    timeout_ms, timeout = shop.timeout_ms(task.get("timeout"), f"{where}.timeout", "code")
    code = text(timeout.get("code", TIMEOUT), f"{where}.timeout.code")
    on_start, on_end = milestones_of(task.get("status"), f"{where}.status")
    return Listen(name, awaited, timeout_ms, code, on_start, on_end, shop.then(task, place), every=kind == "all")


_TO = ("one", "any", "all")


def _filter(item: Any, where: str, place: Place) -> Awaited:
    parts = mapping(mapping(item, where, ("with",), ("with",))["with"], f"{where}.with", ("type", "data"), ("type",))
    matches = predicate(parts["data"], f"{where}.with.data", place.variables) if "data" in parts else None
    return Awaited(fixed(parts["type"], f"{where}.with.type"), matches)


def wait(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> Node:
    """Compile a wait for a length of time. Raises DefinitionError."""
    parts = mapping(task, place.where, ("wait", *_COMMON))
    on_start, on_end = milestones_of(task.get("status"), f"{place.where}.status")
    return Wait(name, duration_ms(parts["wait"], f"{place.where}.wait"), on_start, on_end, shop.then(task, place))


def emit(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> Node:
    """Compile an event for the world. Raises DefinitionError."""
    where = place.where
    parts = mapping(task, where, ("emit", "input", *_COMMON))
    event = mapping(parts["emit"], f"{where}.emit", ("event",), ("event",))["event"]
    at = f"{where}.emit.event.with"
    with_ = mapping(
        mapping(event, f"{where}.emit.event", ("with",), ("with",))["with"], at, ("type", "subject", "data"), ("type",)
    )
    subject, data = with_.get("subject"), with_.get("data", {})
    _, on_end = milestones_of(task.get("status"), f"{where}.status")
    return Emit(
        name,
        fixed(with_["type"], f"{at}.type"),
        None if subject is None else template(text(subject, f"{at}.subject"), f"{at}.subject", place.variables),
        template(data, f"{at}.data", place.variables),
        on_end,
        shop.then(task, place),
        shop.reads(task, place, subject, data),
    )


def raise_(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> Node:
    """Compile an error; a text names one of use.errors. Raises DefinitionError."""
    where = f"{place.where}.raise.error"
    mapping(task, place.where, ("raise", "metadata"))
    error = mapping(task["raise"], f"{place.where}.raise", ("error",), ("error",))["error"]
    if isinstance(error, str):
        declared = shop.use.get("errors", {})
        if error not in declared:
            raise DefinitionError(where, f"there is no error {error} in use.errors")
        where, error = f"use.errors.{error}", declared[error]
    parts = mapping(error, where, ("type", "title", "status", "detail", "instance"), ("type",))
    code = fixed(parts["type"], f"{where}.type")
    title = text(parts.get("title", code), f"{where}.title")
    if title.strip().startswith("${"):
        raise DefinitionError(f"{where}.title", "is the same for every such error; write the expression under detail")
    status = whole(parts["status"], f"{where}.status") if "status" in parts else None
    if "instance" in parts:
        raise DefinitionError(f"{where}.instance", "is not supported; leave it out: it is the path of the step")
    detail = parts.get("detail")
    is_computed = isinstance(detail, str) and detail.strip().startswith("${")
    return Raise(
        name,
        code,
        title if detail is None or is_computed else text(detail, f"{where}.detail"),
        expression(detail, f"{where}.detail", place.variables) if is_computed else None,
        title,
        status,
    )
