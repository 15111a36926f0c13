"""Measures one subject under its loads: fresh topics, its processes, a generator and an observer beside them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient

from benchmarks.command import Tell
from benchmarks.cpu import MACHINE
from benchmarks.figures import Spread, per_saga, spread
from benchmarks.plan import GeneratorOrder, Load, ObserverOrder, written
from benchmarks.processes import Processes
from benchmarks.subjects import Subject
from cli.failure import Failure
from cli.tethered import tethered
from cli.topics import create_topics

SETTLE_S = 2.0
"""What the last load left behind, such as deliveries and projections, ends before the next one is measured."""
DELETE_S = 20.0
PROBE = Load("probe", in_flight=1, sagas=3, warm_up_s=30.0)
OUR_OWN = "bench."
"""Prefix of the processes that measure: their CPU is told apart and belongs to no subject."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One subject under one load; times in milliseconds, CPU in milliseconds a saga by process."""

    subject: str
    load: str
    sagas_per_s: float
    completed: int
    failed: Mapping[str, int]
    """How many sagas ended badly, by reason, in the whole load."""
    unfinished: int
    steps: Spread
    end_to_end: Spread
    cpu: Mapping[str, float]
    cpu_of_bench: Mapping[str, float]
    strangers: float
    """The share of the machine's CPUs, from 0 to 1, that programs which have no part in this took meanwhile."""

    @property
    def cpu_total(self) -> float:
        """CPU-milliseconds a saga of all that serves it, the broker included and the measuring excluded."""
        return sum(self.cpu.values())


@dataclass(frozen=True, slots=True)
class Bench:
    """Where everything happens: one broker, one directory, a `tell` for news."""

    bootstrap: str
    broker_pid: int
    directory: Path
    profiles: Path | None
    tell: Tell

    def measure(self, subject: Subject, loads: Sequence[Load]) -> list[Figures]:
        """Measure a subject under each load in turn. Raises Failure when something does not run."""
        self._fresh_topics(subject)
        directory = self.directory / subject.name
        shutil.rmtree(directory, ignore_errors=True)
        found: list[Figures] = []
        with Processes(subject.prepare(directory, self.bootstrap), directory / "logs", self.profiles) as running:
            self._probe(subject, running)
            for number, load in enumerate(loads):
                time.sleep(SETTLE_S)
                figures = self._run(subject, load, f"{subject.prefix}{number}", running.pids)
                running.require_alive()
                self.tell(f"{subject.name}, {load.name}: {figures.sagas_per_s:.0f} sagas/s")
                found.append(figures)
        return found

    def _probe(self, subject: Subject, running: Processes) -> None:
        """Let some sagas through, however long the processes take to join their groups."""
        load = replace(PROBE, warm_up_s=0.0, warm_up_sagas=1)
        answer = self._generate(subject, load, f"{subject.prefix}9", running.pids)
        running.require_alive()
        if answer["completed_in_window"] < load.sagas:
            why = f": {answer['failed']}" if answer["failed"] else ""
            raise Failure(
                f"{subject.title}: no saga was completed within {load.limit_s:.0f} s{why}.",
                f"Run again with --keep and read the logs under {self.directory / subject.name}.",
            )

    def _run(self, subject: Subject, load: Load, prefix: str, pids: Mapping[str, int]) -> Figures:
        order = ObserverOrder(self.bootstrap, subject.input_topics, subject.output_topics, load.sampled_partitions)
        with self._start_helper("observer", subject, subprocess.PIPE) as observer:
            assert observer.stdin is not None
            assert observer.stdout is not None
            observer.stdin.write(f"{written(order)}\n")
            observer.stdin.flush()
            if observer.stdout.readline() != "ready\n":
                raise Failure("The observer of steps did not start.", f"Read the logs under {self.directory}.")
            try:
                answer = self._generate(subject, load, prefix, {**pids, f"{OUR_OWN}observer": observer.pid})
            finally:
                observer.terminate()
            samples = json.loads(observer.communicate(timeout=30)[0])
        begin, end = answer["begin_ms"], answer["end_ms"]
        busy_ms = answer["cpu_ms"].pop(MACHINE, 0.0)
        strange_ms = max(0.0, busy_ms - sum(answer["cpu_ms"].values()))
        cpu = per_saga(answer["cpu_ms"], answer["completed_in_window"])
        return Figures(
            subject=subject.name,
            load=load.name,
            sagas_per_s=answer["completed_in_window"] * 1_000 / (end - begin) if end > begin else 0.0,
            completed=answer["completed_in_window"],
            failed=answer["failed"],
            unfinished=answer["unfinished"],
            steps=spread([latency for seen, latency in samples if begin <= seen <= end]),
            end_to_end=Spread(**answer["end_to_end"]),
            cpu={name: spent for name, spent in cpu.items() if not name.startswith(OUR_OWN)},
            cpu_of_bench={name: spent for name, spent in cpu.items() if name.startswith(OUR_OWN)},
            strangers=strange_ms / (end - begin) / (os.cpu_count() or 1) if end > begin else 0.0,
        )

    def _generate(self, subject: Subject, load: Load, prefix: str, pids: Mapping[str, int]) -> dict[str, Any]:
        order = GeneratorOrder(
            self.bootstrap,
            subject.start_topic,
            subject.end_topic,
            subject.completed,
            subject.failed,
            subject.value.hex(),
            subject.placeholder,
            prefix,
            load,
            {**pids, "broker": self.broker_pid},
        )
        with self._start_helper("generator", subject, subprocess.PIPE) as generator:
            try:
                answer, _ = generator.communicate(written(order), timeout=load.limit_s + 60)
            except subprocess.TimeoutExpired as error:
                generator.kill()
                raise Failure(
                    f"{subject.title}, {load.name}: the load generator did not end in time.",
                    "The machine is very busy: try again.",
                ) from error
        if generator.returncode != 0:
            raise Failure("The load generator failed.", f"Read {self._log('generator', subject)}.")
        figures: dict[str, Any] = json.loads(answer)
        return figures

    def _log(self, helper: str, subject: Subject) -> Path:
        return self.directory / subject.name / "logs" / f"bench-{helper}.log"

    def _start_helper(self, helper: str, subject: Subject, pipe: int) -> subprocess.Popen[str]:
        with self._log(helper, subject).open("a") as errors:
            return subprocess.Popen(
                tethered([sys.executable, "-m", f"benchmarks.{helper}"]),
                stdin=pipe,
                stdout=pipe,
                stderr=errors,
                text=True,
            )

    def _fresh_topics(self, subject: Subject) -> None:
        """Delete what another subject left in the topics, and the offsets with them."""
        client = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        names = {topic.name for topic in subject.topics}
        old = sorted(names & set(client.list_topics(timeout=DELETE_S).topics))
        for deleted in client.delete_topics(old, operation_timeout=DELETE_S).values() if old else ():
            deleted.result(DELETE_S)
        deadline = time.monotonic() + DELETE_S
        while names & set(client.list_topics(timeout=DELETE_S).topics):
            if time.monotonic() > deadline:
                raise Failure("The broker did not delete the topics of the subject before.", "Run again.")
            time.sleep(0.1)
        for line in create_topics(self.bootstrap, subject.topics):
            self.tell(f"{subject.name}: topics: {line}")
