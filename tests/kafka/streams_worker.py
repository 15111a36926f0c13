"""A process that runs the runtime on a real broker, to be killed, stopped and continued by a test.

Forwards every record with the number of times it has seen the key. Told to hang, it stops at a chosen call of its
`hang_at`-th transaction until the release file exists, so that the test can act at exactly that moment.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import confluent_kafka

from streams import kafka_transactions
from streams.errors import Fatal
from streams.kafka_config import KafkaConfig
from streams.kafka_driver import KafkaDriver
from streams.processor import Context
from streams.record import Record
from streams.runtime import Runtime
from streams.runtime_config import RuntimeConfig
from streams.store_directory import StoreDirectory

RELEASE_POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class Orders:
    """What the worker is told on its command line, as JSON."""

    bootstrap: str
    group: str
    instance: str
    input: str
    out: str
    changelog: str
    dead: str
    directory: str
    transaction_timeout_ms: int = 120_000
    max_records: int = 100
    hang_before: str = ""
    """`offsets` or `commit`: the client call before which to hang; empty for never."""
    hang_at: int = 0
    """In which transaction, counted from 1."""


class Forwarding:
    """Counts keys; a value `in <ms>` sets a timer instead, which forwards `fired`."""

    def __init__(self, out: str) -> None:
        self._out = out

    def process(self, record: Record, now_ms: int, context: Context) -> None:
        assert record.key is not None
        assert record.value is not None
        match record.value.split():
            case [b"in", delay]:
                context.put(record.key, b"waiting", now_ms + int(delay))
            case [b"poison"]:
                raise ValueError("poison")
            case _:
                seen = b"%d" % (int(context.get(record.key) or 0) + 1)
                context.put(record.key, seen)
                context.forward(self._out, record.key, seen, [])

    def bury(self, record: Record, code: str, detail: str, now_ms: int, context: Context) -> None:  # noqa: ARG002 - as in the contract
        context.dead_letter(record, code, detail)

    def fire(self, key: bytes, now_ms: int, context: Context) -> None:  # noqa: ARG002 - the contract's parameters
        context.forward(self._out, key, b"fired", [])
        context.delete(key)

    def flush(self, context: Context) -> None:
        """Nothing is held back."""


def hanging_producer(orders: Orders) -> Callable[..., confluent_kafka.Producer]:
    """Return a producer class that hangs where it is told to."""
    release = Path(orders.directory) / "release"

    class Hanging(confluent_kafka.Producer):
        transactions = 0

        def begin_transaction(self) -> None:
            Hanging.transactions += 1
            super().begin_transaction()

        def send_offsets_to_transaction(self, *arguments: object) -> None:
            self.hang("offsets")
            super().send_offsets_to_transaction(*arguments)  # type: ignore[arg-type]  # handed on as they came

        def commit_transaction(self, timeout: float = -1) -> None:
            self.hang("commit")
            super().commit_transaction(timeout)

        def hang(self, call: str) -> None:
            if orders.hang_before == call and orders.hang_at == Hanging.transactions:
                (Path(orders.directory) / "hanging").touch()
                while not release.exists():
                    time.sleep(RELEASE_POLL_S)

    return Hanging


def main() -> int:
    """Run until SIGTERM; return 0, or 1 after a fatal error."""
    orders = Orders(**json.loads(sys.argv[1]))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if orders.hang_before:
        vars(kafka_transactions)["Producer"] = hanging_producer(orders)
    driver = KafkaDriver(
        KafkaConfig(
            bootstrap=orders.bootstrap,
            application_id=orders.group,
            instance_id=orders.instance,
            tracked_topics=frozenset({orders.changelog}),
            session_timeout_ms=1_500,
            transaction_timeout_ms=orders.transaction_timeout_ms,
        )
    )
    stores = StoreDirectory(Path(orders.directory) / "stores")
    runtime = Runtime(
        driver,
        RuntimeConfig(
            (orders.input,), orders.changelog, orders.dead, max_records=orders.max_records, stats_interval_ms=200
        ),
        lambda _: Forwarding(orders.out),
        stores.open,
        lambda: time.time_ns() // 1_000_000,
        lambda stats: print(json.dumps(asdict(stats)), flush=True),  # noqa: T201 - what the test reads
    )
    try:
        runtime.run(stop)
    except Fatal:
        logging.exception("ending")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
