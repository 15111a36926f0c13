"""The HTTP client against a real server on the loopback: what each trouble means, and when nothing is called."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from services.participant.breaker import Breaker
from services.participant.client import QUEUE_MS, Answer, Client, NoAnswer, NotSent, Reply, Trouble
from services.participant.metering import call_metrics
from tests.contract.postgres import free_port
from tests.scraping import scraped, total

Story = Callable[[Client, list[str]], Awaitable[None]]


class Clock:
    """A steady clock that a test moves."""

    def __init__(self) -> None:
        self.ms = 0

    def now_ms(self) -> int:
        """Return the time."""
        return self.ms


def _tell(
    story: Story,
    *,
    clock: Clock | None = None,
    timeout_ms: int = 30_000,
    concurrency: int = 64,
    queue_ms: int = QUEUE_MS,
) -> None:
    async def tell() -> None:
        seen: list[str] = []
        busy = 0

        async def answer(request: web.Request) -> web.Response:
            nonlocal busy
            seen.append(request.path)
            busy += 1
            seen.append(f"busy {busy}")
            try:
                if request.path == "/slow":
                    await asyncio.sleep(30)
                await asyncio.sleep(0.01)
            finally:
                busy -= 1
            status = int(request.query.get("status", "200"))
            return web.json_response({"key": request.headers.get("Idempotency-Key")}, status=status)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app, shutdown_timeout=0.01)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        client = Client(
            f"http://127.0.0.1:{port}", timeout_ms, concurrency, Breaker(5, 10_000), (clock or Clock()).now_ms, queue_ms
        )
        await client.open()
        try:
            await story(client, seen)
        finally:
            await client.close()
            await runner.cleanup()

    asyncio.run(tell())


def test_an_answer_carries_status_and_body() -> None:
    async def story(client: Client, _seen: list[str]) -> None:
        assert await client.call("POST", "/v1/charges", "k1", {"a": 1}) == Answer(200, {"key": "k1"})
        assert await client.call("POST", "/v1/charges?status=402", "k1", {}) == Answer(402, {"key": "k1"})

    _tell(story)


def test_a_server_in_trouble_did_nothing_and_silence_says_nothing() -> None:
    async def story(client: Client, _seen: list[str]) -> None:
        assert isinstance(await client.call("POST", "/x?status=503"), Trouble)
        assert isinstance(await client.call("POST", "/x?status=429"), Trouble)
        assert isinstance(await client.call("POST", "/slow"), NoAnswer)

    _tell(story, timeout_ms=1_500)


def test_where_nobody_listens_nothing_was_done() -> None:
    async def story() -> Reply:
        client = Client(f"http://127.0.0.1:{free_port()}", 500, 4, Breaker(5, 10_000), Clock().now_ms)
        await client.open()
        try:
            return await client.call("POST", "/x")
        finally:
            await client.close()

    assert isinstance(asyncio.run(story()), Trouble)


def test_an_open_circuit_calls_nobody_until_one_probe_is_answered() -> None:
    clock = Clock()

    async def story(client: Client, seen: list[str]) -> None:
        for _ in range(5):
            await client.call("POST", "/x?status=500")
        calls = len(seen)
        assert await client.call("POST", "/x") == NotSent(10_000)
        assert len(seen) == calls
        clock.ms = 10_000
        replies = await asyncio.gather(*(client.call("POST", "/x") for _ in range(10)))
        assert sum(isinstance(reply, Answer) for reply in replies) == 1
        assert isinstance(await client.call("POST", "/x"), Answer)

    _tell(story, clock=clock)


def test_who_probes_in_vain_waits_with_all_others() -> None:
    clock = Clock()

    async def story(client: Client, _seen: list[str]) -> None:
        for _ in range(5):
            assert isinstance(await client.call("POST", "/x?status=503"), Trouble)
        clock.ms = 10_000
        assert await client.call("POST", "/x?status=503") == NotSent(10_000)
        clock.ms = 20_000
        assert isinstance(await client.call("POST", "/slow"), NoAnswer)

    _tell(story, clock=clock, timeout_ms=1_500)


@pytest.mark.parametrize("trouble", ["/x?status=503", "/slow"])
def test_a_provider_in_trouble_is_called_no_more_often_than_may_fail_however_many_want_it(trouble: str) -> None:
    async def story(client: Client, seen: list[str]) -> None:
        assert isinstance(await client.call("POST", "/x"), Answer)
        seen.clear()
        replies = await asyncio.gather(*(client.call("POST", trouble) for _ in range(1_000)))
        assert sum(isinstance(reply, NotSent) for reply in replies) == 995
        assert sum(line.startswith("/") for line in seen) == 5

    _tell(story, timeout_ms=5_000)


def test_who_waits_too_long_for_a_place_is_told_when_to_come_back_one_after_the_other_and_nothing_was_sent() -> None:
    async def story(client: Client, seen: list[str]) -> None:
        slow = asyncio.create_task(client.call("POST", "/slow"))
        await asyncio.sleep(0)
        replies = await asyncio.gather(*(client.call("POST", "/x") for _ in range(100)))
        assert "/x" not in seen
        assert {reply.code for reply in replies if isinstance(reply, NotSent)} == {"provider_busy"}
        waits = sorted(reply.retry_after_ms for reply in replies if isinstance(reply, NotSent))
        assert len(waits) == len(set(waits)) == 100
        assert isinstance(await slow, NoAnswer)
        assert isinstance(await client.call("POST", "/x"), Answer)

    _tell(story, timeout_ms=1_500, concurrency=1, queue_ms=100)


def test_nothing_is_peeked_at_while_the_circuit_is_open() -> None:
    clock = Clock()

    async def story(client: Client, seen: list[str]) -> None:
        assert await client.peek("/x") == {"key": None}
        for _ in range(5):
            await client.call("POST", "/x?status=500")
        seen.clear()
        assert (await client.peek("/x"), seen) == (None, [])
        clock.ms = 10_000
        assert await client.peek("/x") == {"key": None}

    _tell(story, clock=clock)


def test_more_calls_go_at_once_the_more_are_answered() -> None:
    async def story(client: Client, seen: list[str]) -> None:
        replies = await asyncio.gather(*(client.call("POST", f"/{n}") for n in range(400)))
        assert all(isinstance(reply, Answer) for reply in replies)
        busy = [int(line.split()[1]) for line in seen if line.startswith("busy")]
        assert (max(busy[:5]), 5 < max(busy) <= 64) == (5, True)

    _tell(story, queue_ms=60_000)


def test_those_that_wait_for_a_place_are_served_though_others_give_up() -> None:
    async def story(client: Client, _seen: list[str]) -> None:
        slow = [asyncio.ensure_future(client.call("POST", "/slow")) for _ in range(5)]
        waiting = [asyncio.ensure_future(client.call("POST", f"/{n}")) for n in range(20)]
        await asyncio.sleep(0)
        for call in [*slow, *waiting[:19]]:
            call.cancel()
        assert isinstance(await waiting[19], Answer)

    _tell(story)


def test_the_metrics_show_the_circuit_open_half_open_and_closed_again() -> None:
    clock = Clock()

    async def story(client: Client, _seen: list[str]) -> None:
        def shown(name: str) -> float:
            return total(scraped(lambda: call_metrics([client.watched])), name)

        for _ in range(6):
            await client.call("POST", "/x?status=500")
        assert (shown("circuit_breaker_state"), shown("provider_calls_refused_total")) == (2, 1)
        clock.ms = 10_000
        probe = asyncio.ensure_future(client.call("POST", "/x"))
        await asyncio.sleep(0)
        assert shown("circuit_breaker_state") == 1
        await probe
        assert shown("circuit_breaker_state") == 0
        assert shown("provider_call_duration_seconds_count") == 6

    _tell(story, clock=clock)


def test_no_more_calls_at_once_than_allowed() -> None:
    async def story(client: Client, seen: list[str]) -> None:
        replies = await asyncio.gather(*(client.call("POST", f"/{n}") for n in range(20)))
        assert all(isinstance(reply, Answer) for reply in replies)
        assert max(int(line.split()[1]) for line in seen if line.startswith("busy")) == 3

    _tell(story, concurrency=3)


def test_a_slow_call_delays_no_other() -> None:
    async def story(client: Client, _seen: list[str]) -> None:
        slow = asyncio.ensure_future(client.call("POST", "/slow"))
        assert isinstance(await client.call("POST", "/x"), Answer)
        assert not slow.done()
        assert isinstance(await slow, NoAnswer)

    _tell(story, timeout_ms=1_500)


def test_a_call_that_is_given_up_leaves_the_circuit_as_it_was() -> None:
    async def story(client: Client, _seen: list[str]) -> None:
        for _ in range(10):
            call = asyncio.ensure_future(client.call("POST", "/slow"))
            await asyncio.sleep(0)
            call.cancel()
        assert isinstance(await client.call("POST", "/x"), Answer)

    _tell(story)
