"""The sagas of a simulated run and the people around them: who starts, signals and cancels, and what must hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orchestrator.core.events import SignalAwaited, StepFailed, StepHeld, StepScheduled
from orchestrator.core.inputs import Action, Cancel, Input, Resolve, Signal, Start
from orchestrator.core.react import StartChild
from orchestrator.core.state import Phase, State
from simulator.account import Account
from simulator.participant import EMPTY, Books, Command, Wish, handle
from simulator.properties import at_the_end, observe
from simulator.running.agenda import Agenda
from simulator.running.cluster import EPOCH_MS, Handled
from simulator.running.weather import Dice, Environment
from simulator.scenario import Scenario

HOUR_MS = 3_600_000
_KEPT_FINDINGS = 20
_TIMES = ("timeout_at", "due_at", "until", "deadline")


@dataclass(slots=True)
class Saga:
    """One saga as it is known from outside."""

    scenario: Scenario
    account: Account = field(default_factory=Account)
    state: State | None = None


Send = Callable[[str, str, str, Input], None]
"""Sends an input: who sends it, for which saga, what it is called, and what it is."""


class Population:
    """All sagas. It sees only what is committed."""

    def __init__(
        self,
        agenda: Agenda,
        dice: Dice,
        environment: Environment,
        scenarios: Sequence[Scenario],
        child_scenario: Callable[[StartChild], Scenario],
        send: Send,
    ) -> None:
        self._agenda = agenda
        self._dice = dice
        self._tolerance_ms = environment.tolerance_ms
        self._scenarios = scenarios
        self._child_scenario = child_scenario
        self._send = send
        self._armed: dict[tuple[str, int], int] = {}
        self._command_ids: set[str] = set()
        self.sagas: dict[str, Saga] = {}
        self.books: dict[str, Books] = {}
        self.findings: list[str] = []
        self.broken = 0
        self.open = 0
        self.most_open = 0
        self.events = 0
        self.fired = 0
        self.earliest_ms = 0

    def scenario(self, saga_id: str) -> Scenario:
        """Return what a saga runs."""
        return self.sagas[saga_id].scenario

    def start_all(self, count: int, within_ms: int) -> None:
        """Have so many sagas started within a time."""
        for number in range(count):
            saga_id = f"s{number:06}"
            scenario = self._scenarios[number % len(self._scenarios)]
            self.sagas[saga_id] = Saga(scenario)
            self._agenda.at(self._dice.between(0, within_ms), self._start, saga_id, scenario)

    def _start(self, saga_id: str, scenario: Scenario) -> None:
        self._send("client", saga_id, "start", Start(f"in-{saga_id}", scenario.data, scenario.parameters, ""))
        if self._dice.happens(30):
            self._later(self._dice.between(1, 10_000), saga_id, "cancel", Cancel(f"c-{saga_id}", "client", "no longer"))

    def _later(self, after_ms: int, saga_id: str, name: str, given: Input) -> None:
        self._agenda.at(self._agenda.now + after_ms, self._send, "client", saga_id, name, given)

    def add_child(self, effect: StartChild) -> Scenario:
        """Take in a saga that another one starts."""
        if effect.child_id not in self.sagas:
            self.sagas[effect.child_id] = Saga(self._child_scenario(effect))
        return self.sagas[effect.child_id].scenario

    def book(self, saga_id: str, command: Command) -> None:
        """Book what a child did or left undone, as if it were one participant's work."""
        self.books[saga_id], _ = handle(self.books.get(saga_id, EMPTY), command, Wish.DO)

    def take(self, handled: Handled) -> None:
        """Look at a decision that was committed."""
        saga, before, state = self.sagas[handled.saga_id], handled.before, handled.decision.state
        self._count(before, state)
        seen = before if before is not None else state._replace(steps={})
        account, books = saga.account, self.books.get(handled.saga_id, EMPTY)
        for recorded in handled.decision.events:
            self.events += 1
            account, wrong = observe(saga.scenario, seen, books, account, recorded)
            for violation in wrong:
                self._find(f"{handled.saga_id}: {violation.says}")
            event = recorded.event
            if isinstance(event, StepFailed) and event.undo:
                account = account._replace(hurt=True)
            for name in _TIMES:
                due = getattr(event, name, None)
                if due is not None:
                    self._armed[handled.saga_id, due] = handled.at + due - recorded.at
            self._react(handled.saga_id, saga.scenario, event)
        saga.account, saga.state = account, state
        if handled.due is not None:
            self._timer(handled, handled.due)
        if state.outcome == "COMPLETED" and (before is None or before.outcome is None):
            for name in saga.scenario.definition.late_signals:
                self._signal(handled.saga_id, saga.scenario, name, 2_000)

    def _count(self, before: State | None, state: State) -> None:
        was_open = before is not None and before.phase is not Phase.ENDED
        self.open += (state.phase is not Phase.ENDED) - was_open
        self.most_open = max(self.most_open, self.open)

    def _react(self, saga_id: str, scenario: Scenario, event: object) -> None:
        match event:
            case StepScheduled():
                if event.command_id in self._command_ids:
                    self._find(f"{saga_id}: the command {event.command_id} goes out twice")
                self._command_ids.add(event.command_id)
            case SignalAwaited():
                for name in event.signals if event.every else [self._choice(event.signals)]:
                    if self._dice.happens(950):
                        self._signal(saga_id, scenario, name, self._dice.between(500, HOUR_MS))
            case StepHeld():
                action = Action.RETRY if self._dice.happens(500) else Action.SKIP
                given = Resolve(f"r-{saga_id}-{self._agenda.now}", action, event.step, "operator", "seen to it")
                self._later(HOUR_MS, saga_id, action.value, given)
            case _:
                pass

    def _choice(self, signals: Sequence[str]) -> str:
        return signals[0] if self._dice.happens(800) else signals[self._dice.below(len(signals))]

    def _signal(self, saga_id: str, scenario: Scenario, name: str, after_ms: int) -> None:
        data = scenario.data_of(name)
        given = Signal(f"g-{saga_id}-{name}", name, "client", data[self._dice.below(len(data))])
        self._later(after_ms, saga_id, name, given)

    def _timer(self, handled: Handled, due: int) -> None:
        self.fired += 1
        if not handled.decision.events:
            self._find(f"{handled.saga_id}: the timer of {due - EPOCH_MS} ms fires and nothing comes of it")
        expected = self._armed.pop((handled.saga_id, due), None)
        if expected is None:
            return
        early_ms = expected - handled.at
        self.earliest_ms = max(self.earliest_ms, early_ms)
        if early_ms > self._tolerance_ms:
            self._find(f"{handled.saga_id}: a timer fires {early_ms} ms too early")

    def check_ends(self) -> None:
        """Look at how every saga ended, when nothing is on its way any more."""
        for saga_id, saga in self.sagas.items():
            if saga.state is None or saga.state.phase is not Phase.ENDED:
                self._find(f"{saga_id}: never ended")
                continue
            books = self.books.get(saga_id, EMPTY)
            for violation in at_the_end(saga.scenario, saga.state, books, saga.account):
                self._find(f"{saga_id}: {violation.says}")

    def _find(self, says: str) -> None:
        self.broken += 1
        if len(self.findings) < _KEPT_FINDINGS:
            self.findings.append(says)

    def outcomes(self) -> Counter[str]:
        """Return how many sagas ended in which way."""
        ended = (saga.state.outcome if saga.state is not None else None for saga in self.sagas.values())
        return Counter(outcome or "OPEN" for outcome in ended)
