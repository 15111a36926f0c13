"""Orchestrators in a simulated run: they own partitions, decide by their own clocks, commit, crash and take over."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import islice
from typing import NamedTuple

from orchestrator.core.decide import Decision
from orchestrator.core.inputs import Input, Start, TimerDue
from orchestrator.core.state import State
from simulator.consequences import Consequence, consequences
from simulator.engine import Engine
from simulator.running.agenda import Agenda
from simulator.running.journal import Journal
from simulator.running.network import Network
from simulator.running.weather import Dice, Environment
from simulator.scenario import Scenario

EPOCH_MS = 1_750_000_000_000
"""When a simulated run begins, on a clock that is right."""

_BATCH = 200
_DETECTION_MS = (1_500, 4_000)
_COMMIT_MS = (5, 30)


class Node:
    """One orchestrator; its clock is wrong by `skew_ms` until it starts again. Each start has an epoch of its own."""

    __slots__ = ("epoch", "name", "skew_ms", "up")

    def __init__(self, name: str, skew_ms: int) -> None:
        self.name = name
        self.skew_ms = skew_ms
        self.up = True
        self.epoch = 0


class Handled(NamedTuple):
    """One input that was decided, `at` in virtual time; for a due timer, `due` is its time on the clock that set it."""

    at: int
    saga_id: str
    scenario: Scenario
    given: Input
    before: State | None
    decision: Decision
    found: list[Consequence]
    due: int | None


class Partition:
    """One partition: inputs that are not committed yet, the states as they are committed, and the timers set."""

    __slots__ = ("busy", "home", "number", "owner", "queue", "states", "timers", "wakes_at")

    def __init__(self, number: int, home: Node) -> None:
        self.number = number
        self.home = home
        self.owner: Node | None = home
        self.queue: deque[tuple[str, Input]] = deque()
        self.states: dict[str, State] = {}
        self.timers: list[tuple[int, str]] = []
        self.busy = False
        self.wakes_at: int | None = None


class Cluster:
    """All orchestrators with their partitions. `committed` is told of every decision once it can be seen."""

    def __init__(
        self,
        agenda: Agenda,
        dice: Dice,
        journal: Journal,
        network: Network,
        environment: Environment,
        engine: Engine,
        scenario_of: Callable[[str], Scenario],
        committed: Callable[[Node, Handled], None],
        *,
        nodes: int = 3,
        partitions: int = 12,
    ) -> None:
        self._agenda = agenda
        self._dice = dice
        self._journal = journal
        self._network = network
        self._drift_ms = environment.drift_ms
        self._engine = engine
        self._scenario_of = scenario_of
        self._committed = committed
        self.nodes = [Node(f"orchestrator-{number}", self._skew()) for number in range(nodes)]
        self.partitions = [Partition(number, self.nodes[number % nodes]) for number in range(partitions)]
        self.lost = 0
        self.takeovers = 0

    def _skew(self) -> int:
        return self._dice.between(-self._drift_ms, self._drift_ms)

    def partition_of(self, saga_id: str) -> Partition:
        """Return the partition in which a saga lives."""
        return self.partitions[sum(saga_id.encode()) % len(self.partitions)]

    def receive(self, saga_id: str, given: Input) -> None:
        """Take an input into its partition's log."""
        partition = self.partition_of(saga_id)
        partition.queue.append((saga_id, given))
        self._work(partition)

    def _work(self, partition: Partition) -> None:
        """Begin a batch where there is something to do, or see to it that the partition wakes for its next timer."""
        node = partition.owner
        if partition.busy or node is None:
            return
        if partition.queue or (partition.timers and partition.timers[0][0] <= self._clock(node)):
            partition.busy = True
            self._agenda.at(self._agenda.now + 1, self._handle, partition, node, node.epoch)
        elif partition.timers:
            wakes_at = partition.timers[0][0] - EPOCH_MS - node.skew_ms
            if partition.wakes_at is None or not self._agenda.now < partition.wakes_at <= wakes_at:
                partition.wakes_at = wakes_at
                self._agenda.at(wakes_at, self._work, partition)

    def _clock(self, node: Node) -> int:
        return EPOCH_MS + self._agenda.now + node.skew_ms

    def _handle(self, partition: Partition, node: Node, epoch: int) -> None:
        """Decide a batch; nothing of it can be seen before the commit."""
        if node.epoch != epoch:
            return
        now = self._clock(node)
        handled: list[Handled] = []
        staged: dict[str, State] = {}
        taken = min(len(partition.queue), _BATCH)
        for saga_id, given in islice(partition.queue, taken):
            self._decide(partition, staged, handled, saga_id, given, now, None)
        popped: list[tuple[int, str]] = []
        while partition.timers and partition.timers[0][0] <= now and len(popped) < _BATCH:
            timer = heappop(partition.timers)
            popped.append(timer)
            state = staged.get(timer[1]) or partition.states[timer[1]]
            due = self._engine.next_due(state)
            if due is not None and due <= now:
                self._decide(partition, staged, handled, timer[1], TimerDue(), now, due)
        done_at = self._agenda.now + self._dice.between(*_COMMIT_MS)
        self._agenda.at(done_at, self._commit, partition, node, epoch, taken, popped, handled, staged)

    def _decide(
        self,
        partition: Partition,
        staged: dict[str, State],
        handled: list[Handled],
        saga_id: str,
        given: Input,
        now: int,
        due: int | None,
    ) -> None:
        before = staged.get(saga_id) or partition.states.get(saga_id)
        # A saga is started once; what is meant for one that nobody knows, such as an emitted signal, changes nothing.
        if (before is None) != isinstance(given, Start):
            return
        engine, scenario = self._engine, self._scenario_of(saga_id)
        if isinstance(given, Start):
            decision = engine.start(scenario.definition, saga_id, given, now)
        else:
            assert before is not None
            decision = engine.decide(scenario.definition, before, given, now)
        decision, found = consequences(engine, scenario.definition, decision, now)
        staged[saga_id] = decision.state
        handled.append(Handled(self._agenda.now, saga_id, scenario, given, before, decision, found, due))

    def _commit(
        self,
        partition: Partition,
        node: Node,
        epoch: int,
        taken: int,
        popped: list[tuple[int, str]],
        handled: list[Handled],
        staged: dict[str, State],
    ) -> None:
        """Make a batch visible, unless its node crashed meanwhile or the broker is down: then nothing of it was."""
        crashed = node.epoch != epoch
        if crashed or self._agenda.now < self._network.up_at:
            self.lost += len(handled)
            for timer in popped:
                heappush(partition.timers, timer)
            if not crashed:
                self._journal.note(self._agenda.now, f"{node.name} aborts {len(handled)} decisions")
                partition.busy = False
                self._agenda.at(self._network.up_at, self._work, partition)
            return
        for _ in range(taken):
            partition.queue.popleft()
        for saga_id, state in staged.items():
            due = self._engine.next_due(state)
            if due is not None:
                heappush(partition.timers, (due, saga_id))
        partition.states.update(staged)
        for one in handled:
            self._committed(node, one)
        partition.busy = False
        if partition.home.up and partition.owner is not partition.home:
            self._give(partition, partition.home)
        self._work(partition)

    def drop_out(self, node: Node) -> None:
        """Let a node crash; others notice after a while and take its partitions over."""
        node.up = False
        node.epoch += 1
        noticed = self._agenda.now + self._dice.between(*_DETECTION_MS)
        for partition in self.partitions:
            if partition.owner is node:
                partition.owner = None
                partition.busy = False
                self._agenda.at(noticed, self._take_over, partition)

    def _take_over(self, partition: Partition) -> None:
        alive = [node for node in self.nodes if node.up]
        if partition.owner is None and alive:
            self.takeovers += 1
            self._give(partition, alive[partition.number % len(alive)])
            self._work(partition)

    def _give(self, partition: Partition, node: Node) -> None:
        partition.owner = node
        partition.wakes_at = None
        self._journal.note(self._agenda.now, f"{node.name} takes partition {partition.number}")

    def come_back(self, node: Node) -> None:
        """Let a node start again, with its clock set anew; it gets its partitions back when their batches are over."""
        node.up = True
        node.skew_ms = self._skew()
        for partition in self.partitions:
            if partition.owner is None or (partition.home is node and not partition.busy):
                self._give(partition, node)
                self._work(partition)
