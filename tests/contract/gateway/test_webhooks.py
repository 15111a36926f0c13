"""Webhooks: clients are told of every change of state of their customers' sagas, signed, at least once, with an end."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from services.feed import Entry
from services.participant.database import Conflict, Database
from services.signatures import NotSigned, new_secret, read_headers, secret_of, verify
from services.watched_file import WatchedFile
from services.webhooks.courier import Courier
from services.webhooks.endpoints import BadEndpoints, Endpoint, parse, read
from services.webhooks.notices import MAX_ATTEMPTS
from services.webhooks.sender import Attempt, Send, send
from services.webhooks.store import Store
from tests.contract.gateway.story import BORN_MS, CODEC, Story, entries

SECRET = new_secret(lambda size: b"\x01" * size)
NEXT_SECRET = new_secret(lambda size: b"\x02" * size)
SHOP = Endpoint("shop", "http://127.0.0.1:1/hooks", (secret_of(SECRET),), None)
OTHER = Endpoint("other", "http://127.0.0.1:1/hooks", (secret_of(SECRET),), frozenset({"13047"}))


class Told(NamedTuple):
    """A message as an endpoint got it."""

    endpoint: str
    message_id: str
    body: dict[str, Any]


class World:
    """saga.events, a clock and endpoints around couriers that may die. `answer`: what endpoints answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.log: list[Entry] = []
        self.now_ms = BORN_MS - 1
        self.told: list[Told] = []
        self.answer = Attempt(200, "")
        self.endpoints = {"shop": SHOP, "other": OTHER}
        self._next = 0

    def take(self, limit: int, wait_s: float, linger_s: float) -> list[Entry]:
        """Return what comes next in the log."""
        del wait_s, linger_s
        found = [entry for entry in self.log if entry.offset >= self._next][:limit]
        if found:
            self._next = found[-1].offset + 1
        return found

    def send(self, endpoint: Endpoint, message_id: str, body: bytes, at_s: int) -> Attempt:
        """Take a message in, or not."""
        assert at_s == self.now_ms // 1000
        self.told.append(Told(endpoint.name, message_id, json.loads(body)))
        return self.answer

    @contextmanager
    def courier(
        self, sender: Send | None = None, endpoints: Callable[[int], Mapping[str, Endpoint]] | None = None
    ) -> Iterator[Courier]:
        """Start a courier over the database."""
        database = Database(self.url)
        courier = Courier(
            events=self,
            store=Store(database),
            endpoints=endpoints or (lambda _now_ms: self.endpoints),
            send=sender or self.send,
            codec=CODEC,
            now_ms=lambda: self.now_ms,
        )
        try:
            self._next = courier.open((0,))[0]
            yield courier
        finally:
            courier.close()
            database.close()

    def run(self, later_ms: int = 0, turns: int = 1) -> None:
        """Run a courier for some turns, later."""
        self.now_ms += later_ms
        with self.courier() as courier:
            for _ in range(turns):
                courier.turn(0, 0)


def keyed(*stories: Story, first: int = 0) -> list[Entry]:
    """Return the records of stories, one story after another, with their keys."""
    found: list[Entry] = []
    for story in stories:
        one = entries(story, first=first + 2 * len(found))
        found += [entry._replace(key=story.order_id.encode()) for entry in one]
    return found


@pytest.fixture
def world(new_url: Callable[[str], str]) -> World:
    """Give a world whose webhooks have run before anything happened, and then an order went from start to end."""
    world = World(new_url("webhooks"))
    world.run()
    world.log = keyed(Story("ord_a").shipped())
    world.now_ms = BORN_MS + 1_000
    return world


def states(told: Sequence[Told]) -> list[tuple[str, str]]:
    """Return the states that were told."""
    return [(one.body["data"]["to"]["lifecycle"], one.body["data"]["to"]["status"]) for one in told]


WHOLE = [
    ("pending", "RUNNING"),
    ("validated", "RUNNING"),
    ("validated", "Inventory_Locked"),
    ("paid", "RUNNING"),
    ("shipped", "RUNNING"),
    ("shipped", "COMPLETED"),
]


def test_every_change_of_state_is_told_once_to_whom_it_concerns(world: World) -> None:
    world.run(turns=3)
    world.run(60_000)
    assert {one.endpoint for one in world.told} == {"shop"}
    in_order = sorted(world.told, key=lambda one: one.body["data"]["sequence"])
    assert states(in_order) == WHOLE
    assert [one.message_id for one in in_order] == [f"ord_a_{one.body['data']['sequence']}" for one in in_order]
    first, second = in_order[:2]
    assert first.body == {
        "type": "saga.state_changed",
        "timestamp": "2023-11-14T22:13:20.001Z",
        "data": {
            "saga_id": "ord_a", "definition": "order-fulfillment", "sequence": 1, "customer_id": "17850",
            "from": None, "to": {"lifecycle": "pending", "status": "RUNNING"},
        },
    }  # fmt: skip
    assert second.body["data"]["from"] == first.body["data"]["to"]


def test_another_customers_orders_are_not_told(world: World) -> None:
    world.log += keyed(Story("ord_b").started(customer_id="13047"), first=100)
    world.run(turns=2)
    assert {one.body["data"]["saga_id"] for one in world.told if one.endpoint == "other"} == {"ord_b"}


def test_what_happened_before_there_were_webhooks_is_not_told(new_url: Callable[[str], str]) -> None:
    world = World(new_url("webhooks"))
    world.log = keyed(Story("ord_a").started())
    world.run(60_000)
    assert world.told == []
    late = Story("ord_a", born_ms=BORN_MS + 90_000)
    late.values = [b"", b""]
    late.scheduled("lock-inventory", lifecycle="validated", status="Inventory_Locked")
    world.log += keyed(late, first=96)[2:]
    world.run(60_000)
    assert states(world.told) == [("validated", "Inventory_Locked")]


def test_a_message_that_is_not_taken_comes_again_with_the_same_id_and_growing_pauses(world: World) -> None:
    world.log = world.log[:1]
    world.answer = Attempt(503, "")
    world.run(turns=5)
    assert len(world.told) == 1
    for attempt in range(1, 6):
        pause = 1_000 * 2 ** (attempt - 1)
        world.run(pause - 1)
        assert len(world.told) == attempt
        world.run(1)
        assert len(world.told) == attempt + 1
    world.answer = Attempt(204, "")
    world.run(3_600_000)
    world.run(3_600_000)
    assert len(world.told) == 7
    assert {one.message_id for one in world.told} == {"ord_a_1"}


@pytest.mark.parametrize(
    ("answer", "attempts"), [(Attempt(None, "ConnectionRefusedError"), MAX_ATTEMPTS), (Attempt(410, ""), 1)]
)
def test_a_message_that_is_never_taken_dies_and_holds_up_nothing(
    world: World, answer: Attempt, attempts: int, caplog: pytest.LogCaptureFixture
) -> None:
    world.log = world.log[:1]
    world.answer = answer
    for _ in range(MAX_ATTEMPTS + 3):
        world.run(3_600_000)
    assert len(world.told) == attempts
    assert "gave a message up" in caplog.text
    world.answer = Attempt(200, "")
    world.log = keyed(Story("ord_b", born_ms=world.now_ms).started(), first=100)
    world.run(10_000)
    assert {one.message_id for one in world.told} == {"ord_a_1", "ord_b_1", "ord_b_2"}


class Killed(BaseException):
    """The process dies here."""


def test_a_courier_that_dies_after_sending_sends_the_same_message_again(world: World) -> None:
    world.log = world.log[:1]

    def die(endpoint: Endpoint, message_id: str, body: bytes, at_s: int) -> Attempt:
        world.send(endpoint, message_id, body, at_s)
        raise Killed

    with world.courier(die) as courier, pytest.raises(Killed):
        courier.turn(0, 0)
    world.run(1_000)
    world.run(60_000)
    first, again = world.told
    assert again == first


def test_a_second_courier_is_found_out(world: World) -> None:
    with world.courier() as slow:
        world.run()
        world._next = 0  # noqa: SLF001 - the slow one reads the log anew
        with pytest.raises(Conflict):
            slow.turn(0, 0)


def test_what_is_no_event_is_passed_over(world: World) -> None:
    world.log = [Entry(0, 0, b"poison", b"x"), Entry(0, 1, None, None), *keyed(Story("ord_a").started(), first=2)]
    world.run(turns=2)
    assert states(world.told) == WHOLE[:2]


class Received(NamedTuple):
    """A request as the endpoint's server got it."""

    path: str
    headers: dict[str, str]
    body: bytes


@contextmanager
def server(status: int) -> Iterator[tuple[str, list[Received]]]:
    """Run an endpoint on the loopback that answers with a status."""
    received: list[Received] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(status)
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", received
        running.shutdown()
        thread.join()


def test_a_message_is_signed_with_every_secret_so_that_they_rotate() -> None:
    both = (secret_of(SECRET), secret_of(NEXT_SECRET))
    with server(200) as (url, received):
        attempt = send(Endpoint("shop", f"{url}/hooks?a=1", both, None), "ord_a_1", b'{"x":1}', 1_700_000_000)
    assert attempt == Attempt(200, "")
    (got,) = received
    assert (got.path, got.body, got.headers["content-type"]) == ("/hooks?a=1", b'{"x":1}', "application/json")
    for secret in both:
        verify([secret], read_headers(got.headers), got.body, 1_700_000_000)
    with pytest.raises(NotSigned):
        verify([b"x" * 32], read_headers(got.headers), got.body, 1_700_000_000)


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with server(307) as (url, received):
        assert send(Endpoint("shop", url, (b"s" * 32,), None), "ord_a_1", b"{}", 1).status == 307
    assert len(received) == 1


def test_an_endpoint_that_is_not_there_is_no_answer() -> None:
    assert send(SHOP, "ord_a_1", b"{}", 1) == Attempt(None, "ConnectionRefusedError")


def entry(**changes: Any) -> dict[str, Any]:
    """Return an entry of the endpoints file, with changes."""
    return {"name": "shop", "url": "https://shop.example/hooks", "secrets": [SECRET], "customers": ["*"]} | changes


def test_endpoints_are_read() -> None:
    found = read({"endpoints": [entry(), entry(name="local", url="http://127.0.0.1:9/x", customers=["17850"])]})
    assert found["shop"].cares_for("1")
    assert [found["local"].cares_for(one) for one in ("17850", "1")] == [True, False]


def test_a_changed_file_counts_without_a_restart_and_one_that_cannot_be_used_does_not(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "endpoints.json"

    def say(*entries: dict[str, Any]) -> None:
        path.write_text(json.dumps({"endpoints": entries}))

    say(entry())
    file = WatchedFile(path, parse)
    caplog.set_level("INFO", "services.watched_file")
    with world.courier(endpoints=file.current) as courier:
        courier.turn(0, 0)
        before = len(world.told)
        assert {one.endpoint for one in world.told} == {"shop"}

        say(entry(url="http://elsewhere.example"))
        tell_later(world, courier, "ord_b")
        assert {one.endpoint for one in world.told[before:]} == {"shop"}
        assert "kept what the file said before" in caplog.text

        before = len(world.told)
        say(entry(), entry(name="new"))
        tell_later(world, courier, "ord_c")
        assert {one.endpoint for one in world.told[before:]} == {"shop", "new"}

        before = len(world.told)
        say(entry(name="new"))
        tell_later(world, courier, "ord_d")
        assert {one.endpoint for one in world.told[before:]} == {"new"}
        assert SECRET not in caplog.text


def tell_later(world: World, courier: Courier, order_id: str) -> None:
    """Let another order go from start to end a second later, and have the courier see it."""
    world.now_ms += 1_500
    last = world.log[-1].offset
    world.log += keyed(Story(order_id, world.now_ms).shipped(), first=last + 2)
    courier.turn(0, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://shop.example/hooks"},
        {"url": "ftp://shop.example"},
        {"url": "https://ann:planted@shop.example"},
        {"url": 5},
        {"secrets": []},
        {"secrets": ["planted"]},
        {"customers": []},
        {"name": "A shop"},
        {"more": 1},
    ],
    ids=str,
)
def test_an_unusable_endpoint_is_named_without_its_secrets(changes: dict[str, Any]) -> None:
    with pytest.raises(BadEndpoints, match=r"endpoints\[0\]") as refused:
        read({"endpoints": [entry(**changes)]})
    assert "planted" not in str(refused.value)
    assert SECRET not in str(refused.value)
