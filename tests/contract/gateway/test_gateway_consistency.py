"""After a 202 a read sees what was written, or says that it may not: and what is shown in an outage says so too."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from queue import Queue
from typing import Any

import pytest

from services.gateway.reading import looking
from services.gateway.reading.freshness import Lag, Staleness
from tests.contract.gateway.callers import having
from tests.contract.gateway.gate import Answer, Gate, Sent, gateway
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import Story, entries, projector
from tests.order_form import form

ORDERS = int(os.environ.get("SAGALINE_ORDERS", "1000"))
"""8 reads each; 12,500 of them are 100,000 reads."""
AT_ONCE = 20
LONGEST_S = 0.2
"""What an order with its reads may take, on the busiest machine; for the bound of the whole."""
READS = 6
TURNED = {"code": "cancelled", "message": "", "plan": [], "status": "COMPENSATING"}


class Engine:
    """An orchestrator and a projector in one: a thread that answers inputs with events, late, in batches."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._inputs: Queue[Sent | None] = Queue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def feed(self, gate: Gate, taken: int) -> int:
        """Hand over the records that reached the outlet after the first `taken`; return how many there are."""
        for sent in gate.outlet.sent[taken:]:
            self._inputs.put(sent)
        return len(gate.outlet.sent)

    def stop(self) -> None:
        """Project what is there, then end."""
        self._inputs.put(None)
        self._thread.join()

    def _work(self) -> None:
        stories: dict[str, Story] = {}
        first = 0
        with projector(self._url) as (projection, _):
            while (sent := self._inputs.get()) is not None:
                story = stories.get(sent.key)
                cause = sent.fields["meta"]["input_id"]
                if story is None:
                    story = stories[sent.key] = Story(sent.key)
                    story.event("SagaStarted", data=sent.fields["data"], parameters="{}", cause=cause)
                else:
                    story.event("CancelRequested", actor="a", reason="", cause=cause)
                    story.event("CompensationStarted", **TURNED, cause=cause)
                records = entries(story, first=first)
                first = records[-1].offset + 1
                projection.project(records)


def test_of_thousands_of_reads_after_a_202_none_is_stale(new_sqlite_url: Callable[[str], str]) -> None:
    urls = (new_sqlite_url("gateway"), new_sqlite_url("projector"))
    reads: list[bool] = []

    async def live(gate: Gate, number: int) -> None:
        taken = await gate.call("POST", "/v1/orders", form(), f"k{number}")
        url, token = taken.headers["location"], taken.headers["consistency-token"]
        latest = 0
        for turn in range(READS):
            headers = having({"if-consistent-with": token} if turn % 2 else {})
            seen = await gate.call("GET", url, **headers)
            reads.append(seen.status == 200 and not seen.body["stale"] and seen.body["sequence"] >= latest)
            latest = seen.body["sequence"]
        cancelled = await gate.call("POST", f"{url}/cancel", {"actor": "a"}, "c")
        token = cancelled.headers["consistency-token"]
        for read in (url, f"{url}/history"):
            seen = await gate.call("GET", f"{read}?consistent_with={token}")
            body = seen.body["events"][-1]["to"] if read != url else seen.body
            reads.append(seen.status == 200 and not seen.body["stale"] and body["status"] == "COMPENSATING")

    async def scenario() -> None:
        engine, taken = Engine(urls[1]), 0
        async with gateway(*urls) as gate:
            numbers = iter(range(ORDERS))

            async def caller() -> None:
                for number in numbers:
                    await live(gate, number)

            pending = {asyncio.create_task(caller()) for _ in range(AT_ONCE)}
            while pending:
                done, pending = await asyncio.wait(pending, timeout=0.01)
                for ended in done:
                    ended.result()
                taken = engine.feed(gate, taken)
        engine.stop()

    asyncio.run(asyncio.wait_for(scenario(), 600 + ORDERS * LONGEST_S))
    assert len(reads) == ORDERS * (READS + 2)
    assert reads.count(False) == 0


def test_a_read_with_a_token_waits_for_the_read_model(shop: Shop) -> None:
    story = Story("ord_a").started().awaiting_approval()
    shop.project(story)

    async def scenario(gate: Gate) -> None:
        approved = await gate.call("POST", "/v1/orders/ord_a/approve", {"actor": "ann"}, "d1")
        token = approved.headers["consistency-token"]
        before = await gate.call("GET", "/v1/orders/ord_a")
        assert before.body["status"] == "AWAITING_APPROVAL"
        reading = asyncio.create_task(gate.call("GET", "/v1/orders/ord_a", **having({"if-consistent-with": token})))
        done, _ = await asyncio.wait({reading}, timeout=0.3)
        assert not done
        cause = gate.outlet.sent[-1].fields["meta"]["input_id"]
        signal = {"step": "approval", "signal": "approve", "actor": "ann", "data": "{}", "settles": True}
        await asyncio.to_thread(shop.project, story.event("SignalReceived", **signal, status="RUNNING", cause=cause))
        seen = await reading
        assert (seen.body["status"], seen.body["stale"]) == ("RUNNING", False)

    shop.run(scenario)


def test_a_read_that_cannot_have_what_its_token_names_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looking, "TOKEN_WAIT_S", 0.2)
    shop.project(Story("ord_a").started())

    async def scenario(gate: Gate) -> None:
        cancelled = await gate.call("POST", "/v1/orders/ord_a/cancel", {"actor": "a"}, "c1")
        token = cancelled.headers["consistency-token"]
        for path in ("", "/history", "/explain"):
            seen = await gate.call("GET", f"/v1/orders/ord_a{path}?consistent_with={token}")
            assert (seen.status, seen.body["stale"], seen.body["stale_because"]) == (200, True, "read-model")
        for wrong in ("x", "e30", cancelled.headers["consistency-token"][:-4]):
            refused = await gate.call("GET", f"/v1/orders/ord_a?consistent_with={wrong}")
            assert (refused.status, refused.body["errors"][0]["field"]) == (422, "consistent_with")
        assert (await gate.call("GET", f"/v1/orders/ord_b?consistent_with={token}")).status == 422

    shop.run(scenario)


def test_an_order_whose_mark_was_lost_in_a_crash_is_seen_with_its_token(new_url: Callable[[str], str]) -> None:
    urls = (new_url("gateway"), new_url("projector"))
    now_ms = [1_700_000_000_000]

    async def accepted() -> Answer:
        async with gateway(*urls, now_ms=lambda: now_ms[0]) as gate:
            gate.outlet.gate = asyncio.Event()
            posted = asyncio.create_task(gate.call("POST", "/v1/orders", form(), "k1"))
            await gate.outlet.arrived.wait()
            posted.cancel()  # as if the process died between Kafka's answer and the mark
            gate.outlet.gate.set()
        async with gateway(*urls, now_ms=lambda: now_ms[0]) as other:
            other.outlet.refuses = True
            assert (await other.call("POST", "/v1/orders", form(), "k1")).status == 503
            other.outlet.refuses = False
            return await other.call("POST", "/v1/orders", form(), "k1")

    async def seen(taken: Answer) -> None:
        now_ms[0] += 60_000
        async with gateway(*urls, now_ms=lambda: now_ms[0]) as gate:
            url, token = taken.headers["location"], taken.headers["consistency-token"]
            found = await gate.call("GET", f"{url}?consistent_with={token}")
            assert (found.status, found.body["status"]) == (200, "RUNNING")

    asyncio.run(seen(asyncio.run(accepted())))


@pytest.mark.parametrize("because", ["orchestrator", "kafka", "read-model"])
def test_in_an_outage_every_answer_is_the_last_known_state_with_its_age(shop: Shop, because: str) -> None:
    shop.project(Story("ord_a").started().scheduled("lock-inventory"), Story("etl_1", definition="etl").started())

    async def scenario(gate: Gate) -> None:
        urls = ["/v1/orders/ord_a", "/v1/orders/ord_a/history", "/v1/orders/ord_a/explain", "/v1/orders"]
        urls += ["/v1/sagas/etl_1", "/v1/sagas/etl_1/history", "/v1/sagas", "/v1/approvals", "/v1/stats/failures"]
        fresh: dict[str, dict[str, Any]] = {}
        for url in urls:
            answer = await gate.call("GET", url)
            assert (answer.status, answer.body["stale"], answer.body["age_s"]) == (200, False, 0.0), url
            fresh[url] = answer.body
        gate.freshness.staleness = Staleness(stale=True, age_ms=12_300, because=because)
        for url in urls:
            answer = await gate.call("GET", url)
            said = {name: answer.body.pop(name) for name in ("stale", "age_s", "stale_because")}
            assert (answer.status, said) == (200, {"stale": True, "age_s": 12.3, "stale_because": because}), url
            if "summary" not in answer.body:
                assert fresh[url].items() >= answer.body.items(), url
        tag = (await gate.call("GET", urls[0])).headers["etag"]
        assert (await gate.call("GET", urls[0], **having({"if-none-match": tag}))).status == 200

    shop.run(scenario)


def test_without_the_read_model_the_state_that_was_shown_last_is_shown(new_sqlite_url: Callable[[str], str]) -> None:
    urls = (new_sqlite_url("gateway"), new_sqlite_url("projector"))
    now_ms = [1_700_000_000_000]
    with projector(urls[1]) as (projection, _):
        projection.project(entries(Story("ord_a").shipped(), Story("ord_b").shipped()))

    async def scenario() -> None:
        async with gateway(*urls, now_ms=lambda: now_ms[0]) as gate:
            shown = (await gate.call("GET", "/v1/orders/ord_a")).body
            taken = await gate.call("POST", "/v1/orders", form(), "k1")
            with sqlite3.connect(urls[1].removeprefix("sqlite:///")) as connection:
                for table in ("orders", "order_events", "sagas"):
                    connection.execute(f"ALTER TABLE {table} RENAME TO away_{table}")
            now_ms[0] += 7_500
            again = await gate.call("GET", "/v1/orders/ord_a")
            lost = {"stale": True, "age_s": 7.5, "stale_because": "read-model"}
            assert (again.status, again.body) == (200, {**shown, **lost})
            pending = await gate.call("GET", taken.headers["location"])
            assert (pending.status, pending.body["lifecycle"], pending.body["stale"]) == (200, "pending", True)
            token = taken.headers["consistency-token"]
            assert (await gate.call("GET", taken.headers["location"], **having({"if-consistent-with": token}))).body[
                "stale"
            ]
            assert (await gate.call("GET", "/v1/orders/ord_b")).status == 503

    asyncio.run(scenario())


def test_the_lag_is_told_by_partition(shop: Shop) -> None:
    async def scenario(gate: Gate) -> None:

        gate.freshness.staleness = Staleness(stale=False, age_ms=800, lags=(Lag(0, 90, 100), Lag(1, 7, 7)))
        body = (await gate.call("GET", "/v1/read-model")).body
        assert body["lag"] == {"records": 10, "seconds": 0.8}
        assert body["partitions"][0] == {"partition": 0, "position": 90, "end": 100, "lag": 10}
        gate.freshness.staleness = Staleness(stale=True, age_ms=9_000, because="kafka", lags=(Lag(0, 90, None),))
        body = (await gate.call("GET", "/v1/read-model")).body
        assert (body["lag"]["records"], body["stale_because"]) == (None, "kafka")

    shop.run(scenario)
