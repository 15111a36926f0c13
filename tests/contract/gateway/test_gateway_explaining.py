"""Why an order is where it is, what failed on a day, and which orders there are."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from services.feed import Entry
from services.gateway.reading.freshness import Staleness
from streams.record import Record
from tests.contract.gateway.gate import Gate
from tests.contract.gateway.letters import decision, letter
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import BORN_MS, Story
from tests.order_form import form

NOW_MS = 1_700_000_000_000
DAY_MS = 86_400_000
PAY = {"command": "payment.CapturePayment", "topic": "payment.commands", "command_id": "c", "token": "t"}
FAILED = {"step": "pay", "undo": False, "kind": "TRANSIENT", "code": "provider_error", "message": "503", "causes": []}
Tell = Callable[[Story], Story]


def paying(story: Story, attempt: int = 0) -> Story:
    """Send the command of the payment."""
    return story.event("StepScheduled", step="pay", undo=False, attempt=attempt, timeout_at=NOW_MS + 5_000, **PAY)


def parked(story: Story) -> Story:
    """Meet an open circuit."""
    paying(story)
    return story.event(
        "StepParked", step="pay", undo=False, attempt=0, until=NOW_MS + 10_000, code="circuit_open", after_ms=50
    )


def retried(story: Story) -> Story:
    """Fail for the first time."""
    paying(story).event("StepFailed", attempt=0, final=False, **FAILED)
    due = {"due_at": NOW_MS + 400, "backoff_ms": 300, "jitter_ms": 100}
    return story.event("StepRetryScheduled", step="pay", undo=False, attempt=1, **due)


def refused(story: Story) -> Story:
    """Turn round and undo."""
    paying(story).event("StepFailed", attempt=0, final=True, **FAILED)
    story.event("CompensationStarted", code="provider_error", message="503", plan=["lock"], status="COMPENSATING")
    return story.scheduled("lock", undo=True)


def suspended(story: Story) -> Story:
    """Fail to undo."""
    return refused(story).event("SagaSuspended", code="x", message="", steps=["lock"], status="MANUAL_INTERVENTION")


def poisoned(story: Story) -> Story:
    """Meet a record that nobody can use."""
    place = {"number": 0, "topic": "saga.replies", "partition": 2, "offset": 17, "code": "undecodable", "detail": "no"}
    return paying(story).event("RecordParked", **place)


def asked(story: Story) -> Story:
    """Ask for an approval."""
    signals = {"signals": ["approve", "reject"], "timeout_at": NOW_MS + 72 * 3_600_000}
    return story.event("SignalAwaited", step="approval", **signals, status="AWAITING_APPROVAL")


CASES: dict[str, tuple[Tell, str, dict[str, Any], str]] = {
    "a reply": (paying, "reply", {"step": "pay", "attempt": 1, "undo": False}, "the answer of payment"),
    "another attempt": (lambda s: paying(s, 2), "reply", {"attempt": 3}, "payment.CapturePayment"),
    "an open circuit": (parked, "open-circuit", {"step": "pay", "cause": "circuit_open"}, "payment"),
    "a retry": (retried, "retry", {"attempt": 2, "cause": "provider_error: 503"}, "attempt 2 of pay"),
    "an undo": (refused, "reply", {"step": "lock", "undo": True}, "the compensation of lock"),
    "a person to undo": (suspended, "person", {"step": "lock", "undo": True, "until": None}, "could not be undone"),
    "an approval": (asked, "signal", {"step": "approval"}, "approve or reject"),
    "a timer": (lambda s: s.event("TimerStarted", step="rest", due_at=NOW_MS, source=""), "timer", {}, "its time"),
    "a held step": (
        lambda s: s.event("StepHeld", step="pay", code="gone", message="no host"),
        "person",
        {"cause": "gone: no host", "until": None},
        "failed for good",
    ),
}


@pytest.mark.parametrize(("tell", "kind", "fields", "words"), CASES.values(), ids=list(CASES))
def test_what_an_order_waits_for_is_told(shop: Shop, tell: Tell, kind: str, fields: dict[str, Any], words: str) -> None:
    shop.project(tell(Story("ord_a").started()), tell(Story("etl_1", definition="etl").started()))

    async def scenario(gate: Gate) -> None:
        for url in ("/v1/orders/ord_a/explain", "/v1/sagas/ord_a/explain", "/v1/sagas/etl_1/explain"):
            told = (await gate.call("GET", url)).body
            (wait,) = told["waits"]
            assert wait["kind"] == kind
            assert wait.items() >= fields.items()
            assert words in wait["what"]
            assert wait["what"] in told["summary"]
            assert wait["next"] in told["summary"]
            last = (await gate.call("GET", url.replace("explain", "history"))).body["events"][-1]
            assert (wait["since"], told["state"]) == (last["at"], last["to"])

    shop.run(scenario)


def test_of_several_signals_those_that_may_still_come_are_told(shop: Shop) -> None:
    asks = Story("etl_1", definition="etl").started()
    asks.event("SignalAwaited", step="ask", signals=["left", "right"], timeout_at=None, every=True)
    shop.project(asks)
    told: list[tuple[str, list[str]]] = []

    async def scenario(gate: Gate) -> None:
        (wait,) = (await gate.call("GET", "/v1/sagas/etl_1/explain")).body["waits"]
        told.append((wait["what"].rpartition(" send ")[2], wait["signals"]))

    shop.run(scenario)
    shop.project(asks.event("SignalReceived", step="ask", signal="left", actor="ann", data="{}", settles=False))
    shop.run(scenario)

    assert told == [("left and right", ["left", "right"]), ("right", ["right"])]


def test_an_order_shows_its_steps_in_progress_with_attempt_elapsed_time_and_deadline(shop: Shop) -> None:
    shop.project(
        retried(Story("ord_a").started()),
        paying(Story("ord_b").started(), 2).scheduled("tell"),
        Story("ord_c").shipped(),
    )

    async def scenario(gate: Gate) -> None:
        order = (await gate.call("GET", "/v1/orders/ord_a")).body
        assert (order["status"], order["current_steps"]) == ("RUNNING", ["pay"])
        (step,) = order["steps_in_progress"]
        assert (step["step"], step["attempt"], step["waits_for"]) == ("pay", 2, "retry")
        assert (step["since"], step["deadline"]) == (order["updated_at"], "2023-11-14T22:13:20.400Z")
        assert order["elapsed_s"] >= step["elapsed_s"] >= 0
        both = (await gate.call("GET", "/v1/orders/ord_b")).body["steps_in_progress"]
        assert [(one["step"], one["attempt"], one["deadline"]) for one in both] == [
            ("pay", 3, "2023-11-14T22:13:25.000Z"),
            ("tell", 1, None),
        ]
        over = (await gate.call("GET", "/v1/orders/ord_c")).body
        assert (over["steps_in_progress"], over["elapsed_s"]) == ([], 0.008)
        taken = await gate.call("POST", "/v1/orders", form(), "k1")
        fresh = (await gate.call("GET", taken.headers["location"])).body
        assert (fresh["steps_in_progress"], fresh["elapsed_s"]) == ([], 0)

    shop.run(scenario)


def test_a_saga_whose_request_no_orchestrator_could_use_says_so(shop: Shop) -> None:
    """It does not wait for an orchestrator: it lies among the dead letters."""
    wanted = {"definition": "etl", "data": {}}
    told: list[dict[str, Any]] = []

    async def ask(gate: Gate) -> None:
        taken = await gate.call("POST", "/v1/sagas", wanted, "k1")
        told.append({**(await gate.call("GET", f"{taken.headers['location']}/explain")).body, **taken.body})

    def decided(*entries: Entry) -> dict[str, Any]:
        shop.set_aside(*entries)
        shop.run(ask)
        return told[-1]

    saga_id = decided()["saga_id"]
    assert told[-1]["waits"][0]["kind"] == "start"
    request = Record("saga.inputs", 1, 5, BORN_MS, saga_id.encode(), b"x", [])
    set_aside = decided(letter(0, request, "unusable_data", "the saga's state is too large"))
    (wait,) = set_aside["waits"]
    assert (wait["kind"], wait["cause"]) == ("parked-record", "unusable_data: the saga's state is too large")
    assert "dead letter 0-0" in set_aside["summary"]
    assert decided(decision(1, "0-0", "resolve", "olga"))["summary"] == "It has ended."


def test_an_order_behind_an_open_circuit_says_until_when(shop: Shop) -> None:
    shop.project(parked(Story("ord_a").started()))

    async def scenario(gate: Gate) -> None:
        told = (await gate.call("GET", "/v1/orders/ord_a/explain")).body
        (wait,) = told["waits"]
        assert (wait["since"], wait["until"]) == ("2023-11-14T22:13:20.053Z", "2023-11-14T22:13:30.000Z")
        assert wait["next"] == ("the command of pay is sent again at 2023-11-14T22:13:30.000Z, and no attempt is spent")

    shop.run(scenario)


def test_what_stands_still_before_what_else_is_waited_for_and_what_is_over(shop: Shop) -> None:
    shop.project(poisoned(Story("ord_a").started()), Story("ord_b").shipped())

    async def scenario(gate: Gate) -> None:
        told = (await gate.call("GET", "/v1/orders/ord_a/explain")).body
        assert {wait["kind"] for wait in told["waits"]} == {"reply", "parked-record"}
        assert "saga.replies:2:17" in told["summary"]
        over = (await gate.call("GET", "/v1/orders/ord_b/explain")).body
        assert (over["waits"], over["summary"], over["way"]) == ([], "It has ended.", "has ended")
        taken = await gate.call("POST", "/v1/orders", form(), "k1")
        fresh = (await gate.call("GET", f"{taken.headers['location']}/explain")).body
        assert [wait["kind"] for wait in fresh["waits"]] == ["start"]
        gate.freshness.staleness = Staleness(stale=True, age_ms=9_000, because="orchestrator")
        blocked = (await gate.call("GET", "/v1/orders/ord_a/explain")).body
        assert blocked["summary"].startswith("No orchestrator is at work")
        assert (await gate.call("GET", "/v1/orders/ord_none/explain")).status == 404
        assert (await gate.call("GET", "/v1/sagas/sag_none/explain")).status == 404

    shop.run(scenario)


def test_the_failures_of_a_day_are_counted_by_step_and_midnight_begins_anew(shop: Shop) -> None:
    midnight = NOW_MS - NOW_MS % DAY_MS + DAY_MS
    stories = []
    for number in range(7):
        story = Story(f"ord_{number}", midnight - 5_000).started()
        paying(story).event("StepFailed", attempt=0, final=False, **FAILED)
        stories.append(paying(story, 1).event("StepFailed", attempt=1, final=True, **{**FAILED, "code": "declined"}))
    other = Story("ord_other", midnight - 5_000).started()
    other.event("StepFailed", attempt=0, final=True, **{**FAILED, "step": "ship", "code": "address"})
    undone = Story("ord_undone", midnight - 5_000).started()
    undone.event("StepFailed", attempt=0, final=True, **{**FAILED, "undo": True})
    late = paying(Story("ord_late", midnight + 5).started()).event("StepFailed", attempt=0, final=True, **FAILED)
    shop.project(*stories, other, undone, late, Story("ord_fine", midnight - 5_000).shipped())

    async def scenario(gate: Gate) -> None:
        today = (await gate.call("GET", "/v1/stats/failures?step=pay")).body
        assert (today["date"], today["zone"], today["step"], today["orders"]) == ("2023-11-14", "UTC", "pay", 7)
        assert today["steps"] == {"pay": {"orders": 7, "failures": 7, "codes": {"declined": 7}}}
        every = (await gate.call("GET", "/v1/stats/failures?date=2023-11-14")).body
        assert {step: one["orders"] for step, one in every["steps"].items()} == {"pay": 7, "ship": 1}
        assert every["orders"] == 8
        after = (await gate.call("GET", "/v1/stats/failures?step=pay&date=2023-11-15")).body
        assert (after["orders"], after["steps"]["pay"]["codes"]) == (1, {"provider_error": 1})
        assert (await gate.call("GET", "/v1/stats/failures?date=2023-11-16")).body["steps"] == {}
        assert (await gate.call("GET", "/v1/stats/failures?date=yesterday")).status == 422

    shop.run(scenario)


def test_orders_are_found_by_customer_process_and_time(shop: Shop) -> None:
    other = Story("ord_2", BORN_MS + 2_000, definition="order-fulfillment-payment-first").started(customer_id="13047")
    shop.project(Story("ord_0", BORN_MS).shipped(), Story("ord_1", BORN_MS + 1_000).started(), other)

    async def scenario(gate: Gate) -> None:
        for query, wanted in {
            "customer=13047": ["ord_2"],
            "customer=17850": ["ord_1", "ord_0"],
            "process=order-fulfillment-payment-first": ["ord_2"],
            "process=order-fulfillment&status=COMPLETED": ["ord_0"],
            "created_from=2023-11-14T22:13:21Z": ["ord_2", "ord_1"],
            "created_from=2023-11-14T22:13:21Z&created_before=2023-11-14T22:13:22Z": ["ord_1"],
            "created_before=2023-11-14T23:13:20.500%2B01:00": ["ord_0"],
            "customer=nobody": [],
        }.items():
            found = (await gate.call("GET", f"/v1/orders?{query}")).body["orders"]
            assert [order["order_id"] for order in found] == wanted, query
        for wrong in ("created_from=2023-11-14T22:13:21", "created_before=soon", "customer=a%00b", "colour=red"):
            refused = await gate.call("GET", f"/v1/orders?{wrong}")
            assert (refused.status, refused.body["errors"][0]["field"]) == (422, wrong.partition("=")[0]), wrong

    shop.run(scenario)


def test_pages_stay_whole_while_orders_come_in(shop: Shop) -> None:
    shop.project(*(Story(f"ord_{n:02d}", BORN_MS + n).started() for n in range(9)))
    shop.project(*(Story(f"etl_{n:02d}", BORN_MS + n, definition="etl").started() for n in range(9)))

    async def scenario(gate: Gate) -> None:
        for url, key in (("/v1/orders?limit=2", "orders"), ("/v1/sagas?limit=2&definition=etl", "sagas")):
            cursor: str | None = ""
            seen, newer = list[str](), 50
            while cursor is not None:
                page = (await gate.call("GET", f"{url}&cursor={cursor}" if cursor else url)).body
                seen += [one["order_id" if key == "orders" else "saga_id"] for one in page[key]]
                kind = {"definition": "etl"} if key == "sagas" else {}
                newer += 1
                shop.project(Story(f"{seen[0][:3]}_{newer}", BORN_MS + newer, **kind).started())
                cursor = page["next_cursor"]
            assert len(seen) == 9
            assert all(earlier > later for earlier, later in pairwise(seen))
        assert (await gate.call("GET", "/v1/sagas?cursor=%21")).status == 422
        assert (await gate.call("GET", "/v1/sagas?status=COMPLETED")).body["sagas"] == []

    shop.run(scenario)
