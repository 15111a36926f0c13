"""`python -m benchmarks.telemetry_cost`: what a line about a saga costs, made and written, in us of CPU."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from benchmarks.core_cost import all_done, measure
from orchestrator.core import decide as core
from orchestrator.core.decide import Decision
from orchestrator.core.definition import Definition
from orchestrator.core.inputs import Start
from orchestrator.definitions.registry import compiled
from orchestrator.telemetry import Telemetry as Transitions
from schemas.cloudevents import headers
from services.gateway.inputs import Input
from services.gateway.telemetry import Telemetry as Requests
from services.participant.outcome import Done
from services.participant.telemetry import Telemetry as Answers
from streams.context import TaskContext
from streams.log_output import LineOutput
from streams.memory_driver import MemoryDriver
from streams.memory_log import MemoryLog
from streams.memory_store import MemoryStore
from streams.stats import Counters

BOUND_US = 3.0
_DOCUMENT = Path(__file__).parent / "definitions" / "four-steps.yaml"
_TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_NOW = 1_750_000_000_000
_SAGA = "ord_abcdefghijklmnopqrstuvwxyz"
_SAGAS, _ANSWERS, _REQUESTS = 20, 100, 20
"""In one write: as in a transaction, a batch and a fiftieth of a second under load."""

Write = Callable[[bytes], None]


def decisions(definition: Definition) -> list[Decision]:
    """Return what is decided in a saga in which every step succeeds, under an id as long as an order's."""
    decision = core.start(definition, "s", Start("in_1", {"account": "acc_1"}, definition.parameters, _TRACE), _NOW)
    found = [decision]
    for given in all_done():
        decision = core.decide(definition, decision.state, given, _NOW)
        found.append(decision)
    return [one._replace(state=one.state._replace(saga_id=_SAGA)) for one in found]


def transitions(write: Write, known: list[Decision]) -> int:
    """Tell of all events of sagas as one transaction of the orchestrator does. Returns how many lines there are."""
    driver = MemoryDriver(MemoryLog(lambda: _NOW), "benchmark", "benchmark-0")
    context = TaskContext(0, MemoryStore(), driver, "dead-letters", Counters())
    telemetry = Transitions("orchestrator-0")
    for _ in range(_SAGAS):
        for decision in known:
            telemetry.tell(decision, context)
    write(bytes(context.lines))
    return _SAGAS * sum(len(decision.events) for decision in known)


def answers(write: Write) -> int:
    """Tell of answers as one batch of a participant does."""
    telemetry, outcome = Answers("payment-0"), Done("payment.PaymentCaptured", {})
    meta: Mapping[str, Any] = {
        "saga_id": _SAGA, "command_id": f"{_SAGA}:capture-payment:0", "step": "capture-payment", "undoes": None,
        "attempt": 0, "issued_at": _NOW - 20,
    }  # fmt: skip
    lines = [telemetry.answered("payment.CapturePayment", meta, outcome, _NOW, _TRACE) for _ in range(_ANSWERS)]
    write(b"".join(lines))
    return _ANSWERS


def requests(write: Write) -> int:
    """Tell of orders as the gateway does."""
    about = headers("saga.StartSaga", "/gateway", f"{_SAGA}:start", _SAGA, _NOW, f"{_SAGA}:start", _TRACE)
    record = Input(_SAGA.encode(), b"", about)
    Requests("gateway", write, lambda: _NOW).write([record] * _REQUESTS)
    return _REQUESTS


@contextmanager
def file() -> Iterator[int]:
    """Give a file that is appended to."""
    with tempfile.TemporaryFile("ab") as log:
        yield log.fileno()


@contextmanager
def pipe() -> Iterator[int]:
    """Give a pipe to a process that reads it, whose CPU is not ours."""
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as reader:  # noqa: S607 - found on the PATH as everywhere
        assert reader.stdin is not None
        yield reader.stdin.fileno()


def cost(tell: Callable[[Write], int], descriptor: int, rounds: int) -> float:
    """Return the median of the CPU us a line."""
    output = LineOutput(descriptor, lambda _lost: b"")
    figures: list[float] = []
    for _ in range(rounds):
        begun = time.process_time_ns()
        lines = sum(tell(output.write) for _ in range(20))
        figures.append((time.process_time_ns() - begun) / 1_000 / lines)
    if output.lost:
        raise ValueError(f"{output.lost} lines were lost: the reader is too slow")
    return median(figures)


def main(arguments: list[str]) -> int:
    """Print the costs. Returns 1 where one is over the bound."""
    parser = ArgumentParser(prog="python -m benchmarks.telemetry_cost", description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    options = parser.parse_args(arguments)
    definition = compiled(yaml.safe_load(_DOCUMENT.read_text())).definition
    known = decisions(definition)
    told: Mapping[str, Callable[[Write], int]] = {
        "orchestrator": lambda write: transitions(write, known),
        "participant": answers,
        "gateway": requests,
    }
    found: list[float] = []
    for place in (file, pipe):
        for name, tell in told.items():
            with place() as descriptor:
                found.append(cost(tell, descriptor, options.rounds))
            print(f"{name:<12} to a {place.__name__}: {found[-1]:.2f} us a line")  # noqa: T201 - what the command is for
    core = measure(definition, all_done, 200, options.rounds)
    print(f"beside it, the core: {core.recorded:.1f} us a recorded event")  # noqa: T201 - as above
    print(f"bound: under {BOUND_US} us a line: {'met' if max(found) < BOUND_US else 'missed'}")  # noqa: T201 - as above
    return 0 if max(found) < BOUND_US else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
