"""Follows an order's events as the gateway tells them (server-sent events), and a saga's by asking for its history."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

from cli.asking import NothingMore, Wish, asked, lines_of, unreachable
from cli.failure import Failure
from cli.options import Gateway

HEARTBEATS_S = 45.0
"""A stream that says nothing for so long is broken: the gateway has a heartbeat every 15 s."""
PATIENCE_S = 60.0
"""For how long a gateway that was there may be away before following it ends."""
_PAUSE_S = 1.0
_LAST = frozenset({"SagaCompleted", "SagaRevoked"})

Event = Mapping[str, Any]


def follow_order(gateway: Gateway, order_id: str, after: int = 0) -> Iterator[Event]:
    """Yield the events after a sequence number until the saga has ended; comes again, with the last id. Raises Failure.

    Of several events with one sequence number the last carries the id, so those before it may come twice: they are
    yielded once.
    """
    path = f"/v1/orders/{quote(order_id, safe='')}/events"
    place = _Place(after, set(), None)
    while True:
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(place.after)}
        try:
            for event in _events(lines_of(gateway, path, headers, HEARTBEATS_S), place):
                yield event
                if event["type"] in _LAST:
                    return
        except NothingMore:
            return
        except (OSError, http.client.HTTPException, ValueError) as error:
            if place.is_given_up():
                raise unreachable(gateway, error) from error
        except Failure:
            if place.is_given_up():
                raise
        time.sleep(_PAUSE_S)


@dataclass(slots=True)
class _Place:
    """Where a reader of events is: the last id, what was told since, and when the gateway was heard last."""

    after: int
    since_id: set[str]
    heard_at: float | None

    def is_given_up(self) -> bool:
        return self.heard_at is None or time.monotonic() - self.heard_at > PATIENCE_S


def _events(lines: Iterable[str], place: _Place) -> Iterator[Event]:
    for sent in server_sent(lines):
        place.heard_at = time.monotonic()
        if sent.data and sent.data not in place.since_id:
            place.since_id.add(sent.data)
            yield json.loads(sent.data)
        if sent.number is not None:
            place.after, place.since_id = sent.number, set()


def follow_saga(gateway: Gateway, saga_id: str, pause: Callable[[], None]) -> Iterator[Event]:
    """Yield a saga's events until it has ended; asks for the history again after every `pause`. Raises Failure."""
    path = f"/v1/sagas/{quote(saga_id, safe='')}/history"
    shown = 0
    while True:
        events = asked(gateway, "GET", path, Wish(remedy="`saga saga list` shows the sagas there are."))["events"]
        yield from events[shown:]
        shown = len(events)
        if any(event["type"] in _LAST for event in events):
            return
        pause()


def pause() -> None:
    """Wait as long as is right between two looks at a history."""
    time.sleep(_PAUSE_S)


class Sent(NamedTuple):
    """What a stream said: an event's id, where it has one, and its data; no data: a heartbeat."""

    number: int | None
    data: str


def server_sent(lines: Iterable[str]) -> Iterator[Sent]:
    """Yield what a stream of server-sent events says."""
    number: int | None = None
    data: list[str] = []
    for line in lines:
        name, _, value = line.partition(":")
        if not line or not name:
            yield Sent(number, "\n".join(data))
            number, data = None, []
        elif name == "data":
            data.append(value.removeprefix(" "))
        elif name == "id" and value.strip().isdecimal():
            number = int(value)
