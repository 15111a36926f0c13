"""Every route asks for credentials and a scope, shows customers their own orders alone, and records who acts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from starlette.routing import Route

from schemas.personal_data import RESOLVE
from services.gateway.security.access import ROUTES, Kind, Rule
from services.gateway.security.identity import Scope
from tests.contract.gateway.callers import CALLERS, call, guarded
from tests.contract.gateway.gate import Gate, Run, runner
from tests.contract.gateway.story import Story, entries, projector
from tests.order_form import form

CREDENTIALS = [(route, rule) for route, rule in ROUTES.items() if rule.scopes is not None]
NAMING_ORDERS = [route for route in ROUTES if "{order_id}" in route[1]]
BY_SCOPE = {Scope.CUSTOMER: "shop", Scope.OPERATOR: "olga", Scope.ADMIN: "adam"}
NOT_GOOD: list[dict[str, Any]] = [
    {},
    {"authorization": "Bearer nobody"},
    {"authorization": "Basic c2hvcDpzaG9w"},
]


@pytest.fixture
def run(new_sqlite_url: Callable[[str], str]) -> Run:
    """Give a runner of scenarios on a gateway that knows the callers, and one order of ann's that awaits approval."""
    urls = (new_sqlite_url("gateway"), new_sqlite_url("projector"))
    waiting = Story("ord_ann").started().awaiting_approval()
    with projector(urls[1]) as (projection, _):
        projection.project(entries(waiting))
    return runner(partial(guarded, urls))


def of(path: str) -> str:
    """Return an address of a route, about ann's order where it names one."""
    values = {"order_id": "ord_ann", "saga_id": "ord_ann", "name": "etl", "version": "1", "date": "2026-11-20"}
    values |= {"subject": "sagaline.saga.Signal", "schema_id": "114", "letter_id": "0-0", "approval_id": "ord_ann"}
    return path.format_map(defaultdict(lambda: "17850", values))


def routes_of(routes: Any) -> Iterator[tuple[str, str]]:
    """Yield the method and the path of every route of an application, those out of its description too."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_of(inner.routes)
        elif isinstance(route, Route):
            yield from ((method, route.path) for method in (route.methods or ()) if method != "HEAD")
        else:
            raise AssertionError(f"{route} has no entry in the table")


def test_every_route_is_in_the_table_and_no_other(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        assert set(routes_of(gate.routes.routes)) == set(ROUTES)

    run(scenario)


def test_without_good_credentials_every_route_is_a_401(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        for method, path in [route for route, _ in CREDENTIALS]:
            for headers in NOT_GOOD:
                answer = await gate.call(method, of(path), form(), "k1", **headers)
                assert (answer.status, answer.body["type"]) == (401, "/problems/unauthenticated"), (method, path)
                assert answer.headers["www-authenticate"] == 'Bearer realm="sagaline"'
                assert answer.headers["content-type"] == "application/problem+json"
        assert (await gate.call("GET", "/v1/no-such-thing")).status == 401
        assert gate.outlet.sent == []

    run(scenario)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_scope_opens_its_routes_and_no_other(run: Run, scope: Scope) -> None:
    async def scenario(gate: Gate) -> None:
        for (method, path), rule in CREDENTIALS:
            before = len(gate.outlet.sent)
            answer = await call(gate, BY_SCOPE[scope], method, of(path), {}, key="k1")
            allowed = scope in (rule.scopes or ())
            assert (answer.status != 403) is allowed, (method, path, answer.status)
            assert answer.status != 401
            if not allowed:
                assert answer.body["type"] == "/problems/forbidden"
                assert len(gate.outlet.sent) == before

    run(scenario)


def test_what_needs_no_credentials_is_health_and_the_description(run: Run) -> None:
    # The vault asks for a proof of its own: test_personal_data.py.
    open_routes = {path for (_, path), rule in ROUTES.items() if rule == Rule(None)} - {RESOLVE}
    registry = {path for path in open_routes if path.startswith(("/subjects", "/schemas/", "/config", "/mode"))}
    descriptions = {"/v1/asyncapi.json", "/v1/schemas", "/v1/schemas/{name}"}
    descriptions |= {"/openapi.json", "/docs", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"}
    assert open_routes - registry == {"/healthz", "/readyz"} | descriptions

    async def scenario(gate: Gate) -> None:
        for path in open_routes - {"/config/{subject}", "/v1/schemas/{name}"}:
            assert (await gate.call("GET", of(path))).status == 200

    run(scenario)


def test_somebody_elses_order_is_not_there_on_every_route_that_names_one(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        taken = await call(gate, "ann", "POST", "/v1/orders", form(), key="k1")
        fresh = taken.body["order_id"]
        for method, path in NAMING_ORDERS:
            for order_id in ("ord_ann", fresh, "ord_none"):
                url = path.replace("{order_id}", order_id)
                answer = await call(gate, "bob", method, url, {}, key="k2")
                if Scope.CUSTOMER in (ROUTES[method, path].scopes or ()):
                    assert (answer.status, answer.body["type"]) == (404, "/problems/unknown-order"), (method, url)
                    assert answer.body["detail"] == f"no order {order_id}"
                else:
                    assert answer.status == 403, (method, url)
        assert len(gate.outlet.sent) == 1

    run(scenario)


def test_customers_read_and_cancel_what_is_theirs(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        for caller in ("ann", "shop"):
            fresh = (await call(gate, caller, "POST", "/v1/orders", form(), key="k1")).body["order_id"]
            for order_id in ("ord_ann", fresh):
                assert (await call(gate, caller, "GET", f"/v1/orders/{order_id}")).status == 200
                assert (await call(gate, caller, "GET", f"/v1/orders/{order_id}/history")).status == 200
                cancelled = await call(gate, caller, "POST", f"/v1/orders/{order_id}/cancel", {"reason": "late"})
                assert cancelled.status == 202

    run(scenario)


def test_the_list_holds_the_callers_own_orders(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        seen = {name: (await call(gate, name, "GET", "/v1/orders")).body for name in ("ann", "bob", "shop", "olga")}
        shown = {name: [order["order_id"] for order in page["orders"]] for name, page in seen.items()}
        assert shown == {"ann": ["ord_ann"], "bob": [], "shop": ["ord_ann"], "olga": ["ord_ann"]}

    run(scenario)


def test_an_order_for_another_customer_is_refused_and_leaves_no_record(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await call(gate, "bob", "POST", "/v1/orders", form(), key="k1")
        assert (refused.status, refused.body["type"]) == (403, "/problems/forbidden")
        assert gate.outlet.sent == []

    run(scenario)


def test_the_same_key_of_two_clients_is_two_orders(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        taken = [await call(gate, name, "POST", "/v1/orders", form(), key="k1") for name in ("ann", "shop")]
        assert len({answer.body["order_id"] for answer in taken}) == 2

    run(scenario)


ACTS: dict[str, tuple[str, dict[str, Any]]] = {
    "approve": ("/v1/orders/ord_ann/approve", {"reason": "fine"}),
    "reject": ("/v1/orders/ord_ann/reject", {"reason": "odd"}),
    "cancel": ("/v1/orders/ord_ann/cancel", {"reason": "late"}),
    "signal": ("/v1/sagas/ord_ann/signals", {"name": "delivered"}),
    "cancel a saga": ("/v1/sagas/ord_ann/cancel", {"reason": "late"}),
    "migrate": ("/v1/sagas/ord_ann/migrate", {"version": 1}),
}


@pytest.mark.parametrize(("url", "body"), ACTS.values(), ids=list(ACTS))
def test_who_acts_is_who_the_credentials_say(run: Run, url: str, body: dict[str, Any]) -> None:
    async def scenario(gate: Gate) -> None:
        forged = await call(gate, "olga", "POST", url, {**body, "actor": "adam"})
        assert (forged.status, [error["field"] for error in forged.body["errors"]]) == (422, ["actor"])
        assert gate.outlet.sent == []
        for claimed in ({}, {"actor": "olga"}):
            assert (await call(gate, "olga", "POST", url, {**body, **claimed})).status == 202
        assert [sent.fields["actor"] for sent in gate.outlet.sent] == ["olga", "olga"]

    run(scenario)


def test_every_route_that_records_an_actor_is_marked_so(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        described = (await gate.call("GET", "/openapi.json")).body["paths"]
        for (method, path), rule in CREDENTIALS:
            asked = json.dumps({**described[path][method.lower()], "responses": {}})
            assert ('"actor"' in asked) is (rule.kind is Kind.ACT), (method, path)

    run(scenario)


def test_the_description_says_which_credentials_a_route_takes(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        document = (await gate.call("GET", "/openapi.json")).body
        assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                scopes = ROUTES[method.upper(), path].scopes
                assert operation["security"] == ([] if scopes is None else [{"bearer": sorted(scopes)}]), path

    run(scenario)


def test_a_definition_names_the_administrator_who_deployed_it(run: Run) -> None:
    document = {
        "document": {"dsl": "1.0.3", "namespace": "test", "name": "tiny", "version": "1.0.0"},
        "do": [{"rest": {"wait": {"seconds": 1}}}],
    }

    async def scenario(gate: Gate) -> None:
        forged = await call(gate, "adam", "POST", "/v1/definitions?actor=olga", document)
        assert (forged.status, forged.body["errors"][0]["field"]) == (422, "actor")
        deployed = await call(gate, "adam", "POST", "/v1/definitions", document)
        assert (deployed.status, deployed.body["actor"]) == (201, "adam"), deployed.body

    run(scenario)


def test_administrators_alone_learn_what_is_not_there(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        for caller in CALLERS:
            assert (await call(gate, caller, "GET", "/v1/nothing")).status == 404
            wrong = await call(gate, caller, "DELETE", "/v1/orders")
            assert (wrong.status, wrong.body["type"]) == (405, "/problems/method-not-allowed")

    run(scenario)
