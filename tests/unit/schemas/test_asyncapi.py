"""The AsyncAPI document: valid by the specification's own schema, complete, and the same on the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from cli.app import app
from schemas import catalogue, topics
from schemas.asyncapi import asyncapi

SPECS = "@asyncapi/specs@6.8.1"
DOCUMENT = asyncapi()


def references(part: Any) -> Iterator[str]:
    """Yield every reference outside of payloads, which have their own."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "$ref":
                yield value
            elif name != "payload":
                yield from references(value)
    elif isinstance(part, list):
        for one in part:
            yield from references(one)


def resolved(reference: str) -> Any:
    """Return what a reference means."""
    found: Any = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


def test_every_reference_leads_somewhere() -> None:
    found = list(references(DOCUMENT))
    assert len(found) > 100
    for reference in found:
        assert resolved(reference)


def test_every_topic_is_a_channel_with_an_operation() -> None:
    assert set(DOCUMENT["channels"]) == {topic.name for topic in topics.ALL}
    operated = {operation["channel"]["$ref"] for operation in DOCUMENT["operations"].values()}
    assert operated == {f"#/channels/{topic.name}" for topic in topics.ALL}
    for topic in topics.ALL:
        binding = DOCUMENT["channels"][topic.name]["bindings"]["kafka"]
        assert (binding["partitions"], binding["replicas"]) == (topic.partitions, topic.replication)


def test_every_message_is_there_with_its_schema_and_its_id() -> None:
    for name, schema in catalogue.latest().items():
        message = DOCUMENT["components"]["messages"][name]
        assert message["payload"]["schema"] == json.loads(schema.text)
        assert message["x-schema-id"] == schema.schema_id


def test_what_is_signed_says_so() -> None:
    message = DOCUMENT["components"]["messages"]["orders.inbound"]
    assert "webhook-signature" in resolved(message["traits"][0]["$ref"])["headers"]["required"]


def test_the_command_line_prints_the_same_document() -> None:
    done = CliRunner().invoke(app, ["topics", "asyncapi"])
    assert done.exit_code == 0
    assert json.loads(done.stdout) == DOCUMENT


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Give the JSON Schema that the AsyncAPI project publishes for its version 3.0.0."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed here")
    directory: Path = tmp_path_factory.mktemp("asyncapi")
    command = [npm, "install", "--silent", "--no-fund", "--no-audit", SPECS]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install the specification: {done.stderr.strip()[-300:]}")
    return json.loads((directory / "node_modules/@asyncapi/specs/schemas/3.0.0.json").read_text(encoding="utf-8"))


def test_the_document_is_valid_by_the_official_schema(official: Any) -> None:
    problems = [
        f"{error.json_path}: {error.message[:200]}" for error in Draft7Validator(official).iter_errors(DOCUMENT)
    ]
    assert problems == []


def test_the_official_schema_refuses_a_broken_document(official: Any) -> None:
    broken = {**DOCUMENT, "channels": {"a": {"address": 7}}}
    assert not Draft7Validator(official).is_valid(broken)
