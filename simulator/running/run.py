"""One simulated run: everything put together, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, NamedTuple

from orchestrator.core.events import FailureKind
from orchestrator.core.inputs import Failed, Input, Signal, Start, Succeeded, Undo
from orchestrator.core.react import PublishEvent, ReplyToParent, SendCommand, StartChild, UndoChild
from orchestrator.core.state import path_of
from simulator.engine import PRODUCTION, Engine
from simulator.participant import Answer, Command
from simulator.running.agenda import Agenda
from simulator.running.cluster import Cluster, Handled, Node
from simulator.running.dropouts import Dropouts
from simulator.running.journal import Journal
from simulator.running.network import Network
from simulator.running.participants import Order, Participant
from simulator.running.population import Population
from simulator.running.weather import Dice, Environment
from simulator.scenario import NOTHING, Scenario

LONGEST_MS = 400 * 86_400_000
"""When a run is over at the latest, in virtual time."""

_RETRY_AFTER_MS = 2_000


class Plan(NamedTuple):
    """What to simulate."""

    seed: int
    sagas: int
    within_ms: int
    environment: Environment


@dataclass(frozen=True, slots=True)
class Simulated:
    """What came of a run; times are milliseconds of virtual time."""

    plan: Plan
    outcomes: Mapping[str, int]
    most_open: int
    lasted_ms: int
    events: int
    records: int
    doubled: int
    dropouts: int
    lost_decisions: int
    takeovers: int
    timers: int
    earliest_ms: int
    trace_lines: int
    sha256: str
    broken: int
    findings: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """True where every invariant held."""
        return self.broken == 0


class _Run:
    """The parts of a run and the wires between them."""

    def __init__(
        self,
        plan: Plan,
        scenarios: Sequence[Scenario],
        child_scenario: Callable[[StartChild], Scenario],
        engine: Engine,
        trace: IO[str] | None,
    ) -> None:
        environment = plan.environment
        self.agenda, self.dice, self.journal = Agenda(), Dice(plan.seed), Journal(trace)
        self.network = Network(self.agenda, self.dice, self.journal, environment)
        self.environment = environment
        self.population = Population(self.agenda, self.dice, environment, scenarios, child_scenario, self._send)
        self.cluster = Cluster(
            self.agenda,
            self.dice,
            self.journal,
            self.network,
            environment,
            engine,
            self.population.scenario,
            self._committed,
        )
        self.participants: dict[str, Participant] = {}
        self.dropouts = Dropouts(
            self.agenda, self.dice, self.journal, environment, self.network, self.cluster, self.participants
        )

    def run(self, plan: Plan) -> Simulated:
        self.journal.note(0, f"seed {plan.seed}, {plan.sagas} sagas, {plan.environment}")
        self.population.start_all(plan.sagas, plan.within_ms)
        self.dropouts.begin(lambda: self.population.open > 0)
        self.agenda.run(LONGEST_MS)
        self.population.check_ends()
        population = self.population
        return Simulated(
            plan,
            dict(sorted(population.outcomes().items())),
            population.most_open,
            self.agenda.now,
            population.events,
            self.network.carried,
            self.network.doubled,
            self.dropouts.count,
            self.cluster.lost,
            self.cluster.takeovers,
            population.fired,
            population.earliest_ms,
            self.journal.lines,
            self.journal.sha256(),
            population.broken,
            tuple(population.findings),
        )

    def _send(self, sender: str, saga_id: str, name: str, given: Input) -> None:
        place = f"partition-{self.cluster.partition_of(saga_id).number}"
        self.network.carry(sender, place, f"{saga_id} {name}", self.cluster.receive, saga_id, given)

    def _committed(self, node: Node, handled: Handled) -> None:
        now = self.agenda.now
        if handled.due is not None:
            self.journal.note(now, f"{node.name} {handled.saga_id} timer fires")
        for recorded in handled.decision.events:
            event = recorded.event
            step = path_of(getattr(event, "step", ""), getattr(event, "undo", False))
            said = f"{recorded.sequence} {type(event).__name__} {step} {recorded.status}"
            self.journal.note(now, f"{node.name} {handled.saga_id} {said}")
        self.population.take(handled)
        for recorded, effect in handled.found:
            self._follow(node, handled, getattr(recorded.event, "step", ""), effect)

    def _book_end(self, effect: ReplyToParent) -> None:
        """Book that a child left nothing behind: it was taken back, or turned round by itself."""
        parent = effect.parent
        if effect.definite and (parent["undo"] or effect.code is not None):
            token = f"{parent['saga_id']}:{parent['step']}"
            undo = Command(f"{effect.parent['command_id']}:end", f"{token}:undo", token, parent["step"], child=True)
            self.population.book(parent["saga_id"], undo)

    def _follow(self, node: Node, handled: Handled, step: str, effect: object) -> None:
        match effect:
            case SendCommand():
                command = Command(effect.command_id, effect.token, effect.undoes, effect.step, topic=effect.topic)
                participant = self._participant(effect.topic)
                order = Order(handled.saga_id, command)
                self.network.carry(node.name, participant.name, effect.command_id, participant.receive, order)
            case StartChild():
                scenario = self.population.add_child(effect)
                start = Start(
                    effect.command_id, effect.data, scenario.parameters, "", handled.decision.state.origin.options,
                    effect.parent,
                )  # fmt: skip
                self._send(node.name, effect.child_id, "start", start)
                token = f"{handled.saga_id}:{step}"
                self.population.book(handled.saga_id, Command(effect.command_id, token, None, step, child=True))
            case UndoChild():
                asked = Undo(effect.command_id, f"saga:{handled.saga_id}", effect.reason, effect.parent)
                self._send(node.name, effect.child_id, "undo", asked)
            case ReplyToParent():
                self._send(node.name, effect.parent["saga_id"], "end", _end(effect))
                self._book_end(effect)
            case PublishEvent(subject=str(subject)):
                data = effect.data if isinstance(effect.data, dict) else {"value": effect.data}
                self._send(node.name, subject, effect.type, Signal(effect.event_id, effect.type, node.name, data))
            case _:
                pass

    def _participant(self, topic: str) -> Participant:
        name = topic.removesuffix(".commands")
        if name not in self.participants:
            self.participants[name] = Participant(
                name, self.agenda, self.dice, self.environment, self.population.books, self._answer
            )
        return self.participants[name]

    def _answer(self, name: str, order: Order, answer: Answer) -> None:
        command = order.command
        undo = command.undoes is not None
        given: Input
        if answer.kind is None:
            answers = (NOTHING,) if undo else self.population.scenario(order.saga_id).answers(command.step)
            given = Succeeded(command.command_id, command.step, undo, answers[self.dice.below(len(answers))])
        else:
            wait = _RETRY_AFTER_MS if answer.kind is FailureKind.UNAVAILABLE else None
            given = Failed(
                command.command_id, command.step, undo, answer.kind, answer.code, f"{answer.code}.", (), wait
            )
        self._send(name, order.saga_id, f"{command.command_id} {answer.code or 'done'}", given)


def _end(effect: ReplyToParent) -> Succeeded | Failed:
    """Return what the end of a saga is to the one that started it."""
    parent = effect.parent
    if effect.code is None:
        return Succeeded(parent["command_id"], parent["step"], parent["undo"], effect.output)
    kind = FailureKind.REJECTED if effect.definite else FailureKind.UNKNOWN
    return Failed(parent["command_id"], parent["step"], parent["undo"], kind, effect.code, effect.message, (), None)


def simulate(
    plan: Plan,
    scenarios: Sequence[Scenario],
    child_scenario: Callable[[StartChild], Scenario],
    *,
    engine: Engine = PRODUCTION,
    trace: IO[str] | None = None,
) -> Simulated:
    """Simulate a run: the same plan gives the same trace, byte for byte."""
    return _Run(plan, scenarios, child_scenario, engine, trace).run(plan)
