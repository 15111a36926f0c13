"""The API reference is what the API says of itself; its examples work, and every problem has its line."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from pathlib import Path

from services.gateway.problems import TITLES
from services.gateway.security.access import ROUTES
from tests.contract.gateway.api_reference import BEGIN, END, PAGES, example_of, reference
from tests.contract.gateway.gate import Gate, gateway
from tests.contract.gateway.story import Story, entries, projector

DOCS = Path(__file__).parents[3] / "docs"
WRITE = "SAGALINE_WRITE_DOCS"


def test_the_reference_has_every_route_as_it_is(new_sqlite_url: Callable[[str], str]) -> None:
    urls = (new_sqlite_url("gateway"), new_sqlite_url("projector"))

    async def scenario() -> str:
        async with gateway(*urls) as gate:
            return reference(gate.routes.openapi())

    made = asyncio.run(scenario())
    page = DOCS / "api.md"
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    written, _, after = rest.partition(END)
    if os.environ.get(WRITE):
        page.write_text(f"{before}{BEGIN}{made}{END}{after}", encoding="utf-8")
        return
    assert written == made, f"docs/api.md is out of date: run this test with {WRITE}=1"


def test_the_examples_of_the_reference_work(new_sqlite_url: Callable[[str], str]) -> None:
    urls = (new_sqlite_url("gateway"), new_sqlite_url("projector"))

    async def run(gate: Gate) -> None:
        for method, path in ROUTES:
            made = example_of(method, path) if path not in PAGES else None
            if made is not None:
                url, example = made
                answer = await gate.call(method, url, example.body, example.key)
                assert answer.status == example.status, (method, url, answer.body)

    async def scenario() -> None:
        waiting = Story("ord_a").started().awaiting_approval()
        with projector(urls[1]) as (projection, _):
            projection.project(entries(waiting))
        async with gateway(*urls) as gate:
            await run(gate)

    asyncio.run(scenario())


def test_every_problem_has_its_line() -> None:
    text = (DOCS / "problems.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (.*?) \| \S", text, re.MULTILINE)
    assert {name: (int(status), title) for name, status, title in lines} == TITLES
    assert len(lines) == len(TITLES)
