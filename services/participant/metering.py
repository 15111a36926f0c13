"""What a participant did, counted where it happens, and its metrics made of it at each scrape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import Metric

from services.participant.breaker import Breaker, Closed, HalfOpen, Open
from services.participant.outcome import Done, Outcome
from streams.metrics import Histogram, bounded, count, counter, gauge, gauges, histograms


@dataclass(slots=True)
class CommandCounts:
    """Counts since the start of the process; a batch that is done again after a conflict counts its outcomes again."""

    commands: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    outcomes: dict[tuple[str, str], Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    duplicates: int = 0
    poison: int = 0
    broken: int = 0
    conflicts: int = 0

    def answered(self, step: str, outcome: Outcome, took_ms: int) -> None:
        """Count an answer, and the time since its command was issued."""
        kind = "DONE" if isinstance(outcome, Done) else outcome.kind.value
        self.outcomes[step.rpartition("/")[2], kind].observe(took_ms)

    def read(self) -> Iterator[Metric]:
        """Yield the metrics of commands."""
        commands = (({"command": name}, value) for name, value in sorted(self.commands.copy().items()))
        yield counter("participant_commands", "Commands received, repeated ones included", commands)
        yield histograms(
            "participant_command_duration_seconds",
            "Time from a command's issue to its answer, by step and outcome",
            (({"step": step, "outcome": kind}, one) for (step, kind), one in sorted(self.outcomes.copy().items())),
        )
        yield count("participant_duplicates_filtered", "Commands answered with a stored reply", self.duplicates)
        yield count("participant_dead_letters", "Records that went to the dead-letter topic", self.poison)
        yield count("participant_handler_failures", "Commands or results that met a bug", self.broken)
        yield count("participant_conflicts", "Batches done again because a replica was faster", self.conflicts)


@dataclass(slots=True)
class CallCounts:
    """Calls of one provider: how they ended, how long they took, how many are in flight."""

    ended: dict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    refused: int = 0
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class Watched:
    """What is shown of the client of one provider."""

    provider: str
    counts: CallCounts
    breaker: Breaker
    concurrency: int


def call_metrics(clients: Sequence[Watched]) -> Iterable[Metric]:
    """Yield the metrics of provider calls."""
    yield histograms(
        "provider_call_duration_seconds",
        "Time of a call by how it ended: answered, in trouble (5xx, 429, not reachable), no answer",
        (
            ({"provider": one.provider, "result": result}, took)
            for one in clients
            for result, took in sorted(one.counts.ended.copy().items())
        ),
    )
    named = [({"provider": one.provider}, one) for one in clients]
    refused = ((labels, one.counts.refused) for labels, one in named)
    yield counter("provider_calls_refused", "Calls not made: the circuit was open, or too many waited", refused)
    in_flight = ((labels, one.counts.in_flight) for labels, one in named)
    yield gauges("provider_calls_in_flight", "Calls that wait for an answer", in_flight)
    limits = ((labels, one.concurrency) for labels, one in named)
    yield gauges("provider_calls_in_flight_limit", "The bound of provider_calls_in_flight", limits)
    circuits = ((labels, _circuit(one.breaker)) for labels, one in named)
    yield gauges("circuit_breaker_state", "0 closed, 1 half-open: one probe decides, 2 open", circuits)
    opened = ((labels, one.breaker.opened) for labels, one in named)
    yield counter("circuit_breaker_opened", "Times the circuit went open", opened)


def _circuit(breaker: Breaker) -> int:
    match breaker.circuit:
        case Closed():
            return 0
        case HalfOpen():
            return 1
        case Open():
            return 2


@dataclass(frozen=True, slots=True)
class Standing:
    """What the loop of a participant has in hand, and the bounds of it."""

    open_effects: int
    open_effects_limit: int
    unsent: int
    paused: bool
    aborts_in_a_row: int
    aborts_limit: int


def loop_metrics(standing: Standing) -> Iterable[Metric]:
    """Yield the metrics of the loop."""
    about = "Effects in progress; above the limit no more commands are taken in"
    yield from bounded("participant_open_effects", about, standing.open_effects, standing.open_effects_limit)
    yield gauge("participant_unsent_replies", "Replies that wait for the next transaction", standing.unsent)
    yield gauge("participant_intake_paused", "1 while no commands are taken in", standing.paused)
    about = "Transactions aborted one after the other"
    yield from bounded("participant_aborts_in_a_row", about, standing.aborts_in_a_row, standing.aborts_limit)
