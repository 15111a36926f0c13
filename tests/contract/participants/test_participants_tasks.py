"""Tasks: declared work is done once, undone whole, and fails exactly as its own command says."""

from __future__ import annotations

import json
import time
from typing import Any

from services.tasks.day_book import EventRow
from streams.record import Record
from tests.contract.participants.read_model import FakeReadModel
from tests.contract.participants.world import START_MS, World

LINES: list[dict[str, Any]] = [
    {"sku": "85123A", "quantity": 2, "unit_price_minor": 255},
    {"sku": "71053", "quantity": 1, "unit_price_minor": 339},
    {"sku": "85123A", "quantity": 4, "unit_price_minor": 255},
]
DAY_MS = 86_400_000


def _send(world: World, kind: str, step: str, n: int = 0, saga: str = "s1", undo: bool = False, **data: Any) -> Record:
    meta = world.meta(saga, step, n=n, undo=undo)
    value = world.codec.encode("saga.GenericCommand", {"meta": meta, "type": kind, "data": json.dumps(data)})
    return world.log.produce(world.topic, saga.encode(), value, [])


def _answers(world: World) -> list[Any]:
    """Return the data of each reply that came since, the kind and code of each failure."""
    return [
        json.loads(fields["data"]) if name == "saga.GenericReply" else (fields["kind"], fields["code"])
        for name, fields in world.replies()
    ]


def _answer(world: World) -> Any:
    """Return the one reply; a report is made by a thread of its own, so it may take a few rounds."""
    deadline = time.monotonic() + 60
    while not (answers := _answers(world)):
        assert time.monotonic() < deadline, "no reply came"
        world.settle()
    (answer,) = answers
    return answer


def _count(world: World, table: str) -> int:
    return int(world.rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - names from the tests themselves


def test_order_lines_are_extracted_added_up_and_loaded(tasks: World) -> None:
    tasks.replica()
    _send(tasks, "tasks.Extract", "extract", rows=LINES)
    assert _answer(tasks) == {"batch": "s1:extract", "rows": 3}
    _send(tasks, "tasks.Transform", "transform", batch="s1:extract")
    assert _answer(tasks) == {"batch": "s1:extract", "rows": 2, "quantity": 7, "amount_minor": 1_869}
    record = _send(tasks, "tasks.Load", "load", batch="s1:extract")
    _answer(tasks)
    tasks.send_again(record)
    assert _answer(tasks)["amount_minor"] == 1_869
    loaded = tasks.rows("SELECT sku, quantity, amount_minor FROM loaded ORDER BY sku")
    assert loaded == [("71053", 1, 339), ("85123A", 6, 1_530)]


def test_undoing_each_stage_removes_what_it_made(tasks: World) -> None:
    tasks.replica()
    _send(tasks, "tasks.Extract", "extract", rows=LINES)
    _send(tasks, "tasks.Transform", "transform", batch="s1:extract")
    _send(tasks, "tasks.Load", "load", batch="s1:extract")
    _send(tasks, "tasks.RemoveLoad", "load", undo=True)
    tasks.settle()
    assert [_count(tasks, name) for name in ("loaded", "transformed")] == [0, 2]
    _send(tasks, "tasks.RemoveTransform", "transform", undo=True)
    _send(tasks, "tasks.RemoveExtract", "extract", undo=True)
    _send(tasks, "tasks.Load", "load", n=1, batch="s1:extract")
    tasks.settle()
    assert [answer["removed"] for answer in _answers(tasks)[3:6]] == [2, 2, 3]
    assert [_count(tasks, name) for name in ("loaded", "transformed", "extracted")] == [0, 0, 0]


def test_an_undo_that_overtakes_its_stage_keeps_it_from_happening(tasks: World) -> None:
    tasks.replica()
    _send(tasks, "tasks.RemoveExtract", "extract", undo=True)
    _send(tasks, "tasks.Extract", "extract", rows=LINES)
    tasks.settle()
    assert _answers(tasks) == [{"batch": None, "removed": 0}, ("REJECTED", "superseded_by_undo")]
    assert tasks.rows("SELECT count(*) FROM extracted") == [(0,)]


def test_a_failure_is_as_often_as_the_command_says(tasks: World) -> None:
    tasks.replica()
    line = {**LINES[0], "fail": {"kind": "TRANSIENT", "times": 2, "code": "busy"}}
    for n in range(3):
        _send(tasks, "tasks.PriceLine", "price", n=n, **line)
        tasks.settle()
    assert _answers(tasks) == [("TRANSIENT", "busy")] * 2 + [{"sku": "85123A", "quantity": 2, "amount_minor": 510}]


def test_a_failure_without_times_is_for_good(tasks: World) -> None:
    tasks.replica()
    for n in range(2):
        _send(tasks, "tasks.Reserve", "hold", n=n, resource="dock-1", fail={"kind": "REJECTED", "code": "full"})
        assert _answer(tasks) == ("REJECTED", "full")
    assert tasks.rows("SELECT * FROM reservations") == []


def test_what_is_reserved_is_released_once(tasks: World) -> None:
    tasks.replica()
    _send(tasks, "tasks.Reserve", "hold", resource="dock-1", quantity=3, delay_ms=250)
    assert _answer(tasks) == {"reservation_id": "s1:hold", "resource": "dock-1", "quantity": 3}
    for n in range(2):
        _send(tasks, "tasks.Release", "hold", n=n, undo=True)
        assert _answer(tasks) == {"released": True, "resource": "dock-1", "quantity": 3}
    assert tasks.rows("SELECT token, resource, quantity, state FROM reservations") == [
        ("s1:hold", "dock-1", 3, "released")
    ]


def test_a_task_that_is_undone_while_it_takes_its_time_has_no_effect(tasks: World) -> None:
    tasks.replica()
    _send(tasks, "tasks.Reserve", "hold", resource="dock-1", delay_ms=600_000)
    _send(tasks, "tasks.Release", "hold", undo=True)
    tasks.settle()
    assert {"released": False} in _answers(tasks)
    assert tasks.rows("SELECT * FROM reservations") == []


def test_a_crash_while_a_task_takes_its_time_repeats_it_and_its_effect_is_there_once(tasks: World) -> None:
    dying = tasks.replica()
    _send(tasks, "tasks.Reserve", "hold", resource="dock-1", delay_ms=100)
    dying.step()
    tasks.crash(dying)
    tasks.clock.ms += 10**9
    tasks.replica("replica-1")
    tasks.settle()
    assert {answer["resource"] for answer in _answers(tasks)} == {"dock-1"}
    assert tasks.rows("SELECT count(*) FROM reservations") == [(1,)]


def test_commands_that_cannot_be_used_are_refused(tasks: World) -> None:
    tasks.replica()
    _send(tasks, "tasks.Extract", "a", rows=[])
    _send(tasks, "tasks.Extract", "b", rows=[{**LINES[0], "quantity": 0}])
    _send(tasks, "tasks.Extract", "c", rows=LINES, delay_ms=5)
    _send(tasks, "tasks.PriceLine", "d", **{**LINES[0], "sku": "a\x00"})
    _send(tasks, "tasks.PriceLine", "e", **LINES[0], fail={"kind": "SOMETIMES"})
    _send(tasks, "payment.CapturePayment", "f", amount_minor=1)
    _send(tasks, "tasks.Nothing", "g")
    _send(tasks, "reporting.ProduceDailyReport", "h", date="2026-02-30")
    tasks.settle()
    assert _answers(tasks) == [("REJECTED", "invalid_command")] * 8


def _order(saga_id: str, *events: tuple[int, str, str | None, str, dict[str, Any]]) -> list[EventRow]:
    return [
        EventRow(saga_id, START_MS + at_ms, kind, step, status, json.dumps(detail))
        for at_ms, kind, step, status, detail in events
    ]


def test_a_day_is_reported_once_it_is_over_and_projected(tasks: World, read_model: FakeReadModel) -> None:
    tasks.replica()
    midnight = START_MS // DAY_MS * DAY_MS + DAY_MS
    read_model.rows = _order(
        "ord_a", (0, "SagaStarted", None, "RUNNING", {}), (9, "SagaCompleted", None, "COMPLETED", {})
    )
    _send(tasks, "reporting.ProduceDailyReport", "report", date="2023-11-14")
    assert _answer(tasks) == ("TRANSIENT", "day_not_over")
    tasks.clock.ms = midnight + 6_000
    read_model.behind = [2]
    _send(tasks, "reporting.ProduceDailyReport", "report", n=1, date="2023-11-14")
    assert _answer(tasks) == ("TRANSIENT", "projection_behind")
    read_model.down = True
    _send(tasks, "reporting.ProduceDailyReport", "report", n=2, date="2023-11-14")
    assert _answer(tasks) == ("TRANSIENT", "read_model_unavailable")
    read_model.behind, read_model.down = [], False
    _send(tasks, "reporting.ProduceDailyReport", "report", n=3, date="2023-11-14")
    report = _answer(tasks)
    assert (report["date"], report["orders"]["received"], report["outcomes"]["completed"]) == ("2023-11-14", 1, 1)
