"""What a connection sends together, and when: head and body at once, a stream without waiting, all before the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from services.gateway.joined_writes import JoinedWrites

HEAD, BODY = b"HTTP/1.1 200 OK\r\n\r\n", b"{}"


class _Wire:
    """Notes what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        assert not self.is_closed
        self.sent.append(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed

    def __getattr__(self, _name: str) -> Callable[..., Any]:
        return lambda *_: None


def _sent(act: Callable[[JoinedWrites], None], *, before_the_turn_ends: bool = False) -> list[bytes]:
    wire = _Wire()

    async def run() -> list[bytes]:
        act(JoinedWrites(cast("asyncio.Transport", wire), asyncio.get_running_loop()))
        if not before_the_turn_ends:
            await asyncio.sleep(0)
        return list(wire.sent)

    return asyncio.run(run())


def test_head_and_body_are_sent_at_once_and_together() -> None:
    def answer(writes: JoinedWrites) -> None:
        writes.write(HEAD)
        writes.write(BODY)

    assert _sent(answer, before_the_turn_ends=True) == [HEAD + BODY]
    assert _sent(answer) == [HEAD + BODY]


def test_what_nothing_follows_is_sent_when_the_loop_comes_round() -> None:
    assert _sent(lambda writes: writes.write(HEAD)) == [HEAD]


def test_nothing_is_lost_or_out_of_order_however_much_is_written() -> None:
    def stream(writes: JoinedWrites) -> None:
        for number in range(5):
            writes.write(b"%d" % number)

    assert b"".join(_sent(stream)) == b"01234"


def test_what_is_held_goes_out_before_the_connection_is_closed() -> None:
    def refuse(writes: JoinedWrites) -> None:
        writes.write(HEAD)
        writes.close()
        assert writes.is_closing()

    assert _sent(refuse) == [HEAD]


def test_a_connection_that_is_gone_gets_nothing_more() -> None:
    wire = _Wire()

    async def run() -> None:
        writes = JoinedWrites(cast("asyncio.Transport", wire), asyncio.get_running_loop())
        writes.write(HEAD)
        wire.close()
        await asyncio.sleep(0)

    asyncio.run(run())
    assert wire.sent == []
