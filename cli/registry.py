"""Puts the schemas, with the ids that are on the wire, into a schema registry of somebody else."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from cli.failure import ExitCode, Failure
from schemas.catalogue import MessageSchema
from schemas.subjects import Subjects

TIMEOUT_S = 15.0
_MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
_SCHEMES = ("http", "https")
_NOT_THERE = http.client.NOT_FOUND


class Registry(NamedTuple):
    """A registry: its address without credentials, and what goes with each request."""

    url: str
    headers: dict[str, str]


def registry_of(address: str) -> Registry:
    """Return the registry at an address, which may have a name and a password before the host. Raises Failure."""
    parts = urlsplit(address)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        remedy = "Write http://HOST:PORT, or http://HOST:PORT/contexts/.NAME for a context of its own."
        raise Failure("That is no address of a schema registry.", remedy, ExitCode.USAGE)
    headers = {"Content-Type": _MEDIA_TYPE, "Accept": _MEDIA_TYPE}
    if parts.username is not None:
        shown = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(shown.encode()).decode()}"
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="")
    return Registry(urlunsplit(bare).rstrip("/"), headers)


def publish_schemas(registry: Registry, subjects: Subjects | None = None) -> Iterator[str]:
    """Register what is missing, and yield a line for each schema that was and a sum. Raises Failure.

    Nothing is registered where an id belongs to another schema there. The subjects are read-only afterwards: their
    schemas come from here alone.
    """
    subjects = subjects or Subjects()
    missing = [*_missing(registry, subjects)]
    for subject, schemas in missing:
        _put_mode(registry, subject, "IMPORT")
        try:
            for schema in schemas:
                _register(registry, subject, schema)
                yield f"{subject} version {schema.version}: id {schema.schema_id}"
        finally:
            _put_mode(registry, subject, "READONLY")
    whole = sum(len(subjects.versions(name) or ()) for name in subjects.names())
    new = sum(len(schemas) for _, schemas in missing)
    yield f"{new} schemas registered, {whole - new} there already"


def _missing(registry: Registry, subjects: Subjects) -> Iterator[tuple[str, list[MessageSchema]]]:
    """Yield each subject that lacks versions, and these. Raises Failure where one is another schema."""
    for subject in subjects.names():
        missing = []
        for schema in (subjects.versions(subject) or {}).values():
            status, there = _ask(registry, "GET", f"/subjects/{quote(subject, safe='')}/versions/{schema.version}")
            if status == _NOT_THERE:
                _require_free(registry, schema)
                missing.append(schema)
            elif there.get("id") != schema.schema_id:
                raise _taken(registry, f"{subject} version {schema.version} has the id {there.get('id')}", schema)
        if missing:
            yield subject, missing


def _require_free(registry: Registry, schema: MessageSchema) -> None:
    status, there = _ask(registry, "GET", f"/schemas/ids/{schema.schema_id}")
    if status != _NOT_THERE and json.loads(there["schema"]) != json.loads(schema.text):
        raise _taken(registry, f"the id {schema.schema_id} is another schema", schema)


def _taken(registry: Registry, what: str, schema: MessageSchema) -> Failure:
    return Failure(
        f"In {registry.url} {what}, and records of {schema.name} have the id {schema.schema_id}.",
        "Give Sagaline a context of its own there: --registry URL/contexts/.sagaline. Nothing was registered.",
        ExitCode.CHECK_FAILED,
    )


def _put_mode(registry: Registry, subject: str, mode: str) -> None:
    _ask(registry, "PUT", f"/mode/{quote(subject, safe='')}?force=true", {"mode": mode})


def _register(registry: Registry, subject: str, schema: MessageSchema) -> None:
    body = {"schemaType": "AVRO", "schema": schema.text, "id": schema.schema_id, "version": schema.version}
    _ask(registry, "POST", f"/subjects/{quote(subject, safe='')}/versions", body)


def _ask(registry: Registry, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
    """Return status and document of an answer; 404 is one for GET. Raises Failure."""
    url = urlsplit(registry.url)
    connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = connect(url.netloc, timeout=TIMEOUT_S)
    try:
        connection.request(method, f"{url.path}{path}", None if body is None else json.dumps(body), registry.headers)
        response = connection.getresponse()
        document = json.loads(response.read() or b"{}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Failure(
            f"No schema registry answers at {registry.url}: {error}.",
            "Name another with --registry or SCHEMA_REGISTRY_URL.",
            ExitCode.CLUSTER_UNREACHABLE,
        ) from error
    finally:
        connection.close()
    if response.status >= http.client.BAD_REQUEST and not (method == "GET" and response.status == _NOT_THERE):
        said = document.get("message") if isinstance(document, dict) else document
        raise Failure(
            f"{registry.url} refused {method} {path}: {response.status} {said}.",
            "It has to let this client change modes (mode.mutability) and register schemas.",
            ExitCode.CHECK_FAILED,
        )
    return response.status, document
