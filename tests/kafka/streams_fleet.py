"""Starts, kills, stops and continues worker processes, and reads what they have done from the broker."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.contract.streams_cluster import KafkaCluster, wait_until
from tests.kafka.streams_worker import Orders

ROOT = Path(__file__).parents[2]


class Worker:
    """One process of one instance."""

    def __init__(self, orders: Orders, log: Path) -> None:
        self.log = log
        self._directory = Path(orders.directory)
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.kafka.streams_worker", json.dumps(asdict(orders))],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def wait_until_hanging(self) -> None:
        wait_until((self._directory / "hanging").exists)

    def release(self) -> None:
        (self._directory / "release").touch()

    def stats(self) -> list[dict[str, float]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


class Fleet:
    """Topics of one application on a real broker, and its workers; `close` ends them all."""

    def __init__(self, bootstrap: str, directory: Path, partitions: int = 4) -> None:
        self.cluster = KafkaCluster(bootstrap)
        self.input, self.out = self.cluster.topic(partitions), self.cluster.topic(partitions)
        self.changelog, self.dead = self.cluster.topic(partitions), self.cluster.topic(1)
        self._directory = directory
        self._name = uuid.uuid4().hex
        self._workers: list[Worker] = []
        self._sent = 0

    def start(self, instance: str, **orders: str | int) -> Worker:
        directory = self._directory / instance
        directory.mkdir(exist_ok=True)
        told = Orders(
            bootstrap=self.cluster.bootstrap,
            group=self._name,
            instance=f"{instance}-{self._name}",
            input=self.input,
            out=self.out,
            changelog=self.changelog,
            dead=self.dead,
            directory=str(directory),
            **orders,  # type: ignore[arg-type]  # checked by the tests that pass them
        )
        worker = Worker(told, self._directory / f"{instance}-{len(self._workers)}.log")
        self._workers.append(worker)
        return worker

    def send(self, count: int) -> None:
        """Send this many records, each with a key of its own."""
        self.cluster.produce_all(self.input, [(b"key-%d" % n, b"x") for n in range(self._sent, self._sent + count)])
        self._sent += count

    def outputs(self) -> Counter[tuple[bytes | None, bytes | None]]:
        return Counter((record.key, record.value) for record in self.cluster.records(self.out))

    def wait_until_done(self) -> None:
        """Wait until as many outputs as inputs are committed."""
        wait_until(lambda: self.outputs().total() >= self._sent)

    def assert_each_once(self) -> None:
        """Every input has exactly one output, and its count is 1: processed once on a state that held nothing."""
        assert self.outputs() == Counter({(b"key-%d" % n, b"1"): 1 for n in range(self._sent)})

    def changelog_state(self) -> dict[bytes | None, bytes | None]:
        latest = {record.key: record.value for record in self.cluster.records(self.changelog)}
        return {key: value for key, value in latest.items() if value is not None}

    def assert_state_matches(self) -> None:
        wait_until(lambda: len(self.changelog_state()) >= self._sent)
        assert self.changelog_state() == {b"key-%d" % n: b"1" for n in range(self._sent)}

    def members(self) -> int:
        """Return how many members the group has."""
        return self.cluster.members(self._name)

    def logs(self) -> Sequence[str]:
        return [worker.log.read_text() for worker in self._workers]

    def close(self) -> None:
        for worker in self._workers:
            if worker.is_running:
                worker.signal(signal.SIGCONT)
                worker.kill()
        self.cluster.close()
