"""The observer of steps: how long after an input's timestamp a reader of committed records sees what it caused."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from typing import Any

from confluent_kafka import Message

from benchmarks.following import batch, follow
from benchmarks.plan import ObserverOrder, observer_order

WAIT_S = 0.05
CAUSE = "causationid"

Cause = tuple[bytes, bytes]
_MATCHED = -1.0


class Observer:
    """Matches outputs to inputs. `samples` are (seen, latency), both in milliseconds."""

    def __init__(self, order: ObserverOrder) -> None:
        self._inputs = frozenset(order.input_topics)
        self._consumer = follow(
            order.bootstrap, "bench-observer", [*order.input_topics, *order.output_topics], order.partitions
        )
        self._caused_at: dict[Cause, float] = {}
        self._early: dict[Cause, float] = {}
        self.samples: list[tuple[float, float]] = []

    def step(self) -> None:
        """Take what has come."""
        messages = batch(self._consumer, WAIT_S)
        seen = time.time() * 1_000
        for message in messages:
            is_input = message.topic() in self._inputs
            cause = self._cause(message)
            if is_input:
                self._input(cause, message.timestamp()[1])
            else:
                self._output(cause, seen)

    def close(self) -> None:
        """Stop reading."""
        self._consumer.close()

    def _cause(self, message: Message) -> Cause:
        """Return the id of the input that the message is, or that it was caused by."""
        key: Any = message.key()
        headers: Any = message.headers() or ()
        return key, next((value for name, value in headers if name == CAUSE), b"")

    def _input(self, cause: Cause, at: float) -> None:
        early = self._early.pop(cause, None)
        if early is None:
            self._caused_at.setdefault(cause, at)
        else:
            self._caused_at[cause] = _MATCHED
            self.samples.append((early, early - at))

    def _output(self, cause: Cause, seen: float) -> None:
        at = self._caused_at.get(cause)
        if at is None:
            self._early.setdefault(cause, seen)
        elif at != _MATCHED:
            self._caused_at[cause] = _MATCHED
            self.samples.append((seen, seen - at))


def main() -> int:
    """Read the order from standard input, say `ready`, watch until SIGTERM, write the samples to standard output."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    observer = Observer(observer_order(sys.stdin.readline()))
    print("ready", flush=True)  # noqa: T201 - the answer to the caller
    while not stop.is_set():
        observer.step()
    observer.close()
    print(json.dumps(observer.samples))  # noqa: T201 - as above
    return 0


if __name__ == "__main__":
    sys.exit(main())
