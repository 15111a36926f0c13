"""The read part of the Schema Registry REST API over the published schemas, for tools that decode the topics."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from schemas.catalogue import MessageSchema
from schemas.subjects import Subjects, Versions

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
COMPATIBILITY = "BACKWARD_TRANSITIVE"
"""What a new version has to be to all before it: the tests of the schemas check it."""
_NO_SUBJECT, _NO_VERSION, _NO_SCHEMA, _BAD_VERSION, _NO_LEVEL = 40401, 40402, 40403, 42202, 40408
_LARGEST = 2**31 - 1
_ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {"description": told, "content": {MEDIA_TYPE: {}}}
    for status, told in ((200, "What is asked for"), (404, "It is not there"), (422, "That is no version"))
}


def routes(subjects: Subjects) -> APIRouter:
    """Return the registry's routes, all of which only read."""
    router = APIRouter(tags=["schema registry"])
    reader = _Reader(subjects)
    for path, read, summary in (
        ("/subjects", reader.list_subjects, "List the subjects of the schema registry"),
        ("/subjects/{subject}/versions", reader.list_versions, "List the versions of a subject"),
        ("/subjects/{subject}/versions/{version}", reader.show_version, "Show a version of a subject"),
        ("/subjects/{subject}/versions/{version}/schema", reader.show_schema, "Show the schema of a version alone"),
        ("/schemas/types", reader.list_types, "List the kinds of schemas"),
        ("/schemas/ids/{schema_id}", reader.show_id, "Show the schema of an id on the wire"),
        ("/schemas/ids/{schema_id}/schema", reader.show_id_schema, "Show the schema of an id alone"),
        ("/schemas/ids/{schema_id}/versions", reader.list_uses, "List the subjects and versions of an id"),
        ("/schemas/ids/{schema_id}/subjects", reader.list_users, "List the subjects of an id"),
        ("/config", reader.show_config, "Show what new versions have to be to old ones"),
        ("/config/{subject}", reader.show_subject_config, "Show what new versions of a subject have to be"),
        ("/mode", reader.show_mode, "Show that the registry is read only"),
    ):
        router.add_api_route(path, read, methods=["GET"], response_class=Response, summary=summary, responses=_ANSWERS)
    return router


class _Reader:
    """Answers each route."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects

    async def list_subjects(self, request: Request) -> Response:
        return _json(self._subjects.names(request.query_params.get("subjectPrefix") or ""))

    async def list_versions(self, subject: str) -> Response:
        versions = self._versions(subject)
        return versions.answer if isinstance(versions, _Refusal) else _json(list(versions))

    async def show_version(self, subject: str, version: str) -> Response:
        found = self._version(subject, version)
        if isinstance(found, _Refusal):
            return found.answer
        about = {"subject": subject, "version": found.version, "id": found.schema_id, "schemaType": "AVRO"}
        return _json({**about, "schema": found.text})

    async def show_schema(self, subject: str, version: str) -> Response:
        found = self._version(subject, version)
        return found.answer if isinstance(found, _Refusal) else _raw(found)

    async def list_types(self) -> Response:
        return _json(["AVRO"])

    async def show_id(self, schema_id: str) -> Response:
        found = self._schema(schema_id)
        return found.answer if isinstance(found, _Refusal) else _json({"schemaType": "AVRO", "schema": found.text})

    async def show_id_schema(self, schema_id: str) -> Response:
        found = self._schema(schema_id)
        return found.answer if isinstance(found, _Refusal) else _raw(found)

    async def list_uses(self, schema_id: str) -> Response:
        found = self._schema(schema_id)
        if isinstance(found, _Refusal):
            return found.answer
        return _json([{"subject": name, "version": version} for name, version in self._subjects.uses_of(found)])

    async def list_users(self, schema_id: str) -> Response:
        found = self._schema(schema_id)
        if isinstance(found, _Refusal):
            return found.answer
        return _json([name for name, _ in self._subjects.uses_of(found)])

    async def show_config(self) -> Response:
        return _json({"compatibilityLevel": COMPATIBILITY})

    async def show_subject_config(self, request: Request, subject: str) -> Response:
        versions = self._versions(subject)
        if isinstance(versions, _Refusal):
            return versions.answer
        if request.query_params.get("defaultToGlobal") != "true":
            message = f"Subject '{subject}' does not have subject-level compatibility configured"
            return _refused(_NO_LEVEL, message).answer
        return _json({"compatibilityLevel": COMPATIBILITY})

    async def show_mode(self) -> Response:
        return _json({"mode": "READONLY"})

    def _versions(self, subject: str) -> Versions | _Refusal:
        versions = self._subjects.versions(subject)
        return versions or _refused(_NO_SUBJECT, f"Subject '{subject}' not found.")

    def _version(self, subject: str, version: str) -> MessageSchema | _Refusal:
        versions = self._versions(subject)
        if isinstance(versions, _Refusal):
            return versions
        if version in ("latest", "-1"):
            return versions[max(versions)]
        number = _number(version)
        if number is None:
            text = 'Allowed values are between [1, 2^31-1] and the string "latest".'
            return _refused(_BAD_VERSION, f"The specified version '{version[:32]}' is not a valid version id. {text}")
        return versions.get(number) or _refused(_NO_VERSION, f"Version {number} not found.")

    def _schema(self, schema_id: str) -> MessageSchema | _Refusal:
        number = _number(schema_id)
        found = None if number is None else self._subjects.schema(number)
        return found or _refused(_NO_SCHEMA, f"Schema {schema_id[:32]} not found")


class _Refusal(NamedTuple):
    answer: Response


def _number(text: str) -> int | None:
    """Return a number from 1 to 2^31-1, None for any other text."""
    if not text.isascii() or not text.isdecimal() or len(text) > 10:
        return None
    return int(text) if 1 <= int(text) <= _LARGEST else None


def _refused(code: int, message: str) -> _Refusal:
    return _Refusal(_json({"error_code": code, "message": message}, code // 100))


def _raw(schema: MessageSchema) -> Response:
    return Response(schema.text, 200, media_type=MEDIA_TYPE)


def _json(document: object, status: int = 200) -> Response:
    return Response(orjson.dumps(document), status, media_type=MEDIA_TYPE)
