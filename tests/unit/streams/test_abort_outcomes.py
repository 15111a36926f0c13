"""What a failed abort means: a new producer where nobody else holds the id, the end of the process where one does."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams import kafka_transactions
from streams.errors import Fatal
from streams.kafka_config import KafkaConfig
from streams.kafka_transactions import KafkaTransactions


class Refusing:
    """A producer whose transactions cannot be aborted."""

    def __init__(self, code: int) -> None:
        self._code = code

    def poll(self, _timeout_s: float) -> int:
        """Report nothing."""
        return 0

    def begin_transaction(self) -> None:
        """Begin."""

    def abort_transaction(self, _timeout_s: float) -> None:
        """Fail as librdkafka does, for good."""
        raise KafkaException(KafkaError(self._code, "Failed to end transaction", True))

    def purge(self, **_what: bool) -> None:
        """Forget what was not sent."""


def _aborted(code: int, monkeypatch: pytest.MonkeyPatch) -> KafkaTransactions:
    monkeypatch.setattr(kafka_transactions, "open_producer", lambda *_: Refusing(code))
    transactions = KafkaTransactions(KafkaConfig("127.0.0.1:1", "g", "g-0"))
    transactions.start()
    transactions.begin()
    transactions.abort()
    return transactions


def test_an_abort_of_what_never_reached_the_broker_costs_a_producer_and_not_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    transactions = _aborted(KafkaError.INVALID_TXN_STATE, monkeypatch)
    assert transactions.renewals == 1
    transactions.begin()
    assert transactions.is_open


def test_an_abort_by_somebody_whose_id_was_taken_over_is_the_end_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(Fatal):
        _aborted(KafkaError._FENCED, monkeypatch)  # noqa: SLF001 - librdkafka's public name for a local error
