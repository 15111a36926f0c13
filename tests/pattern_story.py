"""Definitions that show one pattern each, made of tasks that hold and free named resources, and their stories."""

from __future__ import annotations

from typing import Any

from orchestrator.core.definition import Definition
from orchestrator.core.events import Json
from orchestrator.definitions.registry import compiled
from tests.saga_story import Story, begun

Task = dict[str, Any]


def hold(resource: str = "anything", **more: Any) -> Task:
    """Return a task that the tasks participant does and undoes; `delay_ms` and `fail` go into its command."""
    told = {name: more.pop(name) for name in ("delay_ms", "fail") if name in more}
    return {"call": "hold", "with": {"resource": resource, **told}, "compensate": {"call": "free"}, **more}


def price(value: str, **more: Any) -> Task:
    """Return a task that answers `{sku, quantity, amount_minor}` for an order line and leaves nothing to undo."""
    line = {name: f"${{ {value}.{name} }}" for name in ("sku", "quantity", "unit_price_minor")}
    return {"call": "price", "with": line, "compensate": {"none": "A price is an answer."}, **more}


def document(name: str, *tasks: dict[str, Task], **top: Any) -> Json:
    """Return a document of these tasks."""

    def command(kind: str) -> Json:
        return {"call": "command", "with": {"topic": "tasks.commands", "message": f"tasks.{kind}"}}

    functions = {"hold": command("Reserve"), "free": command("Release"), "price": command("PriceLine")}
    head = {"dsl": "1.0.3", "namespace": "patterns", "name": name, "version": "1.0.0"}
    return {"document": head, "use": {"functions": functions, **top.pop("use", {})}, **top, "do": list(tasks)}


def definition(*tasks: dict[str, Task], **top: Any) -> Definition:
    """Return the compiled definition of these tasks."""
    return compiled(document("pattern", *tasks, **top)).definition


def story(*tasks: dict[str, Task], data: Json | None = None, **top: Any) -> Story:
    """Return the story of a saga of these tasks that has just started."""
    return begun(definition(*tasks, **top), "sag_a", data or {})


def fork(*names: str, **branches: Task) -> Task:
    """Return a plain fork whose branches hold these resources, or do these tasks."""
    return {"fork": {"branches": [*({name: hold(name)} for name in names), *({n: t} for n, t in branches.items())]}}


def race(*names: str) -> Task:
    """Return a fork of which one branch wins."""
    return {"fork": {"compete": True, "branches": [{name: hold(name)} for name in names]}}
