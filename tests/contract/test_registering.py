"""Schemas in a registry of somebody else: their tools decode our records, and what is theirs stays as it was."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from typer.testing import CliRunner

from cli.app import app
from cli.failure import ExitCode, Failure
from cli.registry import publish_schemas, registry_of
from schemas.subjects import Subjects
from tests.message_examples import examples

BASE = "/contexts/.ours"


@dataclass
class Stub:
    """A registry in memory that imports, by the rules of Confluent's, what is in the mode IMPORT."""

    url: str = ""
    ids: dict[int, str] = field(default_factory=dict)
    subjects: dict[str, dict[int, int]] = field(default_factory=dict)
    modes: dict[str, str] = field(default_factory=dict)
    credentials: set[str | None] = field(default_factory=set)
    writes: int = 0

    def answer(self, method: str, path: str, query: str, body: Any) -> tuple[int, Any]:
        """Return status and document."""
        match method, path.removeprefix(BASE).strip("/").split("/"):
            case "GET", ["subjects", subject, "versions", version]:
                found = self.subjects.get(subject, {}).get(int(version))
                return (200, {"id": found, "version": int(version)}) if found else (404, {"error_code": 40402})
            case "GET", ["schemas", "ids", number]:
                text = self.ids.get(int(number))
                return (200, {"schema": text}) if text else (404, {"error_code": 40403})
            case _:
                return self.change(method, path, query, body)

    def change(self, method: str, path: str, query: str, body: Any) -> tuple[int, Any]:
        """Return status and document of what is not only read."""
        match method, path.removeprefix(BASE).strip("/").split("/"):
            case "PUT", ["mode", subject]:
                if body["mode"] == "IMPORT" and subject in self.subjects and "force=true" not in query:
                    return 422, {"error_code": 42205, "message": "Cannot import since found existing subjects"}
                self.modes[subject] = body["mode"]
                return 200, body
            case "POST", ["subjects", subject, "versions"]:
                if self.modes.get(subject) != "IMPORT":
                    return 422, {"error_code": 42205, "message": f"Subject {subject} is not in import mode"}
                self.writes += 1
                self.ids[body["id"]] = body["schema"]
                self.subjects.setdefault(subject, {})[body["version"]] = body["id"]
                return 200, {"id": body["id"]}
            case _:
                return 404, {"error_code": 404, "message": "HTTP 404 Not Found"}


@pytest.fixture
def registry() -> Iterator[Stub]:
    """Give a registry that listens."""
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            url, body = urlsplit(self.path), json.loads(self.rfile.read(length) or b"null")
            stub.credentials.add(self.headers.get("authorization"))
            status, document = stub.answer(self.command, unquote(url.path), url.query, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        do_GET = do_PUT = do_POST = _handle  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stub.url = f"http://127.0.0.1:{server.server_port}{BASE}"
    yield stub
    server.shutdown()
    server.server_close()


def test_tools_that_ask_that_registry_decode_every_record(registry: Stub) -> None:
    done = CliRunner().invoke(app, ["topics", "schemas"], env={"SCHEMA_REGISTRY_URL": registry.url})
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (
        0,
        f"{registry.writes} schemas registered, 0 there already",
    )
    with SchemaRegistryClient({"url": registry.url}) as client:
        decode = AvroDeserializer(client)
        for example in examples():
            assert decode(example.value, SerializationContext("any-topic", MessageField.VALUE)), example.schema.name


def test_repeated_it_writes_nothing_and_its_subjects_are_read_only(registry: Stub) -> None:
    list(publish_schemas(registry_of(registry.url)))
    before = registry.writes
    assert list(publish_schemas(registry_of(registry.url))) == [f"0 schemas registered, {before} there already"]
    assert registry.writes == before
    assert set(registry.modes.values()) == {"READONLY"}


def test_a_version_that_is_new_joins_those_that_are_there(registry: Stub) -> None:
    subjects = Subjects()
    list(publish_schemas(registry_of(registry.url)))
    name = next(name for name in subjects.names() if len(subjects.versions(name) or ()) > 1)
    del registry.subjects[name][2]
    lines = list(publish_schemas(registry_of(registry.url)))
    assert lines[0].startswith(f"{name} version 2: id ")
    assert registry.modes[name] == "READONLY"


def test_ids_of_others_are_left_alone_and_nothing_is_registered(registry: Stub) -> None:
    registry.ids[101] = '{"type": "string"}'
    with pytest.raises(Failure, match="contexts") as refused:
        list(publish_schemas(registry_of(registry.url)))
    assert refused.value.code is ExitCode.CHECK_FAILED
    assert registry.writes == 0
    assert registry.ids[101] == '{"type": "string"}'


def test_a_password_goes_into_the_request_and_into_no_message(registry: Stub) -> None:
    registry.ids[101] = '{"type": "string"}'
    with pytest.raises(Failure) as refused:
        list(publish_schemas(registry_of(registry.url.replace("http://", "http://ann:p%40ss@"))))
    assert registry.credentials == {"Basic YW5uOnBAc3M="}
    assert "p@ss" not in str(refused.value)
    assert "p%40ss" not in str(refused.value)


@pytest.mark.parametrize("address", ["registry:8081", "ftp://registry", "http://", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Failure) as refused:
        registry_of(address)
    assert refused.value.code is ExitCode.USAGE
