"""With the orchestrator stopped, then Kafka, orders are still shown: as they were last known, and marked so."""

from __future__ import annotations

from pathlib import Path

from confluent_kafka import Consumer

from campaigns.idempotency import order_of
from cli.broker import EmbeddedBroker
from cli.topics import create_topics
from schemas import topics
from tests.contract.gateway.story import Story
from tests.kafka.gateway.site import Reply, Site, wait_until
from tests.kafka.gateway.test_followers import publish


def test_an_outage_shows_in_every_answer_and_its_end_too(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    site: Site | None = None
    try:
        with EmbeddedBroker(tmp_path / "kafka") as bootstrap:
            list(create_topics(bootstrap))
            site = Site(bootstrap, tmp_path / "site")
            watch(site)
        lose_kafka(site)
    finally:
        if site is not None:
            site.close()


def lose_kafka(site: Site) -> None:
    """Ask for what is known without Kafka, and for what cannot be had without it."""
    wait_until(lambda: site.call("GET", "/v1/orders/ord_a").body["stale_because"] == "kafka", "Kafka is missed")
    shown = site.call("GET", "/v1/orders/ord_49")
    assert (shown.status, shown.body["status"], shown.body["stale"]) == (200, "COMPLETED", True)
    refused = site.call("POST", "/v1/orders", order_of(1), "k1")
    assert (refused.status, refused.body["type"]) == (503, "/problems/kafka-unavailable")


def watch(site: Site) -> None:
    """Take the orchestrators away, and have one come back."""

    def order() -> Reply:
        return site.call("GET", "/v1/orders/ord_a")

    def stale_because() -> object:
        return order().body.get("stale_because")

    publish(site, [Story("ord_a").started().scheduled("ship")])
    site.start("projector")
    site.start_gateway()
    wait_until(lambda: order().status == 200, "the order is shown")
    wait_until(lambda: stale_because() == "orchestrator", "it is said that no orchestrator is at work")
    shown = order()
    assert (shown.status, shown.body["stale"], shown.body["current_steps"]) == (200, True, ["ship"])
    assert shown.body["age_s"] > 0

    member = Consumer({"bootstrap.servers": site.bootstrap, "group.id": topics.here("orchestrator")})
    member.subscribe([topics.INPUTS.name])

    def fresh() -> bool:
        member.poll(0.1)
        return not order().body["stale"]

    wait_until(fresh, "the orchestrator is back")
    publish(site, [Story(f"ord_{n}").shipped() for n in range(50)])

    def caught_up() -> bool:
        member.poll(0.1)
        lag = site.call("GET", "/v1/read-model").body["lag"]
        return lag["records"] == 0 and site.call("GET", "/v1/orders/ord_49").status == 200

    wait_until(caught_up, "the lag is nothing, markers of transactions included")
    assert not order().body["stale"]
    member.close()
    wait_until(lambda: stale_because() == "orchestrator", "the orchestrator is missed again")
