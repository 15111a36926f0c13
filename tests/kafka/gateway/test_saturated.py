"""A gateway whose way to Kafka is full: what is too much is turned away at once, nothing breaks, memory stays flat."""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from campaigns.process_use import use_of
from services.gateway.outlet import MAX_IN_FLIGHT
from tests.kafka.gateway.site import Site

NOBODY = "127.0.0.1:1"
TOO_MANY = MAX_IN_FLIGHT + 1_500
FILES = TOO_MANY + 500
GROWTH_MB = 40.0
FORM: dict[str, Any] = {
    "customer_id": "17850",
    "currency": "GBP",
    "total": "15.30",
    "payment_method": "pm_card_ok",
    "lines": [{"sku": "85123A", "description": "HEART", "quantity": 6, "unit_price": "2.55"}],
    "shipping": {"method": "standard", "country": "United Kingdom", "address": "1 High St"},
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Give a site whose Kafka is nowhere: whatever is handed to its producer stays there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"a process may have {hard} connections here, and this takes {FILES}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES), hard))
    site = Site(NOBODY, tmp_path)
    yield site
    site.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def _flood(port: int, name: str) -> Counter[tuple[int, str, str | None]]:
    """Post more orders at once than the producer holds; return status, problem and Retry-After of the answers."""

    async def one(session: aiohttp.ClientSession, number: int) -> tuple[int, str, str | None]:
        headers = {"Idempotency-Key": f"{name}-{number}"}
        async with session.post(f"http://127.0.0.1:{port}/v1/orders", json=FORM, headers=headers) as answer:
            body = await answer.json(content_type=None)
            return answer.status, body.get("type", ""), answer.headers.get("Retry-After")

    connector = aiohttp.TCPConnector(limit=TOO_MANY)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=300)) as session:
        return Counter(await asyncio.gather(*(one(session, number) for number in range(TOO_MANY))))


def test_more_than_the_buffer_holds_is_turned_away_and_nothing_grows(site: Site) -> None:
    process = site.start_gateway()
    resident = []
    for wave in ("first", "second", "third"):
        answers = asyncio.run(_flood(site.port, wave))
        assert {status for status, _, _ in answers} == {503}
        assert {kind for _, kind, _ in answers} == {"/problems/overloaded", "/problems/kafka-unavailable"}
        assert all(after is not None for _, _, after in answers)
        assert site.call("GET", "/healthz").status == 200
        resident.append(use_of(process.pid).resident_mb)
    assert process.poll() is None
    assert resident[2] - resident[1] < GROWTH_MB
