"""POST /v1/sagas/{id}/resolve and /migrate: what an operator has done about a saga."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from services.deployment import NotDeployed
from services.gateway import documents
from services.gateway.fields import FieldError, Fields
from services.gateway.inputs import migrate, resolve
from services.gateway.instructing import add_route, instruct
from services.gateway.parts import Parts, read_json
from services.gateway.problems import Problem
from services.gateway.signalling import asking_of_saga
from services.gateway.standing import Standing, Way, standing

_RESOLVE_FIELDS = frozenset({"action", "step", "actor", "reason"})
_MIGRATE_FIELDS = frozenset({"version", "actor"})
_ACTIONS = frozenset({"retry", "skip", "resume"})
_MAX_VERSION = 999_999_999
_RETRY_S = 1


class _Found(NamedTuple):
    """A saga and its definition's name, None where its first event is still on its way here."""

    standing: Standing
    definition: str | None


def routes(parts: Parts) -> APIRouter:
    """Return the routes of operators."""
    router = APIRouter()

    async def resolve_saga(saga_id: str, request: Request) -> Response:
        return await _resolve(parts, saga_id, request)

    async def migrate_saga(saga_id: str, request: Request) -> Response:
        return await _migrate(parts, saga_id, request)

    for path, handler, summary, form in (
        ("resolve", resolve_saga, "Retry, skip or resume what waits for a person", documents.ResolutionForm),
        ("migrate", migrate_saga, "Have a saga go on under another version", documents.MigrationForm),
    ):
        add_route(router, f"/v1/sagas/{{saga_id}}/{path}", handler, summary, form)
    return router


async def _resolve(parts: Parts, saga_id: str, request: Request) -> Response:
    errors: list[FieldError] = []
    form = Fields(await read_json(request), errors, "", _RESOLVE_FIELDS)
    action = form.choice("action", _ACTIONS)
    step = form.text("step", 512, required=False) or None
    actor, reason = form.text("actor", 128), form.text("reason", 512, required=action == "skip")
    asking = await asking_of_saga(parts, saga_id, f"resolve:{action}:{step or ''}", request, errors)
    if isinstance(asking, Response):
        return asking
    waiting = (await run_in_threadpool(_found, parts, saga_id)).standing.waiting
    if not waiting:
        raise Problem("not-waiting", f"nothing in {saga_id} waits for a person")
    if step is not None and step not in waiting:
        raise Problem("not-waiting", f"{step} waits for no person; what waits is {', '.join(waiting)}")
    return await instruct(parts, asking, resolve(parts.codec, asking, action, step, actor, reason))


async def _migrate(parts: Parts, saga_id: str, request: Request) -> Response:
    errors: list[FieldError] = []
    form = Fields(await read_json(request), errors, "", _MIGRATE_FIELDS)
    version, actor = form.count("version", _MAX_VERSION), form.text("actor", 128)
    asking = await asking_of_saga(parts, saga_id, f"migrate:{version}", request, errors)
    if isinstance(asking, Response):
        return asking
    found = await run_in_threadpool(_found, parts, saga_id)
    if found.standing.way not in (Way.FORWARD, Way.PAST_PIVOT):
        raise Problem("saga-ended", f"{saga_id} {found.standing.way} and keeps its version")
    if found.definition is not None:
        await run_in_threadpool(_check_version, parts, found.definition, version)
    return await instruct(parts, asking, migrate(parts.codec, asking, version, actor))


def _found(parts: Parts, saga_id: str) -> _Found:
    """Return what the read model knows of a saga. Blocks."""
    rows = parts.read_model.events(saga_id)
    first: dict[str, Any] = orjson.loads(rows[0]["detail"]) if rows else {}
    return _Found(standing(rows), first.get("definition"))


def _check_version(parts: Parts, definition: str, version: int) -> None:
    """Raise Problem where the version is not deployed. Blocks."""
    try:
        known = parts.deployments.versions()
    except NotDeployed as error:
        raise Problem("kafka-unavailable", str(error), retry_after_s=_RETRY_S) from error
    if (definition, version) not in known:
        raise Problem("unknown-definition", f"{definition} has no version {version}")
