"""One task: the processor, store and positions of one partition number, and the states it may be in."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType

from streams.context import TaskContext
from streams.errors import Fatal
from streams.processor import Processor, ProcessorFactory
from streams.record import TopicPartition
from streams.store import StateStore


class TaskState(Enum):
    """Where a task is in its life."""

    CREATED = auto()
    """Assigned; its store is open and nothing has been checked."""
    RESTORING = auto()
    """Its store is catching up with its changelog; its inputs are paused."""
    RUNNING = auto()
    """Processes records and fires timers."""
    SUSPENDED = auto()
    """Given up in a rebalance that may bring it back; its store stays open."""
    CLOSED = auto()
    """Its store is closed; it is never used again."""


TRANSITIONS: Mapping[TaskState, frozenset[TaskState]] = MappingProxyType(
    {
        TaskState.CREATED: frozenset({TaskState.RESTORING, TaskState.CLOSED}),
        TaskState.RESTORING: frozenset({TaskState.RUNNING, TaskState.SUSPENDED, TaskState.CLOSED}),
        TaskState.RUNNING: frozenset({TaskState.SUSPENDED, TaskState.CLOSED}),
        TaskState.SUSPENDED: frozenset({TaskState.RESTORING, TaskState.CLOSED}),
        TaskState.CLOSED: frozenset(),
    }
)
"""A task never runs without a restore before it: also after a suspension, others may have owned the partition."""


class Task:
    """State of one partition number. `positions` are the next offsets by input topic, uncommitted work included."""

    __slots__ = (
        "_factory",
        "_state",
        "committed",
        "context",
        "inputs",
        "partition",
        "positions",
        "processor",
        "store",
        "touched",
    )

    def __init__(
        self,
        partition: int,
        inputs: tuple[TopicPartition, ...],
        store: StateStore,
        context: TaskContext,
        factory: ProcessorFactory,
    ) -> None:
        self.partition = partition
        self.inputs = inputs
        self.store = store
        self.context = context
        self._factory = factory
        self._state = TaskState.CREATED
        self.processor: Processor = factory(partition)
        self.committed: dict[str, int] = {}
        self.positions: dict[str, int] = {}
        self.touched = False
        """Whether the open transaction holds anything of this task."""

    @property
    def state(self) -> TaskState:
        """The present state."""
        return self._state

    def become(self, state: TaskState) -> None:
        """Change the state. Raises Fatal for a transition that is not in the table."""
        if state not in TRANSITIONS[self._state]:
            raise Fatal(f"task {self.partition}: {self._state.name} cannot become {state.name}")
        self._state = state

    def changed_offsets(self) -> dict[TopicPartition, int]:
        """Return the input offsets that the open transaction moves."""
        committed = self.committed
        return {
            TopicPartition(topic, self.partition): offset
            for topic, offset in self.positions.items()
            if committed.get(topic) != offset
        }

    def settle(self, committed: Mapping[str, int]) -> None:
        """Start from committed offsets with nothing held."""
        self.committed = dict(committed)
        self.positions = dict(committed)
        self.context.forget()
        self.touched = False

    def renew(self) -> None:
        """Forget everything uncommitted, what the processor cached too."""
        self.settle(self.committed)
        self.context.next_due_ms = 0
        self.processor = self._factory(self.partition)

    def close(self) -> None:
        """Close the store; what was not committed is dropped."""
        if self._state is not TaskState.CLOSED:
            self.become(TaskState.CLOSED)
            self.store.close()
