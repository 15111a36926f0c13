"""`scripts/bench gateway`: measures the gateway and the bare route by turns on one embedded broker."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.command import Tell, add_options, run
from benchmarks.gateway import plan, report, servers
from benchmarks.gateway.plan import Load, Order, written
from benchmarks.gateway.report import Figures
from benchmarks.gateway.servers import BARE, GATEWAY
from benchmarks.processes import Processes
from cli.broker import EmbeddedBroker
from cli.failure import Failure
from cli.tethered import tethered
from cli.topics import create_topics

SETTLE_S = 0.5
_WARMING = Load("warming", 0.0, 0.0, 3.0)


@dataclass(frozen=True, slots=True)
class Bench:
    """Two servers that run on one broker."""

    ports: Mapping[str, int]
    pids: Mapping[str, int]
    broker_pid: int
    directory: Path

    def measure(self, server: str, load: Load, number: int) -> Figures:
        """Put one server under one load. Raises Failure."""
        time.sleep(SETTLE_S)
        pids = {server: self.pids[server], "broker": self.broker_pid}
        prefix = f"{load.name}-{number}-"
        order = Order(self.ports[server], servers.request(), servers.PLACEHOLDER, prefix, load, pids)
        log = self.directory / "generator.log"
        with log.open("a") as errors:
            ended = subprocess.run(
                tethered([sys.executable, "-m", "benchmarks.gateway.load"]),
                input=written(order),
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                timeout=load.warm_up_s + load.window_s + 60,
                check=False,
            )
        if ended.returncode != 0:
            raise Failure("The load generator failed.", f"Run again with --keep and read {log}.")
        answer: dict[str, Any] = json.loads(ended.stdout)
        return report.figures(server, load.name, number, answer)


def main(arguments: list[str]) -> int:
    """Measure and print. Returns 0, or the exit code of what did not run."""
    options = _options(arguments)
    return run(options, partial(_measure, options), report.as_text, report.as_json)


def _options(arguments: list[str]) -> Namespace:
    parser = ArgumentParser(prog="scripts/bench gateway", description=__doc__)
    parser.add_argument("--rounds", type=int, default=plan.ROUNDS, help="of the highest rate, by turns: %(default)s")
    add_options(parser, "both servers")
    return parser.parse_args(arguments)


def _measure(options: Namespace, directory: Path, tell: Tell) -> list[Figures]:
    broker = EmbeddedBroker(directory / "kafka", report=tell)
    with broker as bootstrap:
        tell(f"broker at {bootstrap}")
        for line in create_topics(bootstrap, servers.TOPICS):
            tell(f"topics: {line}")
        table, ports = servers.prepare(directory / "data", bootstrap)
        with Processes(table, directory / "logs", options.profile) as running:
            bench = Bench(ports, running.pids, broker.pid or 0, directory)
            found: list[Figures] = []
            for server in (BARE, GATEWAY):
                bench.measure(server, _WARMING, 0)
            steady, saturated = plan.steady(quick=options.quick), plan.saturated(quick=options.quick)
            turns = [(saturated, number) for number in range(1, options.rounds + 1)]
            for load, number in [*turns, (steady, 1)]:
                for server in (BARE, GATEWAY):
                    found.append(bench.measure(server, load, number))
                    running.require_alive()
                    tell(f"{server}, {load.name}: {found[-1].per_s:.0f} accepted a second")
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
