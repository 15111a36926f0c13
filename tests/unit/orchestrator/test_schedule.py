"""The arithmetic of schedules: when the next start is, which ones were missed, what is no schedule."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.schedule import (
    After,
    Cron,
    Every,
    before,
    next_after,
    occurrences,
    parse_schedule,
    schedule_of,
    stamp,
)

HOUR = 3_600_000
DAY = 24 * HOUR
DAILY = Cron("0 0 * * *")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000


MIDNIGHT = at("2026-11-21T00:00:00")


def test_a_daily_report_is_due_at_the_next_midnight_of_utc() -> None:
    assert next_after(DAILY, MIDNIGHT - 1) == MIDNIGHT
    assert next_after(DAILY, MIDNIGHT) == MIDNIGHT + DAY
    assert before(DAILY, MIDNIGHT) == MIDNIGHT - DAY


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("*/15 * * * *", "2026-11-21T10:07:00", "2026-11-21T10:15:00"),
        ("30 9 * * 1-5", "2026-11-20T10:00:00", "2026-11-23T09:30:00"),
        ("0 0 29 2 *", "2026-11-21T00:00:00", "2028-02-29T00:00:00"),
        ("0 2 * * *", "2026-03-29T01:30:00", "2026-03-29T02:00:00"),
    ],
)
def test_a_cron_expression_knows_weeks_leap_years_and_no_summer_time(
    expression: str, after: str, expected: str
) -> None:
    assert next_after(Cron(expression), at(after)) == at(expected)


def test_an_interval_counts_from_the_start_before_and_a_delay_from_the_end_before() -> None:
    assert next_after(Every(HOUR), MIDNIGHT) == MIDNIGHT + HOUR
    assert next_after(After(HOUR), MIDNIGHT + 7) == MIDNIGHT + 7 + HOUR
    assert before(Every(HOUR), MIDNIGHT) == MIDNIGHT - HOUR
    assert before(After(HOUR), MIDNIGHT) is None


def test_every_missed_time_is_named_up_to_a_bound_and_the_newest_ones_win() -> None:
    assert occurrences(Every(HOUR), MIDNIGHT, MIDNIGHT - 1, 24) == ((), 0)
    assert occurrences(Every(HOUR), MIDNIGHT, MIDNIGHT + 2 * HOUR + 1, 24) == (
        (MIDNIGHT, MIDNIGHT + HOUR, MIDNIGHT + 2 * HOUR),
        0,
    )
    assert occurrences(Every(HOUR), MIDNIGHT, MIDNIGHT + 30 * HOUR, 2) == (
        (MIDNIGHT + 29 * HOUR, MIDNIGHT + 30 * HOUR),
        29,
    )
    assert occurrences(DAILY, MIDNIGHT, MIDNIGHT + 3 * DAY, 2) == ((MIDNIGHT + 2 * DAY, MIDNIGHT + 3 * DAY), -1)
    assert occurrences(After(HOUR), MIDNIGHT, MIDNIGHT + 30 * HOUR, 24) == ((MIDNIGHT,), 0)


SCHEDULES = st.one_of(
    st.integers(1_000, 10 * DAY).map(Every), st.sampled_from([DAILY, Cron("*/7 3 * * *"), Cron("0 12 1 * *")])
)


@given(SCHEDULES, st.integers(0, 60 * DAY), st.integers(0, 400 * DAY), st.integers(1, 30))
def test_what_was_missed_is_what_one_step_after_the_other_gives(
    schedule: Every | Cron, first: int, span: int, most: int
) -> None:
    due = next_after(schedule, MIDNIGHT + first)
    now = due + min(span, 300 * next_after(schedule, due) - 300 * due)
    walked, time_ms = [], due
    while time_ms <= now:
        walked.append(time_ms)
        time_ms = next_after(schedule, time_ms)

    found = occurrences(schedule, due, now, most)

    assert list(found.times) == walked[-most:]
    assert (found.skipped != 0) == (len(walked) > most)
    for earlier, later in itertools.pairwise(walked):
        assert before(schedule, later) == earlier


def test_the_id_of_a_scheduled_saga_tells_its_time() -> None:
    assert stamp(MIDNIGHT) == "20261121T000000Z"


def test_a_document_has_a_schedule_or_none() -> None:
    assert schedule_of({"schedule": {"every": {"minutes": 5}}}) == Every(300_000)
    assert schedule_of({"schedule": {"after": {"seconds": 90}}}) == After(90_000)
    assert schedule_of({"schedule": {"cron": "0 0 * * *"}}) == DAILY
    assert schedule_of({"do": []}) is None


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ({}, "schedule"),
        ("daily", "schedule"),
        ({"every": {"minutes": 1}, "cron": "0 0 * * *"}, "schedule"),
        ({"on": {"one": {}}}, "schedule.on"),
        ({"every": {"milliseconds": 999}}, "schedule.every"),
        ({"cron": "0 0 * *"}, "schedule.cron"),
        ({"cron": "0 0 30 2 *"}, "schedule.cron"),
        ({"cron": "61 0 * * *"}, "schedule.cron"),
        ({"cron": "0 0 0 * * *"}, "schedule.cron"),
    ],
)
def test_what_is_no_schedule_is_refused_by_its_path(written: Any, where: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        parse_schedule(written)

    assert caught.value.where == where
