"""What sagas did, counted while they are decided, and the orchestrator's metrics made of it at each scrape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import Metric

from orchestrator.core.events import InputIgnored, Recorded, SagaStarted, StepParked
from orchestrator.core.paths import name_of
from orchestrator.core.state import Phase, State
from streams.metrics import Histogram, bounded, count, counter, gauge, histogram, histograms
from streams.runtime import Runtime
from streams.runtime_config import RuntimeConfig

_PART = "#"
"""In place of the number of a part of a scope: steps are told apart, iterations are not."""

Key = tuple[str, type, str]
"""A definition, the type of an event, and its step, empty where it has none."""


@dataclass(slots=True)
class SagaCounts:
    """Counts since the start of the process. What an aborted transaction decided is counted again when it is redone."""

    events: dict[Key, int] = field(default_factory=lambda: defaultdict(int))
    ended: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    took: dict[str, Histogram] = field(default_factory=lambda: defaultdict(Histogram))

    def note(self, definition: str, events: Sequence[Recorded]) -> None:
        """Count the events of one decision."""
        counts = self.events
        for recorded in events:
            event = recorded.event
            step: str = getattr(event, "step", "")
            if "/" in step:
                step = name_of(step)
                step = _PART if step.isdecimal() else step
            counts[definition, type(event), step] += 1

    def note_end(self, state: State) -> None:
        """Count a saga that has just ended."""
        self.ended[state.definition, state.outcome or Phase.ENDED] += 1
        self.took[state.definition].observe(state.updated_at - state.started_at)

    def read(self) -> Iterator[Metric]:
        """Yield the metrics of sagas."""
        events = self.events.copy()
        yield _of_kind("illegal_transition", "Inputs that were not legal in their saga's state", InputIgnored, events)
        yield _of_kind("saga_started", "Sagas that were started", SagaStarted, events)
        yield _of_kind("saga_step_parked", "Steps that wait because a circuit is open", StepParked, events)
        yield counter(
            "saga_events",
            "Events by definition, type and step",
            (
                ({"definition": definition, "type": kind.__name__, "step": step}, value)
                for (definition, kind, step), value in sorted(events.items(), key=lambda one: str(one[0]))
            ),
        )
        yield counter(
            "saga_ended",
            "Sagas that ended, by outcome",
            (
                ({"definition": definition, "outcome": outcome}, value)
                for (definition, outcome), value in sorted(self.ended.copy().items())
            ),
        )
        took = (({"definition": name}, one) for name, one in sorted(self.took.copy().items()))
        yield histograms("saga_duration_seconds", "Time from a saga's start to its end", took)


def _of_kind(name: str, about: str, kind: type, events: dict[Key, int]) -> Metric:
    """Return a counter of one type of event by definition; 0 of no definition where there were none."""
    totals: dict[str, int] = defaultdict(int)
    for (definition, one, _), value in events.items():
        if one is kind:
            totals[definition] += value
    return counter(name, about, (({"definition": name}, value) for name, value in sorted(totals.items())))


def runtime_metrics(runtime: Runtime, config: RuntimeConfig) -> Iterable[Metric]:
    """Yield the metrics of the stream runtime."""
    counters, standing = runtime.counters, runtime.standing()
    yield count("stream_records", "Records processed", counters.records)
    yield count("stream_timers", "Timers fired", counters.timers)
    yield count("stream_transactions", "Transactions committed", counters.transactions)
    yield histogram("stream_commit_seconds", "Time of a commit, stores included", counters.commit_ms)
    yield count("stream_aborts", "Transactions aborted", counters.aborts)
    yield count("stream_producer_renewals", "Producers replaced after a disturbed transaction", runtime.renewals)
    yield count("stream_dead_letters", "Records that went to the dead-letter topic", counters.dead_letters)
    yield count("stream_restored_records", "Changelog records restored into stores", counters.restored_records)
    yield count("stream_corrupted_stores", "Stores thrown away and restored", counters.corrupted_stores)
    yield count("stream_changelog_records", "Changelog records written", counters.changelog_records)
    yield gauge("stream_tasks_running", "Tasks that work", standing.running)
    yield gauge("stream_tasks_restoring", "Tasks that wait for their store", standing.restoring)
    yield gauge("stream_quarantined", "Records and timers that failed and are set aside", standing.quarantined)
    yield from bounded(
        "stream_backlog_records", "Records delivered, not processed", standing.backlog, config.max_records
    )
    about = "Records and timers in the largest transaction of the last seconds"
    yield from bounded("stream_largest_transaction_records", about, counters.largest_batch, config.max_records)
