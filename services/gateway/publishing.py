"""What programs read to use the topics: the AsyncAPI document, and JSON Schema of every payload."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from fastapi.responses import Response

from schemas import json_schema
from schemas.asyncapi import asyncapi
from services.gateway.problems import MEDIA_TYPE, Problem

_SCHEMA = "application/schema+json"


def routes() -> APIRouter:
    """Return the routes; what they answer is made once."""
    router = APIRouter(tags=["topics"])
    document = orjson.dumps(asyncapi())
    listed = [{"name": name, "url": json_schema.address(name)} for name in json_schema.names()]
    named = orjson.dumps({"schemas": listed})

    async def show_asyncapi() -> Response:
        return Response(document, media_type="application/json")

    async def list_schemas() -> Response:
        return Response(named, media_type="application/json")

    async def show_schema(name: str) -> Response:
        found = json_schema.json_schema(name)
        if found is None:
            raise Problem("unknown-schema", f"no schema of {name[:64]!r}; GET /v1/schemas names all")
        return Response(orjson.dumps(found), media_type=_SCHEMA)

    for path, show, summary in (
        ("/v1/asyncapi.json", show_asyncapi, "Describe every topic, as AsyncAPI 3"),
        ("/v1/schemas", list_schemas, "List the payloads that have a JSON Schema"),
    ):
        router.add_api_route(path, show, methods=["GET"], response_class=Response, summary=summary)
    router.add_api_route(
        "/v1/schemas/{name}",
        show_schema,
        methods=["GET"],
        response_class=Response,
        summary="Show the JSON Schema of a payload",
        responses={
            200: {"description": "A JSON Schema, draft 07", "content": {_SCHEMA: {}}},
            404: {"description": "There is no such schema", "content": {MEDIA_TYPE: {}}},
        },
    )
    return router
