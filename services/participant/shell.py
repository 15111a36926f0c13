"""The loop of a participant: poll, one SQL transaction, provider calls beside it, one Kafka transaction."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic

from services.participant.answers import Outgoing
from services.participant.batch import Harvest, UnderWay
from services.participant.calls import Calls
from services.participant.dispatch import calls_for, feed_call
from services.participant.handlers import L, Service
from services.participant.job import FeedPage, Job, JobDone
from services.participant.metering import Standing
from services.participant.rounds import Rounds
from streams.driver import Driver
from streams.errors import Abortable, Fatal, TaskMigrated
from streams.record import Record, TopicPartition

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What limits the loop; `_s` in seconds, `_ms` in milliseconds."""

    batch: int = 1_000
    idle_poll_s: float = 0.1
    busy_poll_s: float = 0.004
    open_effects: int = 4_000
    """Intake pauses above this and goes on below half of it."""
    offsets_wait_ms: int = 50
    """How long offsets alone may wait for a reply to be committed with, while calls are under way."""
    outbox_wait_ms: int = 1_000
    """How long sent records may stay in the outbox when no other transaction comes that can remove them."""
    aborts_in_a_row: int = 30


class Shell(Generic[L]):
    """One group member of one participant. `start` once, then `step` until it is time to `close`: on one thread."""

    def __init__(
        self,
        service: Service[L],
        rounds: Rounds[L],
        calls: Calls,
        driver: Driver,
        *,
        now_ms: Callable[[], int],
        bounds: Bounds = Bounds(),
    ) -> None:
        self._service = service
        self._rounds = rounds
        self._calls = calls
        self._driver = driver
        self._now_ms = now_ms
        self._bounds = bounds
        self._partitions: set[TopicPartition] = set()
        self._assigned: list[TopicPartition] = []
        self._running: dict[str, Job] = {}
        self._waiting: dict[str, Job] = {}
        self._offsets: dict[TopicPartition, int] = {}
        self._offsets_since_ms = 0
        self._unsent: list[Outgoing] = []
        self._sent: list[str] = []
        self._sent_ms = 0
        self._paused = False
        self._aborts = 0
        self._feed_asked = False
        self._feed_due_ms = 0

    def start(self) -> None:
        """Join the group. Raises Fatal."""
        self._calls.start()
        self._driver.start([self._service.topic], self)

    def standing(self) -> Standing:
        """Return what the loop has in hand; any thread may ask."""
        return Standing(
            open_effects=len(self._running) + len(self._waiting),
            open_effects_limit=self._bounds.open_effects,
            unsent=len(self._unsent),
            paused=self._paused,
            aborts_in_a_row=self._aborts,
            aborts_limit=self._bounds.aborts_in_a_row,
        )

    def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Take over partitions; what they left unfinished is resumed after this poll."""
        self._paused = False
        self._partitions.update(partitions)
        self._assigned.extend(partitions)

    def on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """Give partitions up: no transaction is ever open here, and their new owner resumes their calls."""
        given = {where.partition for where in partitions}
        self._partitions.difference_update(partitions)
        self._assigned = [where for where in self._assigned if where not in partitions]
        for where in partitions:
            self._offsets.pop(where, None)
        dropped = [token for token, job in self._running.items() if job.partition in given]
        for token in dropped:
            del self._running[token]
        self._waiting = {token: job for token, job in self._waiting.items() if job.partition not in given}
        self._calls.cancel(dropped)

    def on_lost(self, partitions: Sequence[TopicPartition]) -> None:
        """Partitions are somebody else's already."""
        self.on_revoked(partitions)

    def step(self) -> None:
        """Do one round. Raises Fatal, and whatever a call raised that is not about one command."""
        busy = bool(self._running or self._unsent)
        records = self._driver.poll(self._bounds.busy_poll_s if busy else self._bounds.idle_poll_s, self._bounds.batch)
        records = [record for record in records if TopicPartition(record.topic, record.partition) in self._partitions]
        self._resume_assigned()
        ended = [end for end in self._calls.ended() if self._worth_recording(end)]
        if records or ended or self._outbox_waits():
            under_way = UnderWay(self._running.keys(), self._waiting.keys())
            harvest = self._rounds.handle(records, ended, self._sent, under_way)
            self._sent = []
            self._reap(records, harvest)
        self._ask_feed()
        if self._unsent or self._offsets_are_due():
            self._commit()
        self._throttle()

    def _outbox_waits(self) -> bool:
        """Whether sent records are in the outbox for long enough to be worth a transaction of their own."""
        return bool(self._sent) and self._now_ms() - self._sent_ms >= self._bounds.outbox_wait_ms

    def _worth_recording(self, end: JobDone | FeedPage) -> bool:
        if isinstance(end, JobDone):
            return self._running.get(end.job.token) is end.job
        self._feed_asked = False
        return bool(end.events)

    def _resume_assigned(self) -> None:
        assigned, self._assigned = self._assigned, []
        for where in assigned:
            jobs, unsent = self._rounds.unfinished(where.partition)
            if jobs or unsent:
                _log.info(
                    "resuming", extra={"partition": where.partition, "effects": len(jobs), "replies": len(unsent)}
                )
            self._launch(jobs)
            known = {outgoing.outbox_id for outgoing in self._unsent}
            self._unsent.extend(outgoing for outgoing in unsent if outgoing.outbox_id not in known)

    def _reap(self, records: Sequence[Record], harvest: Harvest) -> None:
        self._unsent.extend(harvest.outgoing)
        if records and not self._offsets:
            self._offsets_since_ms = self._now_ms()
        for record in records:
            self._offsets[TopicPartition(record.topic, record.partition)] = record.offset + 1
        ready: list[Job] = []
        for token, effect in harvest.settled.items():
            self._running.pop(token, None)
            undo = self._waiting.pop(token, None)
            if undo is not None:
                ready.append(replace(undo, original=effect))
        self._launch(ready + harvest.jobs)

    def _launch(self, jobs: Sequence[Job]) -> None:
        now: list[Job] = []
        for job in jobs:
            original = self._running.get(job.undoes) if job.undoes is not None else None
            if original is not None and job.undoes is not None:
                original.stop.requested = True
                self._waiting[job.undoes] = job
            else:
                self._running[job.token] = job
                now.append(job)
        if now:
            self._calls.submit(calls_for(self._service, now))

    def _ask_feed(self) -> None:
        feed = self._service.feed
        if feed is None or not self._partitions or self._feed_asked or self._now_ms() < self._feed_due_ms:
            return
        self._feed_due_ms = self._now_ms() + feed.interval_ms
        self._feed_asked = True
        self._calls.submit([((), feed_call(feed, self._rounds.feed_cursor()))])

    def _offsets_are_due(self) -> bool:
        if not self._offsets:
            return False
        return not self._running or self._now_ms() - self._offsets_since_ms >= self._bounds.offsets_wait_ms

    def _commit(self) -> None:
        driver = self._driver
        try:
            driver.begin()
            for outgoing in self._unsent:
                driver.produce(outgoing.topic, outgoing.key, outgoing.value, outgoing.headers)
            driver.commit(self._offsets)
        except (Abortable, TaskMigrated) as error:
            self._abort(error)
        else:
            self._sent_ms = self._now_ms()
            self._sent.extend(outgoing.outbox_id for outgoing in self._unsent if outgoing.outbox_id is not None)
            self._unsent, self._offsets, self._aborts = [], {}, 0

    def _abort(self, error: Abortable | TaskMigrated) -> None:
        """Go back to the committed offsets: the commands come again, and their stored replies are sent again."""
        self._aborts += 1
        _log.warning("transaction aborted", extra={"why": str(error), "in_a_row": self._aborts})
        if self._aborts > self._bounds.aborts_in_a_row:
            raise Fatal(f"{self._aborts} transactions in a row were aborted") from error
        self._driver.abort()
        self._unsent = [outgoing for outgoing in self._unsent if outgoing.outbox_id is not None]
        self._offsets = {}

    def _throttle(self) -> None:
        """Bound the intake by the number of open effects."""
        open_effects = len(self._running) + len(self._waiting)
        if not self._paused and open_effects > self._bounds.open_effects:
            self._driver.pause(list(self._partitions))
            self._paused = True
        elif self._paused and open_effects < self._bounds.open_effects // 2:
            self._driver.resume(list(self._partitions))
            self._paused = False

    def finish(self) -> None:
        """Tell Kafka and the outbox what is done already, so that the next start has nothing to repeat."""
        if self._unsent or self._offsets:
            self._commit()
        if self._sent:
            self._rounds.handle([], [], self._sent)
            self._sent = []

    def close(self) -> None:
        """End the calls and leave; what is open is resumed at the next start."""
        self._calls.close()
        self._driver.close()
