"""Takes what is on orders.inbound: remembers each order once, starts its saga, sets aside what cannot be taken."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import Metric

from schemas import topics
from schemas.codec import Codec, TooLarge
from services.gateway.inbound.judging import Judge, Unusable, invalid
from services.gateway.inputs import Input
from services.gateway.ordering import Ordered, ordered
from services.gateway.orders import Accepted
from services.gateway.submissions import Submission, Submissions, Unavailable
from services.gateway.submitting import KEY_LIVES_MS
from services.gateway.telemetry import tell_nobody
from services.gateway.vault.keys import VaultUnavailable
from streams.dead_letter import MAX_VALUE, dead_letter_headers, dead_letter_value
from streams.driver import Driver
from streams.errors import Abortable, Fatal, TaskMigrated
from streams.metrics import counter
from streams.record import Record, TopicPartition

BATCH = 500
POLL_S = 0.2
MOST_FAILURES = 20
"""Rounds that failed one after the other before the process ends."""
_PAUSE_S = 0.25
_log = logging.getLogger(__name__)

Seal = Callable[[str, str], Awaitable[str]]
"""Returns the reference of a customer's text. Raises VaultUnavailable."""


@dataclass(slots=True)
class InboundCounts:
    """Orders by what became of them: taken, repeated, or the reason of their dead letter."""

    outcomes: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def read(self) -> Iterator[Metric]:
        """Yield the metrics."""
        outcomes = (({"outcome": name}, value) for name, value in sorted(self.outcomes.copy().items()))
        yield counter("inbound_orders", "Records of orders.inbound by what became of them", outcomes)


@dataclass(frozen=True, slots=True)
class _Known:
    """An order that was taken before: nothing is written for it."""


_Outcome = Ordered | Unusable | _Known


class Intake:
    """One group member. Saga starts, dead letters and offsets are one transaction; a repetition writes nothing."""

    def __init__(
        self,
        driver: Driver,
        codec: Codec,
        judge: Judge,
        submissions: Submissions,
        now_ms: Callable[[], int],
        seal: Seal | None = None,
        sleep_s: Callable[[float], None] = time.sleep,
        tell: Callable[[Iterable[Input]], None] = tell_nobody,
    ) -> None:
        """Take the parts; without `seal`, personal texts stay as they are.

        With it, a dead letter has nothing of the order: letters are kept for ever, and no key erases them. `tell` is
        handed the starts of sagas that are committed.
        """
        self._driver = driver
        self._codec = codec
        self._seal = seal
        self._kept = MAX_VALUE if seal is None else 0
        self._judge = judge
        self._submissions = submissions
        self._now_ms = now_ms
        self._sleep_s = sleep_s
        self._tell = tell
        self._failures = 0
        self.counts = InboundCounts()

    def start(self) -> None:
        """Join the group. Raises Fatal."""
        self._driver.start([topics.INBOUND.name], self)

    def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Nothing is kept of a partition."""

    def on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """No transaction is ever open here."""

    def on_lost(self, partitions: Sequence[TopicPartition]) -> None:
        """Nothing is kept of a partition."""

    async def step(self) -> int:
        """Do one round and return how many records it settled. Raises Fatal."""
        records = self._driver.poll(POLL_S, BATCH)
        if not records:
            return 0
        try:
            outcomes = await self._outcomes(records)
            self._commit(records, outcomes)
        except (Abortable, TaskMigrated, Unavailable, VaultUnavailable) as error:
            self._fail(error)
            return 0
        self._failures = 0
        self._tell(outcome.record for outcome in outcomes if isinstance(outcome, Ordered))
        for outcome in outcomes:
            self._counted(outcome)
        return len(records)

    async def _outcomes(self, records: Sequence[Record]) -> list[_Outcome]:
        """Remember what can be taken and return what becomes of each record. Raises Unavailable, VaultUnavailable."""
        now_ms = self._now_ms()
        found = await asyncio.gather(*(self._outcome(record, now_ms) for record in records))
        seen: set[str] = set()
        for number, outcome in enumerate(found):
            if isinstance(outcome, Ordered):
                if outcome.submission.order_id in seen:
                    found[number] = _Known()
                seen.add(outcome.submission.order_id)
        return found

    async def _outcome(self, record: Record, now_ms: int) -> _Outcome:
        judged = self._judge.judge(record, now_ms)
        if isinstance(judged, Unusable):
            return judged
        order = await self._sealed(judged.order)
        try:
            taken = ordered(self._codec, order, judged.client, judged.key, now_ms, judged.trace)
        except TooLarge as error:
            return Unusable("too_large", str(error))
        submission = taken.submission
        if judged.price_faults and not self._was_taken(submission):
            return invalid(judged.price_faults)
        held = await self._submissions.register(submission)
        if held.body_sha256 != submission.body_sha256:
            return Unusable("idempotency_key_reused", "the key came with another order before")
        if now_ms - held.created_at_ms > KEY_LIVES_MS:
            return Unusable("idempotency_key_expired", "send a new order with a key of its own")
        return _Known() if held.state == "accepted" else taken

    async def _sealed(self, order: Accepted) -> Accepted:
        """Return an order with references in place of personal texts. Raises VaultUnavailable."""
        if self._seal is None:
            return order
        shipping = order.data["shipping"]
        reference = await self._seal(order.data["customer_id"], shipping["address"])
        return order._replace(data={**order.data, "shipping": {**shipping, "address": reference}})

    def _was_taken(self, submission: Submission) -> bool:
        """Tell whether the order was taken when the prices were others."""
        known = self._submissions.find(submission.order_id, submission.created_at_ms)
        return known is not None and known.body_sha256 == submission.body_sha256

    def _commit(self, records: Sequence[Record], outcomes: Sequence[_Outcome]) -> None:
        driver = self._driver
        driver.begin()
        offsets: dict[TopicPartition, int] = {}
        for record, outcome in zip(records, outcomes, strict=True):
            match outcome:
                case Ordered():
                    driver.produce(topics.INPUTS.name, *outcome.record)
                case Unusable(code, detail):
                    about = dead_letter_headers(record, code, detail, self._kept)
                    driver.produce(topics.DEAD_LETTERS.name, record.key, dead_letter_value(record, self._kept), about)
                case _Known():
                    pass
            offsets[TopicPartition(record.topic, record.partition)] = record.offset + 1
        driver.commit(offsets)

    def _counted(self, outcome: _Outcome) -> None:
        match outcome:
            case Ordered():
                self._submissions.accept(outcome.submission.order_id)
                self.counts.outcomes["taken"] += 1
            case Unusable(code, _):
                self.counts.outcomes[code] += 1
            case _Known():
                self.counts.outcomes["repeated"] += 1

    def _fail(self, error: Exception) -> None:
        """Go back to what is committed; what is remembered stays, and the next round finds it."""
        self._failures += 1
        _log.warning("a round failed", extra={"why": str(error), "in_a_row": self._failures})
        if self._failures > MOST_FAILURES:
            raise Fatal(f"{self._failures} rounds in a row failed, the last: {error}") from error
        self._driver.abort()
        self._sleep_s(_PAUSE_S)

    def close(self) -> None:
        """Leave the group's client; what is not committed comes again."""
        self._driver.close()
