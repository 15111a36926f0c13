"""Definitions over REST: deployed once for each version, refused with every finding, listed and shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest
import yaml

from tests.contract.gateway.gate import Answer, Gate, Run, gateway, runner
from tests.definition_texts import echo


@pytest.fixture
def run(new_sqlite_url: Callable[[str], str]) -> Run:
    """Give a runner of scenarios on a fresh gateway."""
    return runner(partial(gateway, new_sqlite_url("gateway"), new_sqlite_url("projector")))


async def deploy(gate: Gate, text: str, query: str = "actor=mara&reason=because") -> Answer:
    return await gate.call("POST", f"/v1/definitions?{query}", chunks=[text.encode()])


def test_a_definition_is_deployed_once_and_shown_with_its_document(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        created = await deploy(gate, echo("1.2.3"))
        assert (created.status, created.headers["location"]) == (201, "/v1/definitions/echo/1")
        again = await deploy(gate, json.dumps(yaml.safe_load(echo("1.2.3"))), "actor=ben")
        assert (again.status, again.body) == (200, created.body)
        shown = await gate.call("GET", created.headers["location"])
        assert shown.status == 200
        assert shown.body["document"] == yaml.safe_load(echo("1.2.3"))
        about = {"name": "echo", "version": 1, "semver": "1.2.3", "actor": "mara", "reason": "because"}
        assert about.items() <= shown.body.items()
        assert shown.body["deployed_at"] == "2023-11-14T22:13:20.000Z"

    run(scenario)


def test_all_versions_of_a_definition_stay_retrievable(run: Run) -> None:
    """Guards M88."""

    async def scenario(gate: Gate) -> None:
        for version in ("1.0.0", "2.0.0", "10.0.0"):
            assert (await deploy(gate, echo(version))).status == 201
        versions = (await gate.call("GET", "/v1/definitions/echo")).body["versions"]
        assert [one["version"] for one in versions] == [1, 2, 10]
        assert [one["document"]["document"]["version"] for one in versions] == ["1.0.0", "2.0.0", "10.0.0"]
        listed = (await gate.call("GET", "/v1/definitions")).body["definitions"]
        assert [(one["name"], one["version"]) for one in listed if one["name"] == "echo"] == [
            ("echo", 1),
            ("echo", 2),
            ("echo", 10),
        ]
        [shipped] = [one for one in listed if one["name"] == "order-fulfillment"]
        assert (shipped["shipped"], shipped["deployed_at"]) == (True, None)

    run(scenario)


def test_another_document_under_a_deployed_version_is_a_conflict(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        await deploy(gate, echo("1.0.0"))
        for text in (echo("1.0.1"), echo("1.0.0", steps=2), echo(name="order-fulfillment")):
            refused = await deploy(gate, text)
            assert (refused.status, refused.body["type"]) == (409, "/problems/version-taken")
        assert "give this one the version 2.0.0" in refused.body["detail"]

    run(scenario)


def test_an_invalid_definition_is_refused_with_every_finding_and_what_to_write_instead(run: Run) -> None:
    """Guards the second half of M91."""

    async def scenario(gate: Gate) -> None:
        text = echo().replace("compensate:", "compensat:").replace("call: echo", "call: nobody")
        refused = await deploy(gate, text)
        assert (refused.status, refused.body["type"]) == (422, "/problems/invalid-definition")
        findings = refused.body["findings"]
        assert len(findings) >= 2
        for finding in findings:
            assert finding["line"] > 1
            assert finding["problem"]
            assert finding["remedy"]
        assert {error["field"] for error in refused.body["errors"]} == {finding["where"] for finding in findings}
        assert (await gate.call("GET", "/v1/definitions/echo")).status == 404
        wrong = await deploy(gate, "\n".join(f"k{number}: 1" for number in range(500)))
        assert (len(wrong.body["findings"]), len(wrong.body["errors"])) == (100, 100)

    run(scenario)


@pytest.mark.parametrize("body", [b"", b"{", b"a: [", b"\xff\xfe", b"just words", b"[1, 2]", b"null"])
def test_what_is_no_document_is_refused(run: Run, body: bytes) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await gate.call("POST", "/v1/definitions?actor=mara", chunks=[body])
        assert (refused.status, refused.body["type"]) == (422, "/problems/invalid-definition")

    run(scenario)


def test_a_deployment_names_who_deploys(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        for query in ("", "actor=", "actor=mara&x=1", "actor=" + "m" * 200):
            refused = await deploy(gate, echo(), query)
            assert (refused.status, refused.body["type"]) == (422, "/problems/invalid-request")

    run(scenario)


def test_a_document_that_is_too_large_is_refused(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await gate.call("POST", "/v1/definitions?actor=mara", chunks=[b"#" * 100_000] * 2)
        assert refused.status == 413

    run(scenario)


@pytest.mark.parametrize("path", ["/v1/definitions/none", "/v1/definitions/order-fulfillment/99"])
def test_what_is_not_deployed_is_a_problem(run: Run, path: str) -> None:
    async def scenario(gate: Gate) -> None:
        missing = await gate.call("GET", path)
        assert (missing.status, missing.body["type"]) == (404, "/problems/unknown-definition")

    run(scenario)


def test_without_kafka_nothing_is_claimed(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        gate.deployments.refuses = True
        refused = await deploy(gate, echo())
        assert (refused.status, refused.body["type"]) == (503, "/problems/not-deployed")
        assert (await gate.call("GET", "/v1/definitions")).status == 503

    run(scenario)
