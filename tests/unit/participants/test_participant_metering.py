"""A participant's metrics: commands and answers by outcome, calls and circuit of a provider, the loop's bounds."""

from __future__ import annotations

import pytest

from services.participant.breaker import Breaker
from services.participant.metering import CallCounts, CommandCounts, Standing, Watched, call_metrics, loop_metrics
from services.participant.outcome import CIRCUIT_OPEN, Done, Outcome, rejected, transient, unavailable
from tests.scraping import scraped, total


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Done("payment.PaymentCaptured", {}), "DONE"),
        (rejected("card_declined", "no"), "REJECTED"),
        (transient("psp_down", "later"), "TRANSIENT"),
        (unavailable(100, CIRCUIT_OPEN), "UNAVAILABLE"),
    ],
)
def test_answers_are_counted_by_step_and_outcome_with_their_time(outcome: Outcome, kind: str) -> None:
    counts = CommandCounts()
    counts.answered("lines/3/capture-payment", outcome, 40)

    found = scraped(counts.read)
    labels = {"step": "capture-payment", "outcome": kind}
    assert total(found, "participant_command_duration_seconds_count", **labels) == 1
    assert total(found, "participant_command_duration_seconds_sum", **labels) == pytest.approx(0.04)
    assert total(found, "participant_command_duration_seconds_bucket", le="0.05", **labels) == 1
    assert total(found, "participant_command_duration_seconds_bucket", le="0.025", **labels) == 0


def test_a_circuit_shows_closed_open_and_half_open() -> None:
    breaker = Breaker(failures=2, open_ms=100)
    watched = [Watched("http://psp", CallCounts(), breaker, 64)]

    def state() -> float:
        return total(scraped(lambda: call_metrics(watched)), "circuit_breaker_state", provider="http://psp")

    assert state() == 0
    breaker.failed(0)
    breaker.failed(0)
    assert state() == 2
    breaker.admit(100)
    assert state() == 1
    breaker.succeeded(crowded=False)
    assert state() == 0
    found = scraped(lambda: call_metrics(watched))
    assert total(found, "circuit_breaker_opened_total") == 1
    assert total(found, "provider_calls_in_flight_limit") == 64


def test_the_loop_shows_each_bound_beside_its_use() -> None:
    standing = Standing(7, 4_000, 2, paused=True, aborts_in_a_row=3, aborts_limit=30)
    found = scraped(lambda: loop_metrics(standing))
    assert total(found, "participant_open_effects") == 7
    assert total(found, "participant_open_effects_limit") == 4_000
    assert total(found, "participant_intake_paused") == 1
    assert total(found, "participant_aborts_in_a_row") == 3
    assert total(found, "participant_aborts_in_a_row_limit") == 30
