"""orders.inbound: a signed order behaves as one posted, whichever is first; all else is a dead letter with a reason."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from schemas import topics
from schemas.codec import Codec
from schemas.personal_data import PREFIX
from services.gateway.catalogue import Catalogue
from services.gateway.inbound.intake import Intake, Seal
from services.gateway.inbound.judging import Judge, everybody, signers_of
from services.gateway.security.api_keys import ApiKey
from services.gateway.security.identity import Identity, Scope
from services.gateway.submissions import SqlSubmissions
from services.gateway.telemetry import Telemetry
from services.participant.database import Database
from services.signatures import headers_of
from streams.errors import Fatal
from streams.memory_driver import MemoryDriver
from streams.memory_log import MemoryLog
from streams.record import Record
from tests.contract.gateway.callers import SECRET, call, guarded
from tests.contract.gateway.gate import CURRENCIES, TRACE, Gate
from tests.order_form import form
from tests.scraping import scraped, total

NOW_MS = 1_700_000_000_000
NOW_S = NOW_MS // 1000
OLD_SECRET, OTHER_SECRET = b"o" * 32, b"x" * 32
SIGNER = Identity("signer", "signer", frozenset({Scope.CUSTOMER}), None, (OLD_SECRET, SECRET))
ANN = Identity("ann", "ann", frozenset({Scope.CUSTOMER}), frozenset({"17850"}), (OTHER_SECRET,))
IDENTITIES = (
    SIGNER,
    ANN,
    Identity("plain", "plain", frozenset({Scope.CUSTOMER}), None),
    Identity("ops", "ops", frozenset({Scope.OPERATOR}), None, (SECRET,)),
)

KEYS = {f"{n}": ApiKey(f"{n}", b"", identity, None, None) for n, identity in enumerate(IDENTITIES)}


class Inbound:
    """The intake on a log in memory, over a gateway's database."""

    def __init__(self, url: str, **judging: Any) -> None:
        self.now_ms = NOW_MS
        self.log = MemoryLog(lambda: self.now_ms)
        for topic in (topics.INBOUND, topics.INPUTS, topics.DEAD_LETTERS):
            self.log.create_topic(topic.name, topic.partitions)
        self.submissions = SqlSubmissions(Database(url))
        self.submissions.start(asyncio.get_running_loop())
        judge = Judge(CURRENCIES, None, signers_of(lambda _now: KEYS), lambda: TRACE)
        self._judge = replace(judge, **judging)
        self.seal: Seal | None = None
        self.log_lines = bytearray()
        self.restart()

    def restart(self) -> None:
        """Let a new process take over."""
        self.driver = MemoryDriver(self.log, "inbound", "inbound-0")
        self.intake = Intake(
            self.driver,
            Codec(),
            self._judge,
            self.submissions,
            lambda: self.now_ms,
            self.seal,
            lambda _seconds: None,
            tell=Telemetry("inbound-0", self.log_lines.extend, lambda: self.now_ms).write,
        )
        self.intake.start()

    def put(self, body: bytes, key: str | None = "k1", **headers: str) -> None:
        """Write a record as it is."""
        about = [(name.replace("_", "-"), value.encode()) for name, value in headers.items()]
        self.log.produce(topics.INBOUND.name, None if key is None else key.encode(), body, about)

    def order(self, key: str = "k1", secret: bytes = SECRET, client: str = "signer", **changes: Any) -> None:
        """Write a signed order."""
        body = json.dumps(form(**changes)).encode()
        self.put(body, key, client_id=client, **headers_of([secret], key, NOW_S, body))

    async def settle(self) -> None:
        """Take in everything that is there."""
        while await self.intake.step():
            pass

    def started(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the starts of sagas: their keys and their fields."""
        codec = Codec()
        found = list(self.log.committed_records(topics.INPUTS.name))
        return [((record.key or b"").decode(), codec.decode(record.value).fields) for record in found]

    def letters(self) -> list[Record]:
        """Return the dead letters."""
        return list(self.log.committed_records(topics.DEAD_LETTERS.name))

    def codes(self) -> list[str]:
        """Return why records are dead letters."""
        return [dict(record.headers)["error_code"].decode() for record in self.letters()]


@dataclass(frozen=True, slots=True)
class Both:
    """The two ways in, over the same database."""

    gate: Gate
    inbound: Inbound

    async def post(self, key: str = "k1", **changes: Any) -> Any:
        """Post a signed order as the client that signs."""
        body = json.dumps(form(**changes)).encode()
        signed = headers_of([SECRET], f"msg_{key}_{len(self.gate.outlet.sent)}", NOW_S, body)
        return await call(self.gate, "signer", "POST", "/v1/orders", None, key=key, chunks=[body], **signed)

    async def accepted(self, order_id: str) -> None:
        """Wait until an order is marked as taken: that happens soon after, and nothing depends on when."""
        deadline = time.monotonic() + 90
        submissions = self.inbound.submissions
        while (found := submissions.find(order_id, NOW_MS)) is None or found.state != "accepted":
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


Scenario = Callable[[Both], Awaitable[None]]
Run = Callable[..., None]


@pytest.fixture
def run(new_url: Callable[[str], str]) -> Run:
    """Give a runner of scenarios, on each kind of database."""
    urls = (new_url("gateway"), new_url("projector"))

    def run_scenario(scenario: Scenario, **judging: Any) -> None:
        async def whole() -> None:
            async with guarded(urls) as gate:
                inbound = Inbound(urls[0], **judging)
                try:
                    await asyncio.wait_for(scenario(Both(gate, inbound)), 180)
                finally:
                    inbound.submissions.stop()

        asyncio.run(whole())

    return run_scenario


def test_a_signed_order_starts_the_same_saga_as_one_posted(run: Run) -> None:
    async def scenario(both: Both) -> None:
        posted = await both.post("k-posted")
        both.inbound.order("k-sent")
        both.inbound.order("k-posted-too")
        await both.inbound.settle()
        (_, sent), (_, _) = sorted(both.inbound.started())[:2]
        assert posted.status == 202
        wanted = both.gate.outlet.sent[0].fields
        assert sent["definition"] == wanted["definition"]
        ours, theirs = json.loads(sent["data"]), json.loads(wanted["data"])
        assert {**ours, "order_id": ""} == {**theirs, "order_id": ""}
        assert sent["meta"] | {"saga_id": "", "input_id": ""} == wanted["meta"] | {"saga_id": "", "input_id": ""}
        assert both.inbound.codes() == []

    run(scenario)


def test_the_log_is_told_of_each_start_that_is_committed_and_of_no_other_record(run: Run) -> None:
    async def scenario(both: Both) -> None:
        inbound = both.inbound
        for key in ("k1", "k2", "k1"):
            inbound.order(key)
        inbound.put(b"no order")
        await inbound.settle()
        lines = [json.loads(line) for line in inbound.log_lines.splitlines()]
        assert sorted(line["correlation_id"] for line in lines) == sorted(key for key, _ in inbound.started())
        assert {(line["message"], line["kind"], line["process"]) for line in lines} == {
            ("saga.StartSaga", "accepted", "inbound-0")
        }

    run(scenario)


def test_an_order_that_was_posted_is_known_when_it_comes_on_the_topic(run: Run) -> None:
    async def scenario(both: Both) -> None:
        posted = await both.post()
        assert posted.status == 202
        await both.accepted(posted.body["order_id"])
        both.inbound.order()
        await both.inbound.settle()
        assert both.inbound.started() == []
        assert both.inbound.codes() == []
        assert total(scraped(both.inbound.intake.counts.read), "inbound_orders_total", outcome="repeated") == 1

    run(scenario)


def test_an_order_that_came_on_the_topic_is_known_when_it_is_posted(run: Run) -> None:
    async def scenario(both: Both) -> None:
        both.inbound.order()
        await both.inbound.settle()
        posted = await both.post()
        assert posted.status == 202
        assert [key for key, _ in both.inbound.started()] == [posted.body["order_id"]]

        reused = await both.post(reference="another")
        assert (reused.status, reused.body["type"]) == (422, "/problems/idempotency-key-reused")
        both.inbound.order(reference="yet another")
        await both.inbound.settle()
        assert both.inbound.codes() == ["idempotency_key_reused"]
        assert len(both.inbound.started()) == 1

    run(scenario)


def test_the_same_order_many_times_starts_one_saga(run: Run) -> None:
    async def scenario(both: Both) -> None:
        for _ in range(5):
            both.inbound.order()
        await both.inbound.settle()
        await both.accepted(both.inbound.started()[0][0])
        for _ in range(5):
            both.inbound.order()
        await both.inbound.settle()
        assert len(both.inbound.started()) == 1
        assert both.inbound.codes() == []

    run(scenario)


def test_a_process_that_dies_before_its_commit_takes_the_order_at_its_next_start(run: Run) -> None:
    async def scenario(both: Both) -> None:
        both.inbound.order()

        def die(_offsets: object) -> Any:
            raise Fatal("killed")

        both.inbound.driver.commit = die  # type: ignore[assignment, method-assign]  # the process ends here
        with pytest.raises(Fatal, match="killed"):
            await both.inbound.settle()
        assert both.inbound.started() == []

        both.inbound.restart()
        await both.inbound.settle()
        assert len(both.inbound.started()) == 1
        assert both.inbound.codes() == []

    run(scenario)


def test_either_of_two_secrets_signs_while_they_rotate(run: Run) -> None:
    async def scenario(both: Both) -> None:
        both.inbound.order("k1", secret=OLD_SECRET)
        both.inbound.order("k2", secret=SECRET)
        await both.inbound.settle()
        assert len(both.inbound.started()) == 2

    run(scenario)


def test_how_long_an_order_waited_in_the_topic_does_not_matter(run: Run) -> None:
    async def scenario(both: Both) -> None:
        both.inbound.order()
        both.inbound.now_ms += 86_400_000
        await both.inbound.settle()
        assert len(both.inbound.started()) == 1

    run(scenario)


BODY = json.dumps(form()).encode()
THEIRS = json.dumps(form(customer_id="13047")).encode()
LONG = {**form()["shipping"], "address": "x" * 140_000}


def headers(body: bytes = BODY, secret: bytes = SECRET, client: str = "signer", at_s: int = NOW_S) -> dict[str, str]:
    """Return the headers of a signed record."""
    return {**headers_of([secret], "k1", at_s, body), "client-id": client}


def without(name: str) -> dict[str, str]:
    """Return good headers but for one."""
    return {one: value for one, value in headers().items() if one != name}


def signed(body: bytes) -> tuple[bytes, str, dict[str, str]]:
    """Return a record with good headers, whatever its body is."""
    return body, "k1", headers(body)


REFUSED: dict[str, tuple[tuple[bytes, str | None, dict[str, str]], str]] = {
    "no signature": ((BODY, "k1", without("webhook-signature")), "not_signed"),
    "no id": ((BODY, "k1", without("webhook-id")), "not_signed"),
    "no time": ((BODY, "k1", without("webhook-timestamp")), "not_signed"),
    "no client": ((BODY, "k1", without("client-id")), "unknown_client"),
    "another body than the signed one": ((BODY + b" ", "k1", headers()), "not_signed"),
    "another key than the signed id": ((BODY, "k2", headers()), "not_signed"),
    "no key": ((BODY, None, headers()), "not_signed"),
    "a signature of long before the record": ((BODY, "k1", headers(at_s=NOW_S - 301)), "not_signed"),
    "a secret of another client": ((BODY, "k1", headers(secret=OTHER_SECRET)), "not_signed"),
    "the name of another client": ((BODY, "k1", headers(client="ann")), "not_signed"),
    "a client without secrets": ((BODY, "k1", headers(client="plain")), "unknown_client"),
    "a client that may not order": ((BODY, "k1", headers(client="ops")), "unknown_client"),
    "a customer it does not speak for": ((THEIRS, "k1", headers(THEIRS, OTHER_SECRET, "ann")), "forbidden"),
    "no JSON": (signed(b"{"), "invalid_json"),
    "no object": (signed(b"[]"), "invalid_order"),
    "a wrong total": (signed(json.dumps(form(total="1.00")).encode()), "invalid_order"),
    "a body over the limit": (signed(json.dumps(form(shipping=LONG)).encode()), "unusable_size"),
}
"""Records that cannot be taken, by what is wrong with them, and the reason of each."""


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_taken_is_a_dead_letter_and_holds_nothing_up(run: Run, what: str) -> None:
    (body, key, about), code = REFUSED[what]

    async def scenario(both: Both) -> None:
        both.inbound.put(body, key, **about)
        both.inbound.order("k-good")
        await both.inbound.settle()
        assert both.inbound.codes() == [code]
        letter = both.inbound.letters()[0]
        assert letter.value == body
        assert dict(letter.headers)["origin_topic"] == topics.INBOUND.name.encode()
        assert len(both.inbound.started()) == 1
        assert total(scraped(both.inbound.intake.counts.read), "inbound_orders_total", outcome=code) == 1

    run(scenario)


def test_prices_are_the_shops_unless_the_order_was_taken_when_they_were_others(run: Run) -> None:
    dearer = Catalogue({("85123A", "GBP"): 300})

    async def scenario(both: Both) -> None:
        posted = await both.post("k-before")
        await both.accepted(posted.body["order_id"])
        both.inbound.order("k-before")
        both.inbound.order("k-now")
        await both.inbound.settle()
        assert both.inbound.codes() == ["invalid_order"]
        assert both.inbound.started() == []

    run(scenario, catalogue=dearer)


def test_an_address_goes_on_as_a_reference_where_there_is_a_vault(run: Run) -> None:
    async def seal(customer_id: str, text: str) -> str:
        return f"{PREFIX}{customer_id}.{len(text)}"

    async def scenario(both: Both) -> None:
        both.inbound.seal = seal
        both.inbound.restart()
        both.inbound.order("k-good")
        both.inbound.order("k-bad", shipping={**form()["shipping"], "address": f"{PREFIX}a.b"})
        await both.inbound.settle()
        ((_, fields),) = both.inbound.started()
        assert json.loads(fields["data"])["shipping"]["address"] == f"{PREFIX}17850.9"
        assert both.inbound.codes() == ["invalid_order"]

    run(scenario)


def test_a_dead_letter_has_nothing_of_the_order_where_there_is_a_vault(run: Run) -> None:
    async def seal(_customer_id: str, _text: str) -> str:
        return f"{PREFIX}a.b"

    async def scenario(both: Both) -> None:
        both.inbound.seal = seal
        both.inbound.restart()
        both.inbound.order("k-bad", total="1.00")
        both.inbound.put(b"1 High St, and no JSON", "k-worse", client_id="signer")
        await both.inbound.settle()
        letters = both.inbound.letters()
        assert [letter.value for letter in letters] == [b"", b""]
        assert dict(letters[1].headers)["value_truncated_from"] == b"22"
        assert not any(b"High St" in value for letter in letters for _, value in letter.headers)

    run(scenario)


def test_where_authentication_is_off_unsigned_orders_are_taken_as_unsigned_requests_are(run: Run) -> None:
    async def scenario(both: Both) -> None:
        both.inbound.put(BODY, "k1")
        both.inbound.put(BODY, None)
        await both.inbound.settle()
        assert len(both.inbound.started()) == 1
        assert both.inbound.codes() == ["missing_idempotency_key"]

    run(scenario, signers=everybody)
