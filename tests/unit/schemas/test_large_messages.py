"""A message that comes near to what a topic takes is counted and warned of; all smaller ones cost nothing."""

from __future__ import annotations

import logging

import pytest

from schemas.codec import MAX_MESSAGE_BYTES, Codec, TooLarge
from streams.message_sizes import MessageSizes
from tests.scraping import scraped, total

NAME = "saga.Origin"


def encode(codec: Codec, size: int) -> bytes:
    """Encode a message of exactly this many bytes."""
    fields = {"saga_id": "ord_a", "data": "x" * 70_000, "parameters": ""}
    empty = len(Codec().encode(NAME, fields)) - 70_000
    return codec.encode(NAME, {**fields, "data": "x" * (size - empty)})


class Clock:
    """A clock that the test moves."""

    now_s = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


def test_messages_from_80000_bytes_on_are_counted() -> None:
    """Guards C15."""
    sizes = MessageSizes(MAX_MESSAGE_BYTES, Clock())
    codec = Codec(on_large=sizes.note)
    for size in (70_000, 79_999):
        encode(codec, size)
    assert total(scraped(sizes.read), "message_largest_bytes") == 0
    for size in (80_000, 99_999, MAX_MESSAGE_BYTES):
        assert len(encode(codec, size)) == size
    with pytest.raises(TooLarge):
        encode(codec, MAX_MESSAGE_BYTES + 1)

    found = scraped(sizes.read)
    assert total(found, "messages_near_limit_total", message=NAME) == 3
    assert total(found, "messages_over_limit_total", message=NAME) == 1
    assert total(found, "message_largest_bytes") == MAX_MESSAGE_BYTES + 1
    assert total(found, "message_largest_bytes_limit") == MAX_MESSAGE_BYTES


def test_a_warning_comes_at_once_and_then_at_most_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    sizes = MessageSizes(MAX_MESSAGE_BYTES, clock)
    codec = Codec(on_large=sizes.note)
    with caplog.at_level(logging.WARNING):
        for _ in range(50):
            encode(codec, 80_000)
            clock.now_s += 1.0
        assert len(caplog.records) == 1
        clock.now_s += 10.0
        encode(codec, 90_000)

    told = [{name: vars(record)[name] for name in ("of", "bytes", "since_last_warning")} for record in caplog.records]
    assert told == [
        {"of": NAME, "bytes": 80_000, "since_last_warning": 1},
        {"of": NAME, "bytes": 90_000, "since_last_warning": 50},
    ]
