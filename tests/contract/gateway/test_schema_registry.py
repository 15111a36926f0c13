"""The schema registry's read API: its answers, and tools that are not ours decoding every message with it."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext
from fastapi import FastAPI
from fastapi.testclient import TestClient

from schemas import catalogue
from schemas.catalogue import MessageSchema
from schemas.subjects import Subjects
from services.gateway import schema_registry
from tests.message_examples import Example, examples

MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"
PATIENCE_S = 180.0
PACKAGES = ("@kafkajs/confluent-schema-registry@3.9.0", "avsc@5.7.9")
NODE = """
const {SchemaRegistry} = require('@kafkajs/confluent-schema-registry')
const registry = new SchemaRegistry({host: process.argv[2]})
const lines = require('fs').readFileSync(0, 'utf8').trim().split('\\n')
;(async () => {
  for (const line of lines) {
    const fields = await registry.decode(Buffer.from(line, 'base64'))
    console.log(JSON.stringify(fields))
  }
})().catch(error => { console.error(error); process.exit(1) })
"""


@pytest.fixture(scope="module")
def app() -> FastAPI:
    """Give the registry's routes on their own."""
    app = FastAPI()
    app.include_router(schema_registry.routes(Subjects()))
    return app


@pytest.fixture(scope="module")
def client(app: FastAPI) -> TestClient:
    """Give a client of the routes."""
    return TestClient(app)


@pytest.fixture(scope="module")
def address(app: FastAPI) -> Iterator[str]:
    """Give the address of a server of the routes."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + PATIENCE_S
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def latest(name: str) -> MessageSchema:
    return catalogue.latest()[name]


def test_subjects_are_the_full_names_of_the_records(client: TestClient) -> None:
    listed = client.get("/subjects")
    assert (listed.status_code, listed.headers["content-type"]) == (200, MEDIA_TYPE)
    assert set(listed.json()) == {f"sagaline.{name}" for name in catalogue.latest()} | {
        "notification.commands-value",
        "tasks.commands-value",
    }
    payments = client.get("/subjects", params={"subjectPrefix": "sagaline.payment."}).json()
    assert "sagaline.payment.CapturePayment" in payments
    assert all(name.startswith("sagaline.payment.") for name in payments)


def test_every_version_of_every_subject_is_there_with_its_id(client: TestClient) -> None:
    for schema in catalogue.load().values():
        subject = f"sagaline.{schema.name}"
        assert schema.version in client.get(f"/subjects/{subject}/versions").json()
        shown = client.get(f"/subjects/{subject}/versions/{schema.version}").json()
        assert (shown["subject"], shown["version"], shown["id"]) == (subject, schema.version, schema.schema_id)
        assert shown["schema"] == schema.text == client.get(f"/schemas/ids/{schema.schema_id}").json()["schema"]
        raw = client.get(f"/subjects/{subject}/versions/{schema.version}/schema")
        assert raw.json() == json.loads(schema.text) == client.get(f"/schemas/ids/{schema.schema_id}/schema").json()
        uses = client.get(f"/schemas/ids/{schema.schema_id}/versions").json()
        assert {"subject": subject, "version": schema.version} in uses
        assert subject in client.get(f"/schemas/ids/{schema.schema_id}/subjects").json()


@pytest.mark.parametrize(
    "subject",
    ["sagaline.saga.StepScheduled", "saga.events-sagaline.saga.StepScheduled"],
    ids=["record name", "topic and record name"],
)
def test_the_latest_version_is_the_newest(client: TestClient, subject: str) -> None:
    for version in ("latest", "-1"):
        shown = client.get(f"/subjects/{subject}/versions/{version}").json()
        assert shown["id"] == latest("saga.StepScheduled").schema_id
        assert shown["version"] == latest("saga.StepScheduled").version > 1


def test_a_topic_with_one_message_is_a_subject_too(client: TestClient) -> None:
    shown = client.get("/subjects/notification.commands-value/versions/latest").json()
    assert shown["id"] == latest("notification.NotifyCustomer").schema_id
    assert client.get("/subjects/saga.events-value/versions/latest").json()["error_code"] == 40401


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subjects/nothing/versions", 404, 40401),
        ("/subjects/nothing/versions/1", 404, 40401),
        ("/subjects/sagaline.saga.Signal/versions/99", 404, 40402),
        ("/subjects/sagaline.saga.Signal/versions/99/schema", 404, 40402),
        ("/subjects/sagaline.saga.Signal/versions/0", 422, 42202),
        ("/subjects/sagaline.saga.Signal/versions/first", 422, 42202),
        ("/subjects/sagaline.saga.Signal/versions/9999999999", 422, 42202),
        ("/schemas/ids/1", 404, 40403),
        ("/schemas/ids/1/schema", 404, 40403),
        ("/schemas/ids/1/versions", 404, 40403),
        ("/schemas/ids/none/subjects", 404, 40403),
        ("/schemas/ids/99999999999999999999", 404, 40403),
        ("/config/nothing", 404, 40401),
        ("/config/sagaline.saga.Signal", 404, 40408),
    ],
)
def test_what_is_not_there_has_the_error_its_clients_know(
    client: TestClient, path: str, status: int, code: int
) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, MEDIA_TYPE)
    assert answer.json()["error_code"] == code
    assert answer.json()["message"]


def test_kinds_compatibility_and_mode(client: TestClient) -> None:
    assert client.get("/schemas/types").json() == ["AVRO"]
    assert client.get("/config").json() == {"compatibilityLevel": "BACKWARD_TRANSITIVE"}
    default = client.get("/config/sagaline.saga.Signal", params={"defaultToGlobal": "true"})
    assert default.json() == {"compatibilityLevel": "BACKWARD_TRANSITIVE"}
    assert client.get("/mode").json() == {"mode": "READONLY"}


def plain(value: Any) -> Any:
    """Return a value with times as milliseconds, as they are on the wire."""
    match value:
        case datetime():
            return round(value.timestamp() * 1000)
        case dict():
            return {name: plain(one) for name, one in value.items()}
        case list():
            return [plain(one) for one in value]
    return value


def test_confluents_own_deserializer_decodes_every_version_of_every_message(address: str) -> None:
    with SchemaRegistryClient({"url": address}) as registry:
        decode = AvroDeserializer(registry)
        for example in examples():
            decoded = decode(example.value, SerializationContext("any-topic", MessageField.VALUE))
            assert plain(decoded) == example.fields, example.schema.name


@pytest.fixture(scope="module")
def node_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a directory where Node.js has the decoder of the KafkaJS project."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not installed here")
    directory = tmp_path_factory.mktemp("node")
    command = [npm, "install", "--silent", "--no-fund", "--no-audit", *PACKAGES]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install the decoder: {done.stderr.strip()[-300:]}")
    (directory / "decode.js").write_text(NODE)
    return directory


def test_a_decoder_in_another_language_decodes_every_version_of_every_message(
    address: str, node_directory: Path
) -> None:
    told: list[Example] = list(examples())
    lines = "\n".join(base64.b64encode(example.value).decode() for example in told)
    command = ["node", "decode.js", address]
    done = subprocess.run(
        command, cwd=node_directory, input=lines, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    decoded = [json.loads(line) for line in done.stdout.splitlines()]
    for example, fields in zip(told, decoded, strict=True):
        assert fields == example.fields, example.schema.name
