"""The projector writes each event once, with the position it leads to, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from services.feed import Entry
from services.migrate import migrate
from services.participant.database import Conflict
from services.projector.fold import Gap
from tests.contract.gateway.story import TOPIC, Story, entries, projector


@pytest.fixture
def url(new_url: Callable[[str], str]) -> str:
    """Give a migrated database."""
    return new_url("projector")


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    """Return what a query says, as another process would see it."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(query))]
    engine.dispose()
    return found


def whole(url: str) -> list[list[tuple[Any, ...]]]:
    """Return everything in the read model."""
    return [
        rows(url, "SELECT * FROM orders ORDER BY order_id"),
        rows(url, "SELECT * FROM order_events ORDER BY saga_id, sequence"),
        rows(url, "SELECT * FROM projection ORDER BY partition"),
        rows(url, "SELECT * FROM sagas ORDER BY saga_id"),
    ]


def test_an_order_is_as_its_last_event_left_it(url: str) -> None:
    story = Story("ord_a").shipped()
    with projector(url) as (projection, _):
        assert projection.project(entries(story)) == len(story.values)
    columns = "order_id, customer_id, total_minor, lifecycle, status, reason, warehouse_id, tracking_number"
    assert rows(url, f"SELECT {columns} FROM orders") == [  # noqa: S608 - columns from above
        ("ord_a", "17850", 1530, "shipped", "COMPLETED", None, "LDN", "SL1")
    ]
    kinds = rows(url, "SELECT sequence, type, step FROM order_events ORDER BY sequence")
    assert kinds[:4] == [
        (1, "SagaStarted", None),
        (2, "StepCompleted", "validate"),
        (3, "StepScheduled", "lock-inventory"),
        (4, "StepCompleted", "lock-inventory"),
    ]
    assert [number for number, *_ in kinds] == list(range(1, len(story.values) + 1))


def test_steps_in_progress_come_and_go(url: str) -> None:
    story = Story("ord_a").started()
    changes: list[Callable[[], Story]] = [
        lambda: story.scheduled("lock-inventory"),
        lambda: story.completed("lock-inventory").scheduled("deduct-inventory").scheduled("confirm-order"),
        lambda: story.completed("confirm-order"),
        lambda: story.event("CompensationStarted", code="declined", message="", plan=[], status="COMPENSATING"),
        lambda: story.scheduled("deduct-inventory", undo=True),
        lambda: story.event("SagaRevoked", code="declined", message="", status="TRANSACTION_REVOKED"),
    ]
    seen = []
    with projector(url) as (projection, _):
        for change in changes:
            projection.project(entries(change()))
            seen.append(json.loads(rows(url, "SELECT current_steps FROM orders")[0][0]))
    assert seen == [
        ["lock-inventory"],
        ["deduct-inventory", "confirm-order"],
        ["deduct-inventory"],
        ["deduct-inventory"],
        ["deduct-inventory:undo"],
        [],
    ]
    assert rows(url, "SELECT reason FROM orders") == [("declined",)]


def test_events_that_come_again_change_nothing(url: str) -> None:
    stories = [Story(f"ord_{name}").shipped() for name in "abc"]
    with projector(url) as (projection, _):
        projection.project(entries(*stories))
        before = whole(url)[:2]
        assert projection.project(entries(*stories, first=1000)) == 0
    assert whole(url)[:2] == before


@pytest.mark.parametrize("batch", [1, 2, 7, 100])
def test_the_size_of_batches_and_restarts_in_between_make_no_difference(
    url: str, another_sqlite_url: Callable[[str], str], batch: int
) -> None:
    records = entries(*(Story(f"ord_{name}").shipped() for name in "abcde"))
    for start in range(0, len(records), batch):
        with projector(url) as (projection, positions):
            assert positions == {0: records[start - 1].offset + 1 if start else 0}
            projection.project(records[start : start + batch])
    reference = another_sqlite_url("projector")
    with projector(reference) as (projection, _):
        projection.project(records)
    assert whole(url) == whole(reference)


def test_a_missing_event_stops_the_projector_before_it_writes_anything(url: str) -> None:
    records = entries(Story("ord_a").shipped())
    with projector(url) as (projection, _), pytest.raises(Gap, match=r"ord_a: event 5 came after 3"):
        projection.project([*records[:3], *records[4:]])
    assert whole(url) == [[], [], [(TOPIC, 0, 0, None)], []]


def test_an_order_cannot_begin_in_the_middle(url: str) -> None:
    records = entries(Story("ord_a").shipped())
    with projector(url) as (projection, _), pytest.raises(Gap, match=r"ord_a: event 2 came after 0"):
        projection.project(records[1:])


def test_a_second_projector_is_found_out_and_writes_nothing(url: str) -> None:
    first, second = entries(Story("ord_a").shipped()), entries(Story("ord_b").shipped(), first=100)
    with projector(url) as (slow, _), projector(url) as (fast, _):
        fast.project(first)
        before = whole(url)
        with pytest.raises(Conflict):
            slow.project(second)
    assert whole(url) == before


def test_what_is_no_event_is_passed_over(url: str) -> None:
    records = entries(Story("ord_a").shipped())
    poison = [Entry(0, 1, None), Entry(0, 3, b"\x00\x00\x00\x00\x01x"), Entry(0, 5, b"poison")]
    with projector(url) as (projection, _):
        projection.project(sorted([*records, *poison], key=lambda entry: entry.offset))
    assert rows(url, "SELECT status FROM orders") == [("COMPLETED",)]


def test_sagas_that_are_no_orders_have_rows_of_their_own(url: str) -> None:
    story = Story("etl_1", definition="nightly-etl").started().scheduled("load")
    with projector(url) as (projection, _):
        assert projection.project(entries(story)) == 3
        story.completed("load").event("SagaCompleted", output="{}", status="COMPLETED")
        assert projection.project(entries(story)) == 2
    columns = "saga_id, definition, version, sequence, status, current_steps"
    assert rows(url, f"SELECT {columns} FROM sagas") == [  # noqa: S608 - columns from above
        ("etl_1", "nightly-etl", 1, 5, "COMPLETED", "[]")
    ]
    assert rows(url, "SELECT COUNT(*) FROM orders") == [(0,)]
    assert rows(url, "SELECT COUNT(*) FROM order_events WHERE saga_id = 'etl_1'") == [(5,)]


def test_a_saga_that_is_no_order_and_started_before_this_read_model_is_left_to_a_rebuild(url: str) -> None:
    story = Story("etl_1", definition="nightly-etl").started().scheduled("load")
    order = Story("ord_a").started()
    with projector(url) as (projection, _):
        assert projection.project([*entries(story)[2:], *entries(order, first=100)]) == 2
    assert rows(url, "SELECT COUNT(*) FROM sagas") == [(0,)]


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ('{"customer_id": 5, "lines": "x"}', (None, None, "[]")),
        ("no JSON", (None, None, "[]")),
        ("[1, 2]", (None, None, "[]")),
        ('{"total_minor": 18446744073709551615}', (None, None, "[]")),
        ('{"total_minor": true}', (None, None, "[]")),
        ('{"customer_id": "a\\u0000b", "total_minor": 5, "lines": []}', ("a\ufffdb", 5, "[]")),
    ],
)
def test_an_order_with_unusable_data_is_shown_as_far_as_it_goes(
    url: str, data: str, shown: tuple[str | None, int | None, str]
) -> None:
    story = Story("ord_a").event("SagaStarted", data=data, parameters="{}")
    story.event("CompensationStarted", code="a\x00b", message="a\x00b", plan=[], status="COMPENSATING")
    with projector(url) as (projection, _):
        projection.project(entries(story))
    assert rows(url, "SELECT customer_id, total_minor, lines FROM orders") == [shown]
    assert rows(url, "SELECT reason FROM orders") == [("a\ufffdb",)]


def test_a_saga_of_many_parts_is_as_its_last_event_left_it(url: str) -> None:
    story = Story("etl_1", definition="nightly-etl").started().scheduled("rows/0/load").scheduled("rows/1/load")
    left = {"step": "rows", "part": "0", "failed_step": "rows/0/load", "plan": ["rows/0/load"], "leaving": "MISS"}
    changes: list[Callable[[], Story]] = [
        lambda: story.event("ScopeFailed", code="disk_full", message="no room", **left),
        lambda: story.scheduled("rows/0/load", undo=True),
        lambda: story.completed("rows/0/load", undo=True).event("ScopeUnwound", step="rows", part="0"),
        lambda: story.event("StepHeld", step="rows/1/load", code="gone", message="no host", status="WAITS"),
        lambda: story.event("SagaMigrated", version=2, renamed='{"rows": "lines"}', outputs=None, actor="ann"),
        lambda: story.event(
            "InterventionMade", action="skip", steps=["lines/1/load"], undo=False, actor="ann", reason="by hand",
            status="RUNNING",
        ),
        lambda: story.event("TimerStarted", step="pause", due_at=5, source=""),
    ]  # fmt: skip
    seen = []
    with projector(url) as (projection, _):
        for change in changes:
            projection.project(entries(change()))
            seen.append(rows(url, "SELECT current_steps, reason, status, version FROM sagas")[0])
    assert seen == [
        ('["rows/1/load"]', None, "RUNNING", 1),
        ('["rows/1/load","rows/0/load:undo"]', None, "RUNNING", 1),
        ('["rows/1/load"]', None, "RUNNING", 1),
        ('["rows/1/load"]', "gone", "WAITS", 1),
        ('["lines/1/load"]', "gone", "WAITS", 2),
        ("[]", None, "RUNNING", 2),
        ('["pause"]', None, "RUNNING", 2),
    ]


def test_an_order_that_was_suspended_is_shown_as_repaired(url: str) -> None:
    story = Story("ord_a").started().event("CompensationStarted", code="declined", message="", plan=["pay"])
    story.event("SagaSuspended", code="declined", message="", steps=["pay"], status="MANUAL_INTERVENTION")
    repair = {"action": "retry", "steps": ["pay"], "undo": True, "actor": "ann", "reason": "the PSP is back"}
    story.event("InterventionMade", **repair, status="COMPENSATING").scheduled("pay", undo=True)
    with projector(url) as (projection, _):
        projection.project(entries(story))
        columns = "status, reason, current_steps"
        assert rows(url, f"SELECT {columns} FROM orders") == [("COMPENSATING", "declined", '["pay:undo"]')]  # noqa: S608 - columns from above
        story.completed("pay", undo=True)
        story.event("SagaRevoked", code="declined", message="", lifecycle="cancelled", status="TRANSACTION_REVOKED")
        projection.project(entries(story))
        assert rows(url, f"SELECT {columns} FROM orders") == [("TRANSACTION_REVOKED", "declined", "[]")]  # noqa: S608 - columns from above
    (detail,) = rows(url, "SELECT detail FROM order_events WHERE type = 'InterventionMade'")
    assert json.loads(detail[0]) == repair


def test_a_migration_finds_what_waits_for_a_decision_already(url: str) -> None:
    asks = {"step": "approval", "timeout_at": None, "status": "AWAITING_APPROVAL"}
    stories = [
        Story("ord_a").started().event("SignalAwaited", signals=["approve", "reject"], **asks),
        Story("ord_b").started(),
        Story("sag_a", definition="chain").event("SagaStarted", data="{}", parameters="{}"),
    ]
    stories[2].event("SignalAwaited", signals=["confirm", "decline"], **asks)
    with projector(url) as (projection, _):
        projection.project(entries(*stories))
    queries = "SELECT gates FROM orders ORDER BY order_id", "SELECT gates FROM sagas"
    before = [rows(url, query) for query in queries]
    assert [json.loads(text)[0]["reject"] for (text,) in (before[0][0], before[1][0])] == ["reject", "decline"]
    engine = create_engine(url)
    with engine.begin() as connection:
        for table in ("orders", "sagas"):
            connection.execute(text(f"DROP INDEX {table}_gated"))
            connection.execute(text(f"ALTER TABLE {table} DROP COLUMN gates"))
        connection.execute(text("UPDATE alembic_version SET version_num = 'projector_0005'"))
    engine.dispose()

    migrate("projector", url)

    after = [rows(url, query) for query in queries]
    assert [[json.loads(text) for (text,) in one] for one in after] == [
        [json.loads(text) for (text,) in one] for one in before
    ]
