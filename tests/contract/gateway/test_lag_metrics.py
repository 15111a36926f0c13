"""How far the read model is behind, as a monitoring system sees it at the projector and at the gateway."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from functools import partial

from services.gateway.reading.freshness import Samples, Staleness
from services.gateway.reading.lag_metrics import lag_metrics
from services.participant.database import Database
from services.projector.following import Following
from services.projector.metering import event_age
from tests.contract.gateway.gate import StubFreshness
from tests.contract.gateway.story import BORN_MS, CODEC, Story, entries
from tests.contract.gateway.tape import Tape
from tests.scraping import Scrape, scraped, total

AGE = "read_model_newest_event_age_seconds"


def scrape(following: Following, now_ms: int) -> Scrape:
    """Return what the projector shows at a time."""
    return scraped(partial(event_age, following, lambda: now_ms))


def test_the_projector_tells_how_old_its_newest_event_is_from_its_start_on(new_url: Callable[[str], str]) -> None:
    orders = [Story("ord_a").started(), Story("ord_b", BORN_MS + 5_000).started()]
    etl = Story("etl_1", BORN_MS + 2_000, definition="etl").started()
    tape = Tape(entries(orders[1], orders[0], etl), most=1)
    with closing(Database(new_url("projector"))) as database:
        following = Following(database, tape, Tape(), CODEC)
        assert AGE not in {name for name, _ in scrape(following, BORN_MS)}
        while following.advance(0.0):
            pass
        assert total(scrape(following, BORN_MS + 15_002), AGE) == 10.0

        restarted = Following(database, tape, Tape(), CODEC)
        assert total(scrape(restarted, BORN_MS + 16_002), AGE) == 11.0
        assert total(scrape(restarted, BORN_MS), AGE) == 0


def test_the_gateway_tells_records_and_seconds_behind_and_whether_that_is_stale() -> None:
    samples = Samples(0)
    samples.take(1_000, {0: 10, 1: 5}, None)
    samples.reach({0: 7, 1: 5})
    freshness = StubFreshness(samples.staleness(8_500))

    found = scraped(partial(lag_metrics, freshness))

    names = ("read_model_age_seconds", "read_model_stale", "read_model_lag_records")
    assert [total(found, name) for name in names] == [8.5, 1, 3]
    samples.reach({0: 10, 1: 5})
    freshness.staleness = samples.staleness(1_200)
    found = scraped(partial(lag_metrics, freshness))
    assert [total(found, name) for name in names] == [0.2, 0, 0]


def test_where_the_end_of_a_partition_is_not_known_no_count_is_told() -> None:
    samples = Samples(0)
    samples.reach({0: 7})
    freshness = StubFreshness(samples.staleness(0))
    assert "read_model_lag_records" not in {name for name, _ in scraped(partial(lag_metrics, freshness))}
    freshness.staleness = Staleness(stale=False, age_ms=0)
    assert total(scraped(partial(lag_metrics, freshness)), "read_model_lag_records") == 0
