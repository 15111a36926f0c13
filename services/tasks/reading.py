"""Reads the projector's database and the times of saga.events: what a daily report is made from."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from schemas.topics import EVENTS
from services.tasks.daily import ReadingFailed
from services.tasks.day_book import EventRow
from streams.kafka_security import connection
from streams.logs import CLIENT_LOG

_TIMEOUT_S = 10.0
_ROWS = 2_000
_POSITIONS = text("SELECT partition, next_offset FROM projection WHERE topic = :topic")
_LIVED = text(
    "SELECT saga_id, at_ms, type, step, status, detail FROM order_events WHERE saga_id IN ("
    " SELECT order_id FROM orders WHERE created_at_ms < :end_ms AND (updated_at_ms >= :start_ms"
    " OR status NOT IN ('COMPLETED', 'TRANSACTION_REVOKED', 'MANUAL_INTERVENTION')))"
    " ORDER BY saga_id, sequence"
)


class BadAddress(Exception):
    """READ_MODEL_URL names no database that can be read."""


class SqlReadModel:
    """The projector's database, opened for each report and only read."""

    def __init__(self, url: str) -> None:
        """Connect at the first report. Raises BadAddress."""
        try:
            self._engine = _open(url)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise BadAddress(f"READ_MODEL_URL: {error}") from error

    def positions(self) -> Mapping[int, int]:
        """Return the offset up to which each partition of saga.events is projected. Raises ReadingFailed."""
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(_POSITIONS, {"topic": EVENTS.name}).all()
        except SQLAlchemyError as error:
            raise ReadingFailed(f"the read model does not answer: {error}") from error
        return {int(partition): int(offset) for partition, offset in rows}

    def visit(self, start_ms: int, end_ms: int, visitor: Callable[[Iterable[EventRow]], None]) -> None:
        """Give the events of every order that lived in the time, saga by saga. Raises ReadingFailed."""
        try:
            with self._engine.connect() as connection:
                streamed = connection.execution_options(stream_results=True, yield_per=_ROWS)
                rows = streamed.execute(_LIVED, {"start_ms": start_ms, "end_ms": end_ms})
                visitor(EventRow(*row) for row in rows)
        except SQLAlchemyError as error:
            raise ReadingFailed(f"the read model does not answer: {error}") from error


def _open(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, poolclass=NullPool)
    path = parsed.database

    def connect() -> sqlite3.Connection:
        # mode=ro: an address that is wrong must be an error, not a new and empty database.
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)

    return create_engine(url, creator=connect, poolclass=NullPool)


class KafkaEventLog:
    """saga.events on a broker; a consumer for each question, one or two a day."""

    def __init__(self, bootstrap: str, client: str) -> None:
        self._settings: dict[str, str | int | float | bool | None] = {
            **connection(bootstrap),
            "client.id": f"{client}-reports",
            "log_level": 2,
            "group.id": f"{client}-reports",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }

    def unread(self, positions: Mapping[int, int], before_ms: int) -> Sequence[int]:
        """Return the partitions with an event from before that time at or after their position."""
        consumer = Consumer(self._settings, logger=CLIENT_LOG)
        try:
            return _unread(consumer, positions, before_ms)
        except KafkaException as error:
            raise ReadingFailed(f"the log does not answer: {error}") from error
        finally:
            consumer.close()


def _unread(consumer: Consumer, positions: Mapping[int, int], before_ms: int) -> Sequence[int]:
    known = consumer.list_topics(EVENTS.name, timeout=_TIMEOUT_S).topics[EVENTS.name]
    if known.error is not None or not known.partitions:
        raise ReadingFailed(f"there is no topic {EVENTS.name}")
    asked = [TopicPartition(EVENTS.name, partition, before_ms) for partition in known.partitions]
    ends: dict[int, int] = {}
    for found in consumer.offsets_for_times(asked, timeout=_TIMEOUT_S):
        high = consumer.get_watermark_offsets(TopicPartition(EVENTS.name, found.partition), timeout=_TIMEOUT_S)
        if high is None:
            raise ReadingFailed(f"partition {found.partition} does not say where it ends")
        ends[found.partition] = high[1] if found.offset < 0 else found.offset
    gaps = {partition: end for partition, end in ends.items() if positions.get(partition, 0) < end}
    return _with_records(consumer, positions, gaps) if gaps else []


def _with_records(consumer: Consumer, positions: Mapping[int, int], gaps: Mapping[int, int]) -> Sequence[int]:
    """Return the gaps that hold records: most hold only the markers of transactions, which no consumer sees."""
    consumer.assign([TopicPartition(EVENTS.name, partition, positions.get(partition, 0)) for partition in gaps])
    waiting, behind = set(gaps), list[int]()
    while waiting:
        message = consumer.poll(_TIMEOUT_S)
        if message is None:
            raise ReadingFailed(f"partitions {sorted(waiting)} do not answer")
        error, partition = message.error(), message.partition()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's public name
            raise ReadingFailed(f"the log does not answer: {error}")
        if error is None and partition in waiting and (message.offset() or 0) < gaps[partition]:
            behind.append(partition)
        waiting.discard(-1 if partition is None else partition)
    return behind
