"""Every route answers bad input with a problem that says what is wrong, and lets nothing of it reach a topic."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from services.gateway.security.access import ROUTES
from services.gateway.security.identity import EVERY_SCOPE, Identity
from tests.contract.gateway.callers import call, guarded
from tests.contract.gateway.gate import Answer, Gate, Run, runner
from tests.contract.gateway.story import Story, entries, projector
from tests.order_form import form

ROOT = {"root": Identity("root", "root", EVERY_SCOPE)}
WITH_BODY = [route for route, rule in ROUTES.items() if rule.scopes is not None and route[0] == "POST"]
WITH_NAMES = [route for route, rule in ROUTES.items() if rule.scopes is not None and "{" in route[1]]
BODIES: dict[str, bytes] = {
    "broken": b"{",
    "not UTF-8": b"\xff\xfe",
    "deep": b"[" * 5_000,
    "not a number": b'{"reason": NaN}',
    "a list": b"[]",
    "a text": b'"text"',
    "null": b"null",
    "an unknown field": b'{"no_such_field": 1}',
    "wrong types": b'{"reason": 5, "name": [], "version": "x", "definition": 7, "data": "x", "lines": {}}',
}
NAMES = ("\x00", "a\x07b", "x" * 300, "../../etc", "'; DROP TABLE orders; --", "\u202e", "\U0001f600", " ", "%")
ODD_KINDS = (
    {"content-type": "text/plain"},
    {"content-type": "multipart/form-data; boundary=x"},
    {"content-type": "application/jsonp"},
    {"content-type": "text/html;application/json"},
    {"content-type": "application/json", "content-encoding": "gzip"},
)
KINDS: tuple[dict[str, str], ...] = (
    {},
    {"content-type": ""},
    {"content-type": "application/json; charset=utf-8"},
    {"content-type": " Application/JSON "},
    {"content-type": "application/vnd.shop.order+json"},
    {"content-type": "application/x-www-form-urlencoded"},
    {"content-encoding": "identity"},
)
QUERIES = (
    "limit=0",
    "limit=201",
    "limit=x",
    "limit=-1",
    "cursor=zzz",
    "cursor=%00",
    "status=%00",
    "lifecycle=" + "x" * 300,
)


@pytest.fixture
def run(new_sqlite_url: Callable[[str], str]) -> Run:
    """Give a runner of scenarios on a gateway that knows root, and an order that awaits approval."""
    urls = (new_sqlite_url("gateway"), new_sqlite_url("projector"))
    waiting = Story("ord_ann").started().awaiting_approval()
    with projector(urls[1]) as (projection, _):
        projection.project(entries(waiting))
    return runner(partial(guarded, urls, ROOT))


def named(path: str, name: str) -> str:
    """Return an address of a route with a name in the place of each of its parts."""
    return "/".join(name if part.startswith("{") else part for part in path.split("/"))


def expect_problem(answer: Answer, asked: object) -> None:
    """Expect a problem that blames the client."""
    assert 400 <= answer.status < 500, (asked, answer)
    assert answer.status not in (401, 403, 429), (asked, answer)
    assert answer.headers["content-type"] == "application/problem+json", asked
    assert {"type", "title", "status", "detail"} <= answer.body.keys(), asked


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_a_bad_body_is_a_problem_on_every_route(run: Run, body: bytes) -> None:
    async def scenario(gate: Gate) -> None:
        for method, path in WITH_BODY:
            for name in ("ord_ann", "1"):
                asked = (method, named(path, name))
                expect_problem(await call(gate, "root", *asked, key="k1", chunks=[body]), asked)
        assert gate.outlet.sent == []

    run(scenario)


def test_a_body_without_end_is_a_problem_on_every_route(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        for method, path in WITH_BODY:
            answer = await call(gate, "root", method, named(path, "ord_ann"), key="k1", chunks=[b" " * 40_000] * 1_000)
            assert (answer.status, answer.body["type"]) == (413, "/problems/too-large"), path
        assert gate.outlet.sent == []

    run(scenario)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_an_odd_name_is_a_problem_on_every_route(run: Run, name: str) -> None:
    async def scenario(gate: Gate) -> None:
        for method, path in WITH_NAMES:
            asked = (method, named(path, name))
            body: dict[str, Any] = {"reason": "x", "name": "x"}
            expect_problem(await call(gate, "root", *asked, None if method == "GET" else body, key="k1"), asked)
        assert gate.outlet.sent == []

    run(scenario)


@pytest.mark.parametrize("query", QUERIES, ids=ascii)
def test_an_odd_question_is_a_problem(run: Run, query: str) -> None:
    async def scenario(gate: Gate) -> None:
        answer = await call(gate, "root", "GET", f"/v1/orders?{query}")
        assert (answer.status, answer.body["type"]) == (422, "/problems/invalid-request")

    run(scenario)


def test_a_question_that_a_route_does_not_know_is_a_problem_on_every_route_that_takes_something(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        for method, path in WITH_BODY:
            answer = await call(gate, "root", method, f"{named(path, 'ord_ann')}?dry=yes", form(), key="k1")
            assert (answer.status, answer.body["type"]) == (422, "/problems/invalid-request"), path
            assert answer.body["errors"][0]["field"] == "dry", path
        assert gate.outlet.sent == []

    run(scenario)


@pytest.mark.parametrize("declared", ODD_KINDS, ids=str)
def test_a_body_that_is_declared_to_be_no_json_is_refused_on_every_route_that_reads_one(
    run: Run, declared: dict[str, str]
) -> None:
    async def scenario(gate: Gate) -> None:
        for method, path in WITH_BODY:
            answer = await call(gate, "root", method, named(path, "ord_ann"), form(), key="k1", **declared)
            expect_problem(answer, path)
            assert (answer.status, answer.body["type"]) == (415, "/problems/unsupported-media-type"), path
            assert answer.headers.keys() & {"accept", "accept-encoding"}, path
        assert gate.outlet.sent == []

    run(scenario)


@pytest.mark.parametrize("declared", KINDS, ids=str)
def test_json_is_json_however_it_is_declared(run: Run, declared: dict[str, str]) -> None:
    async def scenario(gate: Gate) -> None:
        assert (await call(gate, "root", "POST", "/v1/orders", form(), key="k1", **declared)).status == 202
        approved = await call(gate, "root", "POST", "/v1/orders/ord_ann/approve", {}, **declared)
        assert approved.status == 202

    run(scenario)


def test_a_definition_may_be_yaml(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        for kind in ("application/yaml", "text/x-yaml; charset=utf-8", "application/json"):
            answer = await call(gate, "root", "POST", "/v1/definitions", chunks=[b"{"], **{"content-type": kind})
            assert answer.status == 422, kind

    run(scenario)


def test_no_body_is_an_empty_one(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        for path in ("/v1/orders/ord_ann/approve", "/v1/orders/ord_ann/reject", "/v1/sagas/ord_ann/cancel"):
            assert (await call(gate, "root", "POST", path, **{"content-type": "text/plain"})).status == 202, path
        assert [one.fields["actor"] for one in gate.outlet.sent] == ["root"] * 3
        for path in ("/v1/orders", "/v1/sagas", "/v1/approvals/ord_ann", "/v1/sagas/ord_ann/signals"):
            answer = await call(gate, "root", "POST", path, key="k1")
            assert (answer.status, answer.body["errors"][0]["message"]) == (422, "is required"), path

    run(scenario)


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "caf\u00e9", "a\tb"], ids=ascii)
def test_an_odd_key_is_a_problem_on_every_route_that_takes_one(run: Run, key: str) -> None:
    async def scenario(gate: Gate) -> None:
        described = (await gate.call("GET", "/openapi.json")).body["paths"]
        for method, path in WITH_BODY:
            known = described[path][method.lower()].get("parameters", [])
            if any(parameter["name"] == "Idempotency-Key" for parameter in known):
                body = {"reason": "x", "name": "x", "version": 1, "action": "retry", "definition": "etl"}
                expect_problem(await call(gate, "root", method, named(path, "ord_ann"), body, key=key), path)
        assert gate.outlet.sent == []

    run(scenario)
