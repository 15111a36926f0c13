"""One transactional producer and its replacement: every outcome is committed, not committed, or fatal."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka import TopicPartition as ClientPartition

from streams.errors import Abortable, Fatal
from streams.kafka_config import KafkaConfig
from streams.kafka_errors import by_consequence, kafka_error
from streams.logs import CLIENT_LOG
from streams.record import Headers, TopicPartition

_log = logging.getLogger(__name__)

_Held = tuple[bytes | None, bytes | None, Headers]
_FULL_QUEUE_WAITS = 200
_FULL_QUEUE_WAIT_S = 0.05
_DELIVERY_WAITS = 50
_DELIVERY_WAIT_S = 0.1


def open_producer(config: KafkaConfig, transactional_id: str, on_error: object = None) -> Producer:
    """Make a producer and take over its transactional id: what an earlier holder left open is aborted. Raises Fatal."""
    settings = dict(config.producer(transactional_id))
    if on_error is not None:
        settings["error_cb"] = on_error  # type: ignore[assignment]  # the one setting that is a callable
    producer = Producer(settings, logger=CLIENT_LOG)
    deadline = time.monotonic() + config.init_timeout_s
    while True:
        try:
            producer.init_transactions(max(1.0, deadline - time.monotonic()))
        except KafkaException as error:
            inner = kafka_error(error)
            if not inner.retriable() or time.monotonic() > deadline:
                raise Fatal(f"taking over transactional id {transactional_id}: {inner.str()}") from error
            continue
        return producer


class KafkaTransactions:
    """The transactions of one instance. Records of tracked topics report where the last of them was written."""

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._producer: Producer | None = None
        self._open = False
        self._disturbed = False
        self._broker_trouble = False
        self._held: dict[TopicPartition, _Held] = {}
        self._written: dict[TopicPartition, int] = {}
        self.renewals = 0
        """How often the producer was replaced."""

    @property
    def is_open(self) -> bool:
        """Whether a transaction is open."""
        return self._open

    def start(self) -> None:
        """Take over the instance's transactional id, fencing whoever held it. Raises Fatal."""
        self._drop_producer()
        self._producer = open_producer(self._config, self._config.instance_id, self._on_error)
        self._disturbed = False

    def _on_error(self, error: KafkaError) -> None:
        self._broker_trouble = True
        if error.fatal():
            _log.error("producer: %s", error.str())

    def _live(self) -> Producer:
        if self._producer is None:
            raise Fatal("the producer was used before the group was joined")
        return self._producer

    def begin(self) -> None:
        """Open a transaction, on a new producer if the last one was disturbed or the broker was lost since.

        The first transaction on a producer that outlived its broker can wait for ever, whatever time-out it is given.
        Raises Abortable, Fatal.
        """
        self._live().poll(0)
        if self._disturbed or self._broker_trouble:
            self._renew("the last transaction was slow or disturbed, or the broker was lost since")
        producer = self._live()
        self._broker_trouble = False
        self._written = {}
        try:
            producer.begin_transaction()
        except KafkaException as error:
            raise by_consequence(kafka_error(error), "beginning a transaction") from error
        self._open = True

    def produce(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers, partition: int) -> None:
        """Append a record; partition -1 leaves the choice to murmur2. Raises Abortable, Fatal."""
        try:
            self._live().produce(topic, value, key, partition, headers=headers)  # type: ignore[arg-type]  # list is invariant, its use here is not
        except (BufferError, KafkaException) as error:
            self._produce_again(error, TopicPartition(topic, partition), (key, value, headers))

    def _produce_again(self, error: BufferError | KafkaException, target: TopicPartition, record: _Held) -> None:
        producer, topic, (key, value, headers) = self._live(), target.topic, record
        for _ in range(_FULL_QUEUE_WAITS):
            if isinstance(error, KafkaException):
                inner = kafka_error(error)
                if inner.code() == KafkaError.MSG_SIZE_TOO_LARGE:
                    raise ValueError(f"record for {topic} is too large: {inner.str()}") from error
                if inner.code() == KafkaError._STATE:  # noqa: SLF001 - librdkafka's public name for a local error
                    raise Abortable(f"producing to {topic}: {inner.str()}") from error
                raise by_consequence(inner, f"producing to {topic}") from error
            producer.poll(_FULL_QUEUE_WAIT_S)
            try:
                producer.produce(topic, value, key, target.partition, headers=headers)  # type: ignore[arg-type]  # list is invariant, its use here is not
            except (BufferError, KafkaException) as again:
                error = again
            else:
                return
        raise Abortable(f"producing to {topic}: the send queue stayed full")

    def produce_tracked(self, target: TopicPartition, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        """Append a record whose offset is wanted: only the last one of a partition gets a delivery report."""
        held = self._held.get(target)
        if held is not None:
            self.produce(target.topic, held[0], held[1], held[2], target.partition)
        self._held[target] = (key, value, headers)

    def commit(self, offsets: Sequence[ClientPartition], group_metadata: object) -> dict[TopicPartition, int]:
        """Commit with the group's offsets. Raises Abortable, TaskMigrated, Fatal."""
        started = time.monotonic()
        awaited = len(self._held)
        self._send_held()
        if offsets:
            self._send_offsets(offsets, group_metadata)
        self._commit()
        self._open = False
        producer = self._live()
        for _ in range(_DELIVERY_WAITS):
            producer.poll(0 if len(self._written) >= awaited else _DELIVERY_WAIT_S)
            if len(self._written) >= awaited:
                break
        else:
            raise Fatal("a committed transaction did not report where its records were written")
        self._judge(started)
        return self._written

    def _send_held(self) -> None:
        held, self._held = self._held, {}
        for target, (key, value, headers) in held.items():
            try:
                self._live().produce(
                    target.topic,
                    value,
                    key,
                    target.partition,
                    on_delivery=self._on_delivery,
                    headers=headers,  # type: ignore[arg-type]  # list is invariant, its use here is not
                )
            except BufferError as error:
                raise Abortable(f"producing to {target.topic}: the send queue is full") from error
            except KafkaException as error:
                raise by_consequence(kafka_error(error), f"producing to {target.topic}") from error

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        if error is None:
            topic, partition, offset = message.topic(), message.partition(), message.offset()
            if topic is not None and partition is not None and offset is not None:
                self._written[TopicPartition(topic, partition)] = offset

    def _send_offsets(self, offsets: Sequence[ClientPartition], group_metadata: object) -> None:
        try:
            self._live().send_offsets_to_transaction(list(offsets), group_metadata, self._config.commit_timeout_s)
        except KafkaException as error:
            # Nothing is committed before the commit: starting over on a new connection beats waiting on this one.
            inner = kafka_error(error)
            self._disturbed = self._disturbed or inner.retriable()
            raise by_consequence(inner, "sending offsets") from error

    def _commit(self) -> None:
        for _ in range(self._config.commit_attempts):
            try:
                self._live().commit_transaction(self._config.commit_timeout_s)
            except KafkaException as error:
                inner = kafka_error(error)
                self._disturbed = True
                if inner.fatal() or not inner.retriable():
                    raise by_consequence(inner, "committing") from error
                _log.warning("commit outcome not known yet, resuming it: %s", inner.str())
            else:
                return
        raise Fatal("the outcome of a commit stayed unknown")

    def abort(self) -> None:
        """Abort the open transaction, if any; if that cannot be done, a new producer does it. Raises Fatal."""
        self._held.clear()
        if not self._open:
            return
        self._open = False
        if self._disturbed:
            self._renew("a disturbed transaction is left to the abort by its successor")
            return
        started = time.monotonic()
        try:
            self._live().abort_transaction(self._config.commit_timeout_s)
        except KafkaException as error:
            inner = kafka_error(error)
            # An abort that overtakes the transaction's first request finds none open at the broker (librdkafka #4849):
            # the client calls that fatal, but nobody has taken the id over, and nothing is left to abort.
            if inner.fatal() and inner.code() != KafkaError.INVALID_TXN_STATE:
                raise Fatal(f"aborting: {inner.str()}") from error
            self._renew(f"aborting: {inner.str()}")
            return
        self._live().poll(0)
        self._judge(started)

    def _judge(self, started: float) -> None:
        if self._broker_trouble or time.monotonic() - started > self._config.slow_commit_s:
            self._disturbed = True

    def _renew(self, why: str) -> None:
        _log.warning("replacing the producer: %s", why)
        self.renewals += 1
        self.start()

    def _drop_producer(self) -> None:
        # Not `Producer.close`: it aborts and flushes without a bound. The last reference gone, the client is destroyed.
        if self._producer is not None:
            self._producer.purge(in_queue=True, in_flight=True, blocking=False)
            self._producer = None

    def close(self) -> None:
        """Abort what is open, as well as it goes, and drop the producer; the id's next holder aborts the rest."""
        if self._open and self._producer is not None:
            self._open = False
            try:
                self._producer.abort_transaction(self._config.commit_timeout_s)
            except KafkaException as error:
                _log.warning("a transaction is left to the next holder of its id: %s", kafka_error(error).str())
        self._drop_producer()
