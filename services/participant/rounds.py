"""One round: records and completions go in, one SQL transaction holds what they mean, records to send come out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Generic

import orjson

from schemas.codec import Codec
from services.participant.answers import Answers, Outgoing, letter
from services.participant.batch import NOTHING_UNDER_WAY, Batch, Harvest, UnderWay
from services.participant.command import Command, Poison, decode, read
from services.participant.database import Conflict, Database, execute, fetch
from services.participant.effect import Effect, first_claim, next_claim
from services.participant.handlers import L, Service
from services.participant.job import FeedPage, Job, JobDone
from services.participant.journal import Journal, Statements
from services.participant.metering import CommandCounts
from services.participant.outcome import unknown
from services.participant.telemetry import Telemetry
from streams.logs import WriteLines, discard
from streams.record import Record

_log = logging.getLogger(__name__)

_MAX_CONFLICTS = 10

BUGS = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What a mistake in the code of one handler raises. Anything else is not about one command and ends the process."""

BROKEN = "internal_error"


class _Broke(Exception):
    """A handler has a bug that this command meets: do the batch again without its effect."""

    def __init__(self, culprit: Command | JobDone, error: Exception) -> None:
        super().__init__(repr(error))
        self.culprit = culprit


class Rounds(Generic[L]):
    """The SQL side of a participant. Used by one thread."""

    def __init__(
        self,
        service: Service[L],
        database: Database,
        codec: Codec,
        now_ms: Callable[[], int],
        telemetry: Telemetry | None = None,
        write_lines: WriteLines = discard,
    ) -> None:
        """Work on a database. `write_lines` is handed what `telemetry` says of what is committed; None: nothing."""
        self._telemetry = telemetry
        self._write_lines = write_lines
        self._service = service
        self._database = database
        self._codec = codec
        self._now_ms = now_ms
        self.counts = CommandCounts()
        self._answers = Answers(codec, service.name, self.counts)
        self._sql = Statements(database)

    def handle(
        self,
        records: Sequence[Record],
        ended: Sequence[JobDone | FeedPage],
        sent: Sequence[str],
        under_way: UnderWay = NOTHING_UNDER_WAY,
    ) -> Harvest:
        """Commit what records and ended jobs mean; `sent` leaves the outbox. Raises Conflict after too many races."""
        commands, poison = read(records, self._codec)
        self.counts.poison += len(poison)
        for command in commands:
            self.counts.commands[command.name] += 1
        broken: dict[str, str] = {}
        endings = list(ended)
        conflicts = 0
        while True:
            try:
                harvest = self._once(commands, endings, sent, under_way, broken)
            except Conflict as error:
                conflicts += 1
                self.counts.conflicts += 1
                _log.warning("another replica was faster, doing the batch again", extra={"why": str(error)})
                if conflicts == _MAX_CONFLICTS:
                    raise
            except _Broke as error:
                self.counts.broken += 1
                self._set_aside(error, broken, poison, endings)
            else:
                if harvest.lines:
                    self._write_lines(b"".join(harvest.lines))
                harvest.outgoing.extend(letter(one) for one in poison)
                return harvest

    def _set_aside(
        self, broke: _Broke, broken: dict[str, str], poison: list[Poison], endings: list[JobDone | FeedPage]
    ) -> None:
        match broke.culprit:
            case Command() as command:
                _log.error("a handler is broken", exc_info=broke, extra={"command_id": command.meta["command_id"]})
                broken[command.meta["command_id"]] = str(broke)
                poison.append(Poison(command.record, BROKEN, str(broke)))
            case JobDone() as done:
                _log.error("a result cannot be recorded", exc_info=broke, extra={"token": done.job.token})
                endings[endings.index(done)] = JobDone(done.job, unknown(BROKEN, str(broke)))

    def _once(
        self,
        commands: Sequence[Command],
        ended: Sequence[JobDone | FeedPage],
        sent: Sequence[str],
        under_way: UnderWay,
        broken: dict[str, str],
    ) -> Harvest:
        service = self._service
        with self._database.begin() as connection:
            journal = Journal(self._database, self._sql)
            journal.load(connection, commands, _tokens(ended))
            ledger = service.load(connection, commands, ended)
            batch = Batch(
                service, self._answers, self._codec, journal, ledger,
                now_ms=self._now_ms(), under_way=under_way, telemetry=self._telemetry,
            )  # fmt: skip
            for end in ended:
                self._end(batch, ledger, journal, end)
            for command in commands:
                problem = broken.get(command.meta["command_id"])
                if problem is not None:
                    batch.refuse(command, unknown(BROKEN, problem))
                    continue
                try:
                    batch.accept(command)
                except BUGS as error:
                    raise _Broke(command, error) from error
            journal.save(connection, sent)
            service.save(connection, ledger)
        return batch.harvest

    def _end(self, batch: Batch[L], ledger: L, journal: Journal, end: JobDone | FeedPage) -> None:
        match end:
            case JobDone():
                try:
                    batch.settle(end)
                except BUGS as error:
                    raise _Broke(end, error) from error
            case FeedPage():
                feed = self._service.feed
                if feed is not None:
                    for outgoing in feed.record(end, ledger):
                        journal.send_later(outgoing, ANYBODY)
                        batch.harvest.outgoing.append(outgoing)

    def unfinished(self, partition: int) -> tuple[list[Job], list[Outgoing]]:
        """Take the open effects of a partition over as jobs to resume, and return the replies Kafka may not have.

        Whoever still works for these effects can no longer end them.
        """
        with self._database.begin() as connection:
            rows = fetch(connection, self._sql.open_effects, (partition,))
            jobs = [self._resume(Effect._make(row), partition) for row in rows]
            execute(connection, self._sql.claim_effect, [(job.claim, job.token) for job in jobs])
            undone = [job.undoes for job in jobs if job.undoes is not None]
            found = fetch(connection, self._sql.effects, self._database.keys(undone)) if undone else []
            unsent: list[Outgoing] = []
            for owner in (partition, ANYBODY):
                unsent.extend(_outgoing(row) for row in fetch(connection, self._sql.unsent, (owner,)))
        originals = {row[0]: Effect._make(row) for row in found}
        return [
            replace(job, original=originals.get(job.undoes or "")) for job in jobs if job.token not in originals
        ], unsent

    def feed_cursor(self) -> int:
        """Return the number of the last event of the service's feed that is recorded."""
        feed = self._service.feed
        if feed is None:
            return 0
        with self._database.begin() as connection:
            return feed.cursor(connection)

    def _resume(self, effect: Effect, partition: int) -> Job:
        name, fields = decode(effect.intent, self._codec)
        meta = fields["meta"]
        claim = next_claim(effect.claim or first_claim(meta["command_id"]))
        return Job(effect.token, name, fields, meta["deadline"], partition, claim, True, meta["undoes"])


ANYBODY = -1
"""In `outbox.partition`: whoever comes first may send it."""


def _tokens(ended: Sequence[JobDone | FeedPage]) -> list[str]:
    tokens: list[str] = []
    for end in ended:
        if isinstance(end, JobDone):
            tokens.append(end.job.token)
            if end.job.undoes is not None:
                tokens.append(end.job.undoes)
    return tokens


def _outgoing(row: Sequence[object]) -> Outgoing:
    outbox_id, topic, key, value, about = row
    headers = [(name, text.encode()) for name, text in orjson.loads(str(about))]
    return Outgoing(str(topic), bytes(key), bytes(value), headers, str(outbox_id))  # type: ignore[call-overload]  # both columns are binary
