"""What an error of the Kafka client means for the caller: abort, hand over, or exit."""

from __future__ import annotations

from confluent_kafka import KafkaError, KafkaException

from streams.errors import Abortable, Fatal, StreamsError, TaskMigrated

_ENDED = frozenset(
    {
        KafkaError._FENCED,  # noqa: SLF001 - librdkafka's public name for a local error begins with an underscore
        KafkaError._FATAL,  # noqa: SLF001 - as above
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
    }
)
_OWNERSHIP_LOST = frozenset(
    {KafkaError.ILLEGAL_GENERATION, KafkaError.UNKNOWN_MEMBER_ID, KafkaError.REBALANCE_IN_PROGRESS}
)


def kafka_error(error: KafkaException) -> KafkaError:
    """Return the client's error object."""
    inner: KafkaError = error.args[0]
    return inner


def by_consequence(inner: KafkaError, doing: str) -> StreamsError:
    """Return the error of this package that says what the caller must do."""
    told = f"{doing}: {inner.str()}"
    if inner.fatal() or inner.code() in _ENDED:
        return Fatal(told)
    if inner.code() in _OWNERSHIP_LOST:
        return TaskMigrated(told)
    if inner.txn_requires_abort() or inner.retriable():
        return Abortable(told)
    return Fatal(told)


_CANNOT_CONSUME = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError._FATAL,  # noqa: SLF001 - as above; an event that says so need not be `fatal()` itself
        KafkaError._AUTHENTICATION,  # noqa: SLF001 - librdkafka's public name for a local error
        KafkaError.FENCED_INSTANCE_ID,
    }
)


def ends_consumer(error: KafkaError) -> bool:
    """Whether a consumer's error event is the end of it; all others are news of trouble it recovers from itself."""
    return error.fatal() or error.code() in _CANNOT_CONSUME
