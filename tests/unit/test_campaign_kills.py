"""Whom a chaos campaign kills, and what it takes for a failure."""

from __future__ import annotations

import random
from collections import Counter

from campaigns.chaos_report import Campaign, markdown
from campaigns.kills import Kill, kind_of, targets
from campaigns.load_run import Result
from verify.report import Finding, Report, Sum

NAMES = ("broker", "carrier", "gateway", "orchestrator-0", "payment", "projector", "watchdog")
HOLDS = Report({"COMPLETED": 1}, (Sum("money", "captured", 100, "shipped", 100, money=True),), (), (), ())


def _draw(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - whom a test kills is no secret


def _campaign(*kills: Kill, books: Report = HOLDS, unfinished: tuple[str, ...] = ()) -> Campaign:
    return Campaign(kills, Result(unfinished=unfinished), books, seed=1, rate=5.0, orchestrators=1, limit_ms=5_000.0)


def test_everybody_dies_at_least_twice_and_the_orchestrator_most() -> None:
    deaths = Counter(targets(NAMES, 30, _draw(1)))
    assert sum(deaths.values()) == 30
    assert all(deaths[name] >= 2 for name in NAMES)
    assert deaths.most_common(1)[0][0] == "orchestrator-0"


def test_the_same_seed_kills_in_the_same_order() -> None:
    assert targets(NAMES, 30, _draw(4)) == targets(NAMES, 30, _draw(4))


def test_every_process_has_a_kind_that_says_when_it_recovered() -> None:
    kinds = [kind_of(name) for name in NAMES]
    assert kinds == ["broker", "sandbox", "gateway", "orchestrator", "participant", "projector", "reader"]


def test_a_campaign_in_which_everything_held_has_no_failure() -> None:
    campaign = _campaign(Kill("orchestrator-0", "orchestrator", 1.0, 900.0), Kill("broker", "broker", 9.0, 8_000.0))
    assert campaign.failures() == []
    page = markdown(campaign)
    assert "**Everything held.**" in page
    assert "| orchestrator-0 | 1 | 0.90 | 0.90 |" in page
    assert "| money | captured | 1.00 | shipped | 1.00 | holds |" in page


def test_a_slow_orchestrator_fails_the_campaign_and_a_slow_broker_does_not() -> None:
    assert len(_campaign(Kill("orchestrator-0", "orchestrator", 1.0, 5_000.0)).failures()) == 1
    assert _campaign(Kill("broker", "broker", 1.0, 30_000.0)).failures() == []


def test_who_never_comes_back_or_never_ends_fails_the_campaign() -> None:
    campaign = _campaign(Kill("payment", "participant", 1.0, None), unfinished=("ord_1",))
    assert len(campaign.failures()) == 2
    assert "| payment | 1 | never | never |" in markdown(campaign)


def test_books_that_do_not_hold_fail_the_campaign() -> None:
    broken = Report({}, (), (Finding("money", ("ord_1",), "too much"),), (), ())
    assert "ord_1" in _campaign(books=broken).failures()[0]
