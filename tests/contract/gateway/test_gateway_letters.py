"""Dead letters over REST: listed, shown, redriven, resolved; decided once, whoever asks and however often."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from typing import Any

import pytest

from schemas.codec import Codec
from services.feed import Entry
from services.gateway.reading import tokens
from streams.dead_letter import dead_letter_headers
from streams.record import Record
from tests.contract.gateway.gate import Gate, gateway
from tests.contract.gateway.letters import AT_MS, LETTERS, decision, keep, letter, parked, report, unparked
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import BORN_MS, Story, entries, projector

WHO = {"actor": "ann", "reason": "the parser is mended"}
GARBAGE = b"\x00garbage"
PARKED = letter(
    0, Record("saga.replies", 2, 41, BORN_MS, b"ord_a", GARBAGE, [("traceparent", b"00-x")]), "undecodable", "why"
)
LOOSE = letter(
    1,
    Record("payment.commands", 3, 8, BORN_MS, b"ord_b", GARBAGE, [("ce_id", b"c1"), ("redriven-of", b"older")]),
    "undecodable",
    "",
)
HELD = report(2, "etl_1", "load", "step_held", sequence=4)
UNDONE = report(3, "ord_sad", "pay", "compensation_failed", sequence=5)
URL = "/v1/dead-letters"


def waiting() -> Story:
    """Give an order that waits for a poison record, a good one and another poison one."""
    story = parked(Story("ord_a").started(), 0, "saga.replies:2:41", "undecodable")
    parked(story, 1, "saga.inputs:0:7", "behind")
    return parked(story, 2, "saga.replies:2:50", "undecodable")


def stories() -> list[Story]:
    """Give every saga that a letter is about."""
    held = Story("etl_1", definition="etl").started().scheduled("load")
    held.event("StepHeld", step="load", code="disk_full", message="no room", status="MANUAL_INTERVENTION")
    sad = Story("ord_sad").started().event("CompensationStarted", code="no", message="", plan=["pay"])
    sad.event(
        "StepFailed", step="pay", undo=True, attempt=2, kind="REJECTED", code="no", message="", causes=[], final=True
    )
    sad.event("SagaSuspended", code="no", message="", steps=["pay"], status="MANUAL_INTERVENTION")
    return [waiting(), held, sad]


class Ward(Shop):
    """A shop with dead letters."""

    def __init__(self, submissions_url: str, read_model_url: str) -> None:
        super().__init__(submissions_url, read_model_url)
        self.urls = (submissions_url, read_model_url)

    def receive(self, *letters: Entry) -> None:
        """Have the read model know the letters."""
        keep(self.urls[1], *letters)


@pytest.fixture
def ward(new_url: Callable[[str], str]) -> Ward:
    """Give a ward of four letters."""
    ward = Ward(new_url("gateway"), new_url("projector"))
    with projector(ward.urls[1]) as (projection, _):
        projection.project(entries(*stories()))
    ward.receive(PARKED, LOOSE, HELD, UNDONE)
    return ward


async def ids(gate: Gate, query: str = "") -> list[str]:
    answer = await gate.call("GET", f"{URL}{query}")
    assert answer.status == 200
    return [one["id"] for one in answer.body["dead_letters"]]


def test_letters_are_listed_newest_first_with_filters_and_cursors(ward: Ward) -> None:
    async def scenario(gate: Gate) -> None:
        assert await ids(gate) == ["0-3", "0-2", "0-1", "0-0"]
        assert await ids(gate, "?saga_id=ord_a") == ["0-0"]
        assert await ids(gate, "?code=undecodable") == ["0-1", "0-0"]
        assert await ids(gate, "?state=redriven") == []
        assert await ids(gate, "?state=open&code=step_held") == ["0-2"]
        first = (await gate.call("GET", f"{URL}?limit=3")).body
        assert await ids(gate, f"?limit=3&cursor={first['next_cursor']}") == ["0-0"]
        for wrong in ("?cursor=x", "?state=closed", "?limit=0", "?saga_id=a%00b", "?cursor=WzEsMiwzXQ%00"):
            assert (await gate.call("GET", f"{URL}{wrong}")).status == 422

    ward.run(scenario)


def test_a_letter_is_shown_with_its_bytes_its_origin_and_the_queue_of_its_saga(ward: Ward) -> None:
    async def scenario(gate: Gate) -> None:
        shown = (await gate.call("GET", f"{URL}/0-0")).body
        assert shown["origin"] == {"topic": "saga.replies", "partition": 2, "offset": 41}
        assert (shown["saga_id"], shown["code"], shown["detail"]) == ("ord_a", "undecodable", "why")
        assert (shown["kind"], shown["state"], shown["parked"]) == ("record", "open", True)
        assert base64.b64decode(shown["value_base64"]) == GARBAGE
        assert (shown["key"], shown["headers"], shown["message"]) == ("ord_a", {"traceparent": "00-x"}, None)
        assert [(one["record"], one["code"], one["dead_letter"]) for one in shown["waiting"]] == [
            ("saga.replies:2:41", "undecodable", "0-0"),
            ("saga.inputs:0:7", "behind", None),
            ("saga.replies:2:50", "undecodable", None),
        ]
        assert shown["history_url"] == "/v1/sagas/ord_a/history"
        history = (await gate.call("GET", shown["history_url"])).body["events"]
        assert history[-1]["summary"].startswith("the record at saga.replies:2:50 waits")
        assert (await gate.call("GET", f"{URL}/0-99")).body["type"] == "/problems/unknown-dead-letter"

    ward.run(scenario)


def test_what_can_be_read_is_shown_decoded(ward: Ward) -> None:
    meta = {"saga_id": "nobody", "input_id": "i", "at": BORN_MS, "source": "/x"}
    value = Codec().encode("saga.CancelSaga", {"meta": meta, "actor": "bob", "reason": "late"})
    ward.receive(letter(4, Record("saga.inputs", 0, 9, BORN_MS, b"nobody", value, []), "unknown_saga", ""))

    async def scenario(gate: Gate) -> None:
        shown = (await gate.call("GET", f"{URL}/0-4")).body
        assert shown["message"]["type"] == "saga.CancelSaga"
        assert (shown["message"]["fields"]["actor"], shown["value_base64"]) == ("bob", None)
        told = (await gate.call("GET", f"{URL}/0-2")).body
        assert (told["kind"], told["step"], told["message"]["fields"]["message"]) == ("report", "load", "no room")

    ward.run(scenario)


@pytest.mark.parametrize(("action", "what"), [("redrive", "redrive"), ("resolve", "drop")])
def test_a_saga_that_waits_is_told_what_to_do_about_its_first_record(ward: Ward, action: str, what: str) -> None:
    async def scenario(gate: Gate) -> None:
        answer = await gate.call("POST", f"{URL}/0-0/{action}", WHO, "k1")
        assert (answer.status, answer.headers["location"]) == (202, f"{URL}/0-0")
        (sent,) = gate.outlet.sent
        assert (sent.topic, sent.key, sent.message) == ("saga.inputs", "ord_a", "saga.RedriveSaga")
        meta = sent.fields.pop("meta")
        token = tokens.read(answer.headers["consistency-token"])
        assert token is not None
        assert (token.saga_id, token.input_id) == ("ord_a", meta["input_id"])
        assert meta["input_id"] == f"ord_a:{what}:saga.replies:2:41:k1"
        assert sent.fields == {**WHO, "action": what, "first": "saga.replies:2:41"}

    ward.run(scenario)


def test_what_waits_behind_another_record_is_not_decided_before_it(ward: Ward) -> None:
    behind = letter(4, Record("saga.replies", 2, 50, BORN_MS, b"ord_a", GARBAGE, []), "undecodable", "")
    ward.receive(behind)

    async def scenario(gate: Gate) -> None:
        for action in ("redrive", "resolve"):
            refused = await gate.call("POST", f"{URL}/0-4/{action}", WHO)
            assert (refused.status, refused.body["type"]) == (409, "/problems/behind-another")
            assert refused.body["detail"] == "ord_a waits for saga.replies:2:41 first, dead letter 0-0"
        assert gate.outlet.sent == []

    ward.run(scenario)


@pytest.mark.parametrize(
    ("name", "saga_id", "step", "action", "deed"),
    [
        ("0-2", "etl_1", "load", "redrive", "retry"),
        ("0-2", "etl_1", "load", "resolve", "skip"),
        ("0-3", "ord_sad", "pay", "redrive", "retry"),
        ("0-3", "ord_sad", "pay", "resolve", "skip"),
    ],
)
def test_a_step_that_failed_for_good_is_tried_again_or_skipped(
    ward: Ward, name: str, saga_id: str, step: str, action: str, deed: str
) -> None:
    async def scenario(gate: Gate) -> None:
        assert (await gate.call("POST", f"{URL}/{name}/{action}", WHO)).status == 202
        (sent,) = gate.outlet.sent
        assert (sent.key, sent.message) == (saga_id, "saga.ResolveSaga")
        assert (sent.fields["action"], sent.fields["step"], sent.fields["actor"]) == (deed, step, "ann")

    ward.run(scenario)


def test_a_record_no_saga_waits_for_goes_back_as_it_came_and_the_decision_is_written_behind_the_letter(
    ward: Ward,
) -> None:
    async def scenario(gate: Gate) -> None:
        for _ in range(2):
            assert (await gate.call("POST", f"{URL}/0-1/redrive", WHO, "k1")).status == 202
        back, note = gate.outlet.others
        about = [("ce_id", b"c1"), ("redriven-of", b"payment.commands:3:8")]
        assert back == ("payment.commands", b"ord_b", GARBAGE, about)
        topic, key, value, headers = note
        assert (topic, key, headers) == (LETTERS, b"ord_b", [("decides", b"0-1")])
        refused = await gate.call("POST", f"{URL}/0-1/redrive", {"actor": "bob"}, "k2")
        assert (refused.status, refused.body["type"]) == (409, "/problems/dead-letter-closed")
        assert refused.body["detail"] == "ann had it redriven: the parser is mended"
        ward.receive(Entry(0, 4, value, key, AT_MS, headers))
        shown = (await gate.call("GET", f"{URL}/0-1")).body
        assert (shown["state"], shown["decided_by"], shown["reason"]) == ("redriven", "ann", "the parser is mended")
        assert (await gate.call("POST", f"{URL}/0-1/redrive", WHO, "k1")).status == 202
        assert (await gate.call("POST", f"{URL}/0-1/resolve", WHO)).status == 409
        assert len(gate.outlet.others) == 2

    ward.run(scenario)


def test_resolving_a_record_no_saga_waits_for_writes_nothing_but_the_decision(ward: Ward) -> None:
    async def scenario(gate: Gate) -> None:
        assert (await gate.call("POST", f"{URL}/0-1/resolve", WHO)).status == 202
        ((topic, _, value, headers),) = gate.outlet.others
        assert topic == LETTERS
        ward.receive(Entry(0, 4, value, b"ord_b", AT_MS, headers))
        assert await ids(gate, "?state=resolved") == ["0-1"]

    ward.run(scenario)


def test_through_two_gateways_at_once_a_record_is_put_back_once(ward: Ward) -> None:
    async def scenario() -> None:
        async with gateway(*ward.urls, ids="one") as one, gateway(*ward.urls, ids="two") as two:
            both = [one, two] * 10
            answers = await asyncio.gather(*(gate.call("POST", f"{URL}/0-1/redrive", WHO) for gate in both))
            assert sorted(answer.status for answer in answers) == [202] + [409] * 19
            back = [sent for gate in (one, two) for sent in gate.outlet.others if sent[0] == "payment.commands"]
            assert len(back) == 1

    asyncio.run(asyncio.wait_for(scenario(), 180))


def test_when_kafka_does_not_confirm_nobody_else_acts_at_once_and_the_same_person_may_later(ward: Ward) -> None:
    async def scenario() -> None:
        clock = [1_700_000_000_000]
        async with gateway(*ward.urls, now_ms=lambda: clock[0]) as gate:
            gate.outlet.refuses = True
            assert (await gate.call("POST", f"{URL}/0-1/redrive", WHO, "k1")).status == 503
            gate.outlet.refuses = False
            refused = await gate.call("POST", f"{URL}/0-1/redrive", WHO, "k1")
            assert (refused.status, refused.body["type"]) == (409, "/problems/request-in-progress")
            clock[0] += 11_000
            assert (await gate.call("POST", f"{URL}/0-1/resolve", WHO, "k2")).status == 409
            assert (await gate.call("POST", f"{URL}/0-1/redrive", WHO, "k1")).status == 202

    asyncio.run(asyncio.wait_for(scenario(), 180))


@pytest.mark.parametrize(
    ("name", "would", "decodable", "waits"),
    [
        ("0-0", "the record still cannot be read, so that it stays where it is: ", False, 3),
        ("0-1", "the record is put back on payment.commands as it came", False, 0),
        ("0-2", "load in etl_1 is tried again", True, 0),
        ("0-3", "the compensation of pay in ord_sad is tried again", True, 0),
    ],
)
def test_a_dry_run_tells_what_would_happen_and_changes_nothing(
    ward: Ward, name: str, would: str, decodable: bool, waits: int
) -> None:
    async def scenario(gate: Gate) -> None:
        for _ in range(2):
            answer = await gate.call("POST", f"{URL}/{name}/redrive", {**WHO, "dry_run": True}, "k1")
            assert answer.status == 200
            assert answer.body["would"].startswith(would)
            assert (answer.body["decodable"], answer.body["waiting"], answer.body["dry_run"]) == (
                decodable,
                waits,
                True,
            )
        assert (gate.outlet.sent, gate.outlet.others) == ([], [])
        assert (await gate.call("GET", f"{URL}/{name}")).body["state"] == "open"

    ward.run(scenario)


def cut() -> Entry:
    """Give the letter of a record of which not all was kept."""
    whole = Record("saga.inputs", 0, 9, BORN_MS, b"k", b"x" * 950_000, [])
    return Entry(0, 4, b"x" * 900_000, b"k", AT_MS, dead_letter_headers(whole, "undecodable", ""))


@pytest.mark.parametrize(
    "entry",
    [
        cut(),
        letter(4, Record("ops.alerts", 0, 9, BORN_MS, b"k", b"x", []), "undecodable", ""),
        letter(4, Record("timer", 0, -1, BORN_MS, b"k", b"x", []), "TIMER_PROCESSOR_FAILED", ""),
        report(4, "ord_a", "", "too_many_events", 3),
        Entry(0, 4, None),
    ],
    ids=["cut", "a topic nobody reads", "a timer", "a report without a step", "nothing"],
)
def test_what_cannot_be_redriven_can_be_resolved(ward: Ward, entry: Entry) -> None:
    ward.receive(entry)

    async def scenario(gate: Gate) -> None:
        refused = await gate.call("POST", f"{URL}/0-4/redrive", {**WHO, "dry_run": True})
        assert (refused.status, refused.body["type"]) == (409, "/problems/not-redrivable")
        assert (await gate.call("GET", f"{URL}/0-4")).status == 200
        assert (await gate.call("POST", f"{URL}/0-4/resolve", WHO)).status == 202

    ward.run(scenario)


def test_what_was_decided_is_closed_whoever_decided_it(ward: Ward) -> None:
    story = unparked(waiting(), 0, "drop")
    with projector(ward.urls[1]) as (projection, _):
        projection.project(entries(story, first=1000))
    ward.receive(decision(4, "0-1", "redrive", "bob"))

    async def scenario(gate: Gate) -> None:
        for name in ("0-0", "0-1"):
            for action in ("redrive", "resolve"):
                refused = await gate.call("POST", f"{URL}/{name}/{action}", WHO)
                assert (refused.status, refused.body["type"]) == (409, "/problems/dead-letter-closed")
        assert (gate.outlet.sent, gate.outlet.others) == ([], [])

    ward.run(scenario)


@pytest.mark.parametrize(
    ("action", "body", "field"),
    [
        ("redrive", {}, "actor"),
        ("redrive", {**WHO, "dry_run": "yes"}, "dry_run"),
        ("redrive", {**WHO, "action": "drop"}, "action"),
        ("resolve", {"actor": "ann"}, "reason"),
        ("resolve", {"actor": "ann", "reason": " "}, "reason"),
        ("resolve", {**WHO, "dry_run": True}, "dry_run"),
        ("resolve", [], "body"),
    ],
)
def test_what_is_wrong_with_a_request_is_named(ward: Ward, action: str, body: Any, field: str) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await gate.call("POST", f"{URL}/0-0/{action}", body)
        assert refused.status == 422
        assert field in [error["field"] for error in refused.body["errors"]]
        assert (await gate.call("POST", f"{URL}/9-9/{action}", WHO)).status == 404
        assert gate.outlet.sent == []

    ward.run(scenario)
