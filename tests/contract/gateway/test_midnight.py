"""The clock of UTC crosses midnight: the schedule, the report, the read model and the gateway, one after the other."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas import topics
from services.feed import Entry
from services.participant.job import Job
from services.participant.outcome import Done, Failed
from services.tasks.daily import Reporting, produce
from services.tasks.reading import SqlReadModel
from tests.contract.gateway.gate import gateway
from tests.contract.gateway.story import projector
from tests.orchestrator_world import World
from tests.scripted_participants import Reply, failure, reply_meta, success

SAGA = "daily-report.20261121T000000Z"
MINUTE = 60_000


class Books:
    """The read model of a world's events, and the reports that are made from it."""

    def __init__(self, url: str, world: World) -> None:
        self.url = url
        self.world = world

    def project(self) -> None:
        """Bring the read model up to the end of the log."""
        with projector(self.url, range(topics.EVENTS.partitions)) as (projection, positions):
            records = self.world.records(topics.EVENTS.name)
            new = [Entry(one.partition, one.offset, one.value) for one in records]
            projection.project([entry for entry in new if entry.offset >= positions[entry.partition]])

    def unread(self, _positions: Mapping[int, int], _before_ms: int) -> Sequence[int]:
        """Return nothing: everything is projected before anybody asks."""
        return []

    def answer(self, name: str, command: Mapping[str, Any]) -> Reply:
        """Answer as participants would; the report is the real one."""
        if name != "saga.GenericCommand":
            if command["meta"]["saga_id"] == "ord_2" and name == "payment.CapturePayment":
                return failure(command, "REJECTED", "card_declined")
            return success(name, command)
        self.project()
        fields = {**json.loads(command["data"]), "meta": command["meta"]}
        job = Job("token", command["type"], fields, None, 0, "claim", resumed=False)
        match asyncio.run(produce(Reporting(SqlReadModel(self.url), self, lambda: self.world.now), job)):
            case Done(reply, data):
                return reply, {"meta": reply_meta(command), **data}
            case Failed() as failed:
                return failure(command, failed.kind.value, failed.code)


@pytest.fixture
def books(new_url: Callable[[str], str]) -> Books:
    """Give an evening with five orders, one of which is declined."""
    world = World()
    world.now = int(datetime(2026, 11, 20, 23, 50, tzinfo=UTC).timestamp()) * 1_000
    world.settle()
    made = Books(new_url("projector"), world)
    for number in range(5):
        world.start_order(f"ord_{number}")
        world.run(made.answer)
        world.later(MINUTE)
    return made


def _shown(books: Books, submissions_url: str, date: str) -> tuple[int, Any]:
    async def ask() -> tuple[int, Any]:
        async with gateway(submissions_url, books.url) as gate:
            answer = await asyncio.wait_for(gate.call("GET", f"/v1/reports/daily/{date}"), 180)
            return answer.status, answer.body

    return asyncio.run(ask())


def _counted(world: World) -> Counter[str]:
    """Return how many events of orders of each kind the log holds, by the records alone."""
    decoded = [world.codec.decode(record.value) for record in world.records(topics.EVENTS.name)]
    return Counter(name for name, fields in decoded if fields["meta"]["definition"] == "order-fulfillment")


def test_one_report_of_the_day_appears_and_its_counts_are_those_of_the_log(
    books: Books, new_url: Callable[[str], str]
) -> None:
    world, submissions = books.world, new_url("gateway")
    told = _counted(world)
    world.later(10 * MINUTE)
    world.run(books.answer)
    assert _shown(books, submissions, "2026-11-20")[0] == 404

    world.later(10_000)
    world.run(books.answer)
    books.project()
    status, report = _shown(books, submissions, "2026-11-20")

    assert (status, report["saga_id"]) == (200, SAGA)
    assert report["orders"] == {"received": told["saga.SagaStarted"], "unfinished_at_the_end": 0}
    assert report["outcomes"]["completed"] == told["saga.SagaCompleted"] == 4
    assert report["outcomes"]["revoked"] == told["saga.SagaRevoked"] == 1
    assert report["failures"] == {"capture-payment": {"attempts": 1, "codes": {"card_declined": 1}}}
    ends = [name for name in world.names(SAGA) if name == "SagaCompleted"]
    assert len(ends) == 1


def test_an_orchestrator_that_was_down_at_midnight_makes_the_report_once_after_its_restart(
    books: Books, new_url: Callable[[str], str]
) -> None:
    world = books.world
    world.now += 60 * MINUTE
    world.restart(keep_stores=False)
    for _ in range(3):
        world.run(books.answer)
        world.later(MINUTE)
    books.project()

    status, report = _shown(books, new_url("gateway"), "2026-11-20")
    assert (status, report["orders"]["received"]) == (200, 5)
    assert world.names(SAGA).count("SagaStarted") == 1
