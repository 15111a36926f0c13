"""Clients with signing secrets: an order is taken only when it is signed, lately, as it is, and for the first time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from services.signatures import headers_of
from tests.contract.gateway.callers import SECRET, call, guarded
from tests.contract.gateway.gate import Answer, Gate, Run, runner
from tests.order_form import form

NOW_S = 1_700_000_000


@pytest.fixture
def run(new_url: Callable[[str], str]) -> Run:
    """Give a runner of scenarios on a gateway that knows the callers, on each kind of database."""
    urls = (new_url("gateway"), new_url("projector"))
    return runner(partial(guarded, urls))


async def post(gate: Gate, body: bytes, headers: dict[str, str], key: str = "k1") -> Answer:
    """Post a body as it is, in two chunks, as the client that signs."""
    return await call(gate, "signer", "POST", "/v1/orders", None, key=key, chunks=[body[:9], body[9:]], **headers)


def signed(body: bytes, message_id: str = "msg_1", at_s: int = NOW_S, secret: bytes = SECRET) -> dict[str, str]:
    """Return the headers of a signed body."""
    return headers_of([secret], message_id, at_s, body)


def test_a_signed_order_is_taken_once_for_each_message(run: Run) -> None:
    body = json.dumps(form()).encode()

    async def scenario(gate: Gate) -> None:
        assert (await post(gate, body, signed(body))).status == 202
        replayed = await post(gate, body, signed(body), key="k2")
        assert (replayed.status, replayed.body["type"]) == (401, "/problems/signature-refused")
        again = await post(gate, body, signed(body, "msg_2"))
        assert again.status == 202
        assert len(gate.outlet.sent) == 1

    run(scenario)


def test_a_message_stays_known_to_the_next_gateway(run: Run) -> None:
    body = json.dumps(form()).encode()

    async def first(gate: Gate) -> None:
        assert (await post(gate, body, signed(body))).status == 202

    async def second(gate: Gate) -> None:
        assert (await post(gate, body, signed(body), key="k2")).status == 401
        assert gate.outlet.sent == []

    run(first)
    run(second)


def test_of_the_same_message_many_times_at_once_one_is_taken(run: Run) -> None:
    body = json.dumps(form()).encode()

    async def scenario(gate: Gate) -> None:
        answers = await asyncio.gather(*(post(gate, body, signed(body), key=f"k{n}") for n in range(20)))
        assert sorted(answer.status for answer in answers) == [202] + [401] * 19
        assert len(gate.outlet.sent) == 1

    run(scenario)


def without(name: str, body: bytes) -> dict[str, str]:
    """Return the headers of a signed body but for one."""
    return {header: value for header, value in signed(body).items() if header != name}


BODY = json.dumps(form()).encode()
REFUSED: dict[str, tuple[bytes, dict[str, Any]]] = {
    "missing": (BODY, {}),
    "no id": (BODY, without("webhook-id", BODY)),
    "no time": (BODY, without("webhook-timestamp", BODY)),
    "no signature": (BODY, without("webhook-signature", BODY)),
    "wrong": (BODY, signed(BODY, secret=b"x" * 32)),
    "nonsense": (BODY, {**signed(BODY), "webhook-signature": "v1,caf"}),
    "altered": (BODY.replace(b"536365", b"536366"), signed(BODY)),
    "altered by a space": (BODY + b" ", signed(BODY)),
    "another id": (BODY, {**signed(BODY), "webhook-id": "msg_2"}),
    "another time": (BODY, {**signed(BODY), "webhook-timestamp": str(NOW_S + 1)}),
    "expired": (BODY, signed(BODY, at_s=NOW_S - 301)),
    "from the future": (BODY, signed(BODY, at_s=NOW_S + 301)),
}


@pytest.mark.parametrize(("body", "headers"), REFUSED.values(), ids=list(REFUSED))
def test_an_order_that_is_not_signed_as_it_must_be_reaches_no_topic(
    new_sqlite_url: Callable[[str], str], body: bytes, headers: dict[str, str]
) -> None:
    async def scenario() -> None:
        async with guarded((new_sqlite_url("gateway"), new_sqlite_url("projector"))) as gate:
            refused = await post(gate, body, headers)
            assert (refused.status, refused.body["type"]) == (401, "/problems/signature-refused")
            assert gate.outlet.sent == []
            assert (await post(gate, BODY, signed(BODY))).status == 202

    asyncio.run(scenario())


def test_a_signed_body_is_counted_as_it_comes(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await call(gate, "signer", "POST", "/v1/orders", key="k1", chunks=[b" " * 40_000] * 1000)
        assert (refused.status, refused.body["type"]) == (413, "/problems/too-large")

    run(scenario)


def test_clients_without_a_secret_need_not_sign(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        assert (await call(gate, "shop", "POST", "/v1/orders", form(), key="k1")).status == 202

    run(scenario)
