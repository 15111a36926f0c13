"""POST and GET /v1/definitions: definitions are deployed, listed and shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from orchestrator.definitions.deployed import Deployed
from orchestrator.definitions.registry import VersionTaken
from orchestrator.definitions.validation import Located
from services.deployment import Invalid, NotDeployed, view
from services.gateway import documents
from services.gateway.answering import answer
from services.gateway.fields import MAX_ERRORS, FieldError, Fields
from services.gateway.media import JSON, YAML, check_declared
from services.gateway.parts import Parts, known_text, read_body
from services.gateway.problems import Problem, check_fields
from services.gateway.security.identity import stamped

_RETRY_S = 1
_ASKED = frozenset({"actor", "reason"})


def routes(parts: Parts) -> APIRouter:
    """Return the routes of definitions; those that read block, so they run on threads."""
    router = APIRouter()

    async def deploy(request: Request) -> Response:
        return await _deploy(parts, request)

    def list_all() -> Response:
        return answer({"definitions": [view(one) for _, one in sorted(_versions(parts).items())]})

    def list_versions(name: str) -> Response:
        return answer({"name": name, "versions": [_whole(one) for one in _named(parts, name).values()]})

    def show(name: str, version: int) -> Response:
        found = _named(parts, name).get(version)
        if found is None:
            raise Problem("unknown-definition", f"there is no version {version} of {name}")
        return answer(_whole(found))

    router.add_api_route(
        "/v1/definitions",
        deploy,
        methods=["POST"],
        status_code=201,
        response_class=Response,
        summary="Deploy a version of a definition: its document is the body, YAML or JSON",
        openapi_extra=documents.definition_body(),
        responses=documents.responses(201, documents.Definition, 200, 409, 413, 415, 422, 503),
    )
    for path, show_some, summary, shape in (
        ("/v1/definitions", list_all, "List every version of every definition", documents.DefinitionList),
        ("/v1/definitions/{name}", list_versions, "Show every version of a definition", documents.DefinitionVersions),
        ("/v1/definitions/{name}/{version}", show, "Show a version of a definition", documents.Definition),
    ):
        router.add_api_route(
            path,
            show_some,
            methods=["GET"],
            response_class=Response,
            summary=summary,
            responses=documents.responses(200, shape, 404, 422, 503),
        )
    return router


async def _deploy(parts: Parts, request: Request) -> Response:
    errors: list[FieldError] = []
    asked = Fields(stamped(request.scope, dict(request.query_params)), errors, "", _ASKED)
    actor, reason = asked.text("actor", 128), asked.text("reason", 512, required=False)
    check_fields(errors)
    try:
        text = (await read_body(request.receive)).decode()
        check_declared(request.scope, YAML, JSON)
        outcome = await run_in_threadpool(parts.deployments.deploy, text, actor, reason)
    except UnicodeDecodeError as error:
        raise Problem("invalid-definition", f"the body is no text in UTF-8: {error}") from error
    except Invalid as error:
        told = error.findings[:MAX_ERRORS]
        wrong = [FieldError(one.finding.where, one.finding.problem) for one in told]
        findings = [_finding(one) for one in told]
        raise Problem("invalid-definition", str(error), wrong, findings=findings) from error
    except VersionTaken as error:
        raise Problem("version-taken", str(error)) from error
    except NotDeployed as error:
        raise Problem("not-deployed", f"{error}; repeat the same request", retry_after_s=_RETRY_S) from error
    deployed = outcome.deployed
    location = {"Location": f"/v1/definitions/{deployed.name}/{deployed.version}"}
    return answer(view(deployed), 201 if outcome.is_new else 200, location)


def _finding(one: Located) -> dict[str, Any]:
    return {
        "line": one.place.line,
        "column": one.place.column,
        "rule": one.finding.rule,
        "where": one.finding.where,
        "problem": one.finding.problem,
        "remedy": one.finding.remedy,
    }


def _whole(one: Deployed) -> dict[str, Any]:
    return {**view(one), "document": one.document}


def _named(parts: Parts, name: str) -> Mapping[int, Deployed]:
    """Return the versions of a definition, oldest first. Raises Problem."""
    known_text("name", name)
    found = {version: one for (known, version), one in sorted(_versions(parts).items()) if known == name}
    if not found:
        raise Problem("unknown-definition", f"there is no definition {name}")
    return found


def _versions(parts: Parts) -> Mapping[tuple[str, int], Deployed]:
    try:
        return parts.deployments.versions()
    except NotDeployed as error:
        raise Problem("kafka-unavailable", str(error), retry_after_s=_RETRY_S) from error
