"""The load generator's reading of answers, and the arithmetic of `scripts/bench gateway`."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.figures import Spread
from benchmarks.gateway.connection import CUT, Connection
from benchmarks.gateway.plan import SATURATED, STEADY
from benchmarks.gateway.report import Figures, as_text, figures, share, thresholds
from benchmarks.gateway.servers import BARE, GATEWAY, PLACEHOLDER, request

ANSWER = b'HTTP/1.1 202 Accepted\r\nretry-after: 1\r\ncontent-length: 13\r\n\r\n{"a":"b\r\n\r\n"}'


def measured(server: str, load: str = SATURATED, number: int = 1, per_s: float = 1_000.0, p99: float = 9.0) -> Figures:
    """Return figures of which only some matter."""
    return Figures(server, load, number, 100, per_s, Spread(100, 5.0, p99, 9.9), {}, 0, 0.3, 0.1, 0.02, 0.0)


def statuses_of(*parts: bytes, then_lost: bool = False) -> list[int]:
    """Return what a connection tells of an answer that comes in parts."""
    told: list[int] = []

    class Transport:
        def write(self, _request: bytes) -> None:
            """Send nothing."""

    connection = Connection(lambda _connection, status: told.append(status))
    connection.connection_made(Transport())
    connection.ask(b"POST", 0.0)
    for part in parts:
        connection.data_received(part)
    if then_lost:
        connection.connection_lost(None)
    return told


@pytest.mark.parametrize("cut", range(1, len(ANSWER)))
def test_an_answer_is_counted_once_with_its_last_byte_however_it_is_cut(cut: int) -> None:
    assert statuses_of(ANSWER[:cut]) == []
    assert statuses_of(ANSWER[:cut], ANSWER[cut:]) == [202]


def test_an_answer_that_never_comes_is_counted_when_the_connection_is_lost() -> None:
    assert statuses_of(ANSWER[:9], then_lost=True) == [CUT]
    assert statuses_of(ANSWER, then_lost=True) == [202]


def test_the_request_says_its_own_length() -> None:
    head, body = request().split("\r\n\r\n")

    assert f"content-length: {len(body.encode())}" in head.split("\r\n")
    assert request().count(PLACEHOLDER) == 1


def test_cpu_is_that_of_one_accepted_request() -> None:
    answer: dict[str, Any] = {
        "window_s": 2.0,
        "accepted": 1_000,
        "took": {"count": 1_000, "p50": 1.0, "p99": 2.0, "max": 3.0},
        "refused": {},
        "unanswered": 0,
        "cpu_ms": {"machine": 2_000.0, GATEWAY: 500.0, "broker": 250.0, "bench.generator": 50.0},
    }

    found = figures(GATEWAY, STEADY, 1, answer)

    assert found.per_s == 500.0
    assert (found.cpu_of_server, found.cpu_of_broker, found.cpu_of_generator) == (0.5, 0.25, 0.05)


def test_the_share_is_the_median_of_the_rounds_each_by_itself() -> None:
    rates = {1: (1_000.0, 900.0), 2: (2_000.0, 1_000.0), 3: (4_000.0, 400.0)}
    found = [
        measured(server, number=number, per_s=rate)
        for number, pair in rates.items()
        for server, rate in zip((BARE, GATEWAY), pair, strict=True)
    ]

    assert share(found) == 0.5
    assert share(found[:1]) is None


def test_a_missed_threshold_is_said() -> None:
    found = [
        measured(BARE),
        measured(GATEWAY, per_s=499.0),
        measured(GATEWAY, STEADY, per_s=980.0, p99=50.0),
    ]

    assert [threshold.met for threshold in thresholds(found)] == [False, False, False]
    assert as_text(found).count("NOT MET") == 3
    assert [threshold.met for threshold in thresholds([])] == [None, None, None]
