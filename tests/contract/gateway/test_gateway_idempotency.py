"""A key is one order for as long as it is published to live, and a full buffer turns requests away at once."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable

import pytest

from schemas.cloudevents import rfc3339
from services.gateway import outlet as outlets
from services.gateway.outlet import KafkaOutlet, NotConfirmed, Overloaded
from services.gateway.submitting import KEY_LIVES_MS
from tests.contract.gateway.gate import Gate, gateway
from tests.order_form import form

BORN_MS = 1_700_000_000_000


def test_a_key_says_when_it_expires_and_is_no_order_afterwards(new_url: Callable[[str], str]) -> None:
    urls = (new_url("gateway"), new_url("projector"))
    now_ms = [BORN_MS]

    async def scenario() -> None:
        async with gateway(*urls, now_ms=lambda: now_ms[0]) as gate:
            taken = await gate.call("POST", "/v1/orders", form(), "k1")
            assert taken.headers["idempotency-key-expires"] == rfc3339(BORN_MS + KEY_LIVES_MS)
            assert (taken.headers["retry-after"], taken.status) == ("1", 202)
            now_ms[0] = BORN_MS + KEY_LIVES_MS
            assert await gate.call("POST", "/v1/orders", form(), "k1") == taken
            now_ms[0] += 1
            late = await gate.call("POST", "/v1/orders", form(), "k1")
            assert (late.status, late.body["type"]) == (422, "/problems/idempotency-key-expired")
            assert len(gate.outlet.sent) == 1

    asyncio.run(scenario())


def test_two_gateways_give_one_order_and_one_answer_for_a_key(new_url: Callable[[str], str]) -> None:
    urls = (new_url("gateway"), new_url("projector"))

    async def final(gate: Gate, number: int) -> tuple[int, str]:
        while True:
            answer = await gate.call("POST", "/v1/orders", form(), f"k{number}")
            if answer.status != 409:
                return answer.status, answer.body["order_id"]
            await asyncio.sleep(0.01)

    async def scenario() -> None:
        async with gateway(*urls) as one, gateway(*urls) as other:
            tries = [final(gate, number) for number in range(30) for gate in (one, other) * 5]
            answers = Counter(await asyncio.gather(*tries))
            assert set(answers.values()) == {10}
            assert {status for status, _ in answers} == {202}
            sent = {record.key for gate in (one, other) for record in gate.outlet.sent}
            assert sent == {order_id for _, order_id in answers}
            assert len(sent) == 30

    asyncio.run(asyncio.wait_for(scenario(), 180))


def test_a_full_buffer_turns_records_away_while_the_others_still_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "MAX_IN_FLIGHT", 200)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{nobody.getsockname()[1]}"

        async def scenario() -> None:
            outlet = KafkaOutlet(address, pytest.fail)
            outlet.start(asyncio.get_running_loop())
            waiting = [asyncio.create_task(outlet.send("saga.inputs", b"k", b"v", [])) for _ in range(200)]
            await asyncio.sleep(0)
            for _ in range(1_000):
                with pytest.raises(Overloaded):
                    await outlet.send("saga.inputs", b"k", b"v", [])
            assert not any(task.done() for task in waiting)
            told = await asyncio.gather(*waiting, return_exceptions=True)
            assert {type(error) for error in told} == {NotConfirmed}
            outlet.stop()

        asyncio.run(asyncio.wait_for(scenario(), 180))
