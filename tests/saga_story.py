"""Tells the story of one saga for tests: what comes in, at which time, and which events follow, in short sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from orchestrator.core import decide as core
from orchestrator.core.definition import Definition
from orchestrator.core.events import (
    FailureKind,
    Json,
    Recorded,
    SagaCompleted,
    StepRetryScheduled,
    StepScheduled,
)
from orchestrator.core.evolve import evolve
from orchestrator.core.inputs import (
    Action,
    Cancel,
    Failed,
    Input,
    Resolve,
    Signal,
    Start,
    Succeeded,
    TimerDue,
    Undo,
)
from orchestrator.core.react import Effect, PublishEvent, Report, SendCommand, StartChild, UndoChild, react
from orchestrator.core.state import Phase, State, StepStatus, next_due, path_of
from orchestrator.definitions.registry import load
from tests.saga_sentences import sentence

REJECTED = FailureKind.REJECTED
TRANSIENT = FailureKind.TRANSIENT
UNKNOWN = FailureKind.UNKNOWN
UNAVAILABLE = FailureKind.UNAVAILABLE

NOON = 1_750_000_000_000
SECOND = 1_000
HOUR = 3_600_000

REGISTRY = load(None, {})
_FOUND = REGISTRY.version("order-fulfillment", 1)
assert _FOUND is not None
ORDER_FULFILLMENT: Definition = _FOUND

RESULTS: Mapping[str, Json] = {
    "lock-inventory": {"warehouse_id": "WH-1", "reservation_id": "res_1", "allocations": []},
    "capture-payment": {"charge_id": "ch_1", "amount_minor": 5_000, "currency": "GBP"},
    "deduct-inventory": {"deducted_units": 10},
    "confirm-order": {"delivered": ["email"], "refused": []},
    "pick": {"picked_units": 10},
    "pack": {"parcels": 1},
    "ship": {"shipment_id": "sh_1", "tracking_number": "T1", "label_id": "L1"},
    "announce-shipment": {"delivered": ["email"], "refused": []},
}
"""What the participants answer when all goes well, by step."""

TO_THE_END = ("deduct-inventory", "confirm-order", "pick", "pack", "ship", "announce-shipment")


@dataclass(frozen=True, slots=True)
class Story:
    """A saga so far; `new` holds the events of the latest `when`, `now` is in milliseconds since the epoch."""

    definition: Definition
    state: State
    now: int
    told: tuple[Recorded, ...]
    new: tuple[Recorded, ...]
    effects: tuple[Effect, ...] = ()
    """What the events made the orchestrator send, each computed when its event was new."""

    def when(self, *moments: Moment) -> Story:
        """Let inputs come, one after another. Each decision must equal the fold of its events, with no gap."""
        story, new = self, list[Recorded]()
        for moment in moments:
            given, now = moment(story)
            decision = core.decide(story.definition, story.state, given, now)
            folded = story.state
            for number, recorded in enumerate(decision.events, start=story.state.sequence + 1):
                assert recorded.sequence == number
                folded = evolve(folded, recorded)
            assert folded == decision.state
            new += decision.events
            told = (*story.told, *decision.events)
            effects = (*story.effects, *_effects(story.definition, decision))
            story = replace(story, state=decision.state, now=now, told=told, new=tuple(new), effects=effects)
        return story

    def then(self, *expected: str) -> Self:
        """Assert that exactly these events followed."""
        assert [sentence(recorded.event) for recorded in self.new] == list(expected)
        return self

    def sends(self, *paths: str) -> Self:
        """Assert that exactly these commands were sent, undos with their `:undo`; children count as commands."""
        sent = [recorded.event for recorded in self.new if isinstance(recorded.event, StepScheduled)]
        assert [path_of(event.step, event.undo) for event in sent] == list(paths)
        return self

    def then_nothing(self) -> Self:
        """Assert that nothing at all followed."""
        return self.then()

    def is_now(self, lifecycle: str, status: str) -> Self:
        """Assert the business state."""
        assert (self.state.lifecycle, self.state.status) == (lifecycle, status)
        return self

    def ended(self, outcome: str) -> Self:
        """Assert how the saga ended, and that it waits for nothing any more."""
        assert (self.state.phase, self.state.outcome) == (Phase.ENDED, outcome)
        assert next_due(self.state) is None
        return self

    @property
    def history(self) -> list[str]:
        """Every event so far, in sentences."""
        return [sentence(recorded.event) for recorded in self.told]

    @property
    def commands(self) -> list[SendCommand]:
        """Every command sent so far."""
        return [effect for effect in self.effects if isinstance(effect, SendCommand)]

    @property
    def reports(self) -> list[Report]:
        """Everything handed to a person so far."""
        return [effect for effect in self.effects if isinstance(effect, Report)]

    @property
    def children(self) -> list[StartChild]:
        """Every saga started so far."""
        return [effect for effect in self.effects if isinstance(effect, StartChild)]

    @property
    def children_undone(self) -> list[UndoChild]:
        """Every saga taken back so far."""
        return [effect for effect in self.effects if isinstance(effect, UndoChild)]

    @property
    def published(self) -> list[PublishEvent]:
        """Everything told to the world so far."""
        return [effect for effect in self.effects if isinstance(effect, PublishEvent)]

    @property
    def result(self) -> Any:
        """What the completed saga ended with."""
        [end] = [recorded.event for recorded in self.told if isinstance(recorded.event, SagaCompleted)]
        return end.output

    @property
    def sent(self) -> list[str]:
        """The step paths of the commands sent so far."""
        return [path_of(command.step, command.undoes is not None) for command in self.commands]

    def scheduled(self, step: str, undo: bool = False) -> list[StepScheduled]:
        """Every sending of one step."""
        return [
            recorded.event
            for recorded in self.told
            if isinstance(recorded.event, StepScheduled) and (recorded.event.step, recorded.event.undo) == (step, undo)
        ]

    def retries(self, step: str) -> list[StepRetryScheduled]:
        """Every wait for another attempt of one step."""
        return [
            recorded.event
            for recorded in self.told
            if isinstance(recorded.event, StepRetryScheduled) and recorded.event.step == step
        ]


Moment = Callable[[Story], tuple[Input, int]]
"""What comes next in a story, and when."""


def begun(definition: Definition, saga_id: str, data: Json, parameters: Json | None = None) -> Story:
    """Return the story of a saga that has just started."""
    given = Start("in_1", data, definition.parameters if parameters is None else parameters, "00-trace-01")
    decision = core.start(definition, saga_id, given, NOON)
    told = tuple(decision.events)
    return Story(definition, decision.state, NOON, told, told, _effects(definition, decision))


def _effects(definition: Definition, decision: core.Decision) -> tuple[Effect, ...]:
    found = [react(definition, decision.state, recorded) for recorded in decision.events]
    return tuple(effect for effect in found if effect is not None)


def order_data(total_minor: int = 5_000, method: str = "standard", currency: str = "GBP") -> dict[str, Any]:
    """Return an order that adds up."""
    return {
        "order_id": "ord_a",
        "customer_id": "17850",
        "currency": currency,
        "total_minor": total_minor,
        "payment_method": "pm_card_ok",
        "lines": [{"sku": "85123A", "description": "a lantern", "quantity": 1, "unit_price_minor": total_minor}],
        "shipping": {"method": method, "country": "United Kingdom", "address": "1 High Street"},
        "reference": "536365",
    }


def order(total_minor: int = 5_000, method: str = "standard", saga_id: str = "ord_a", currency: str = "GBP") -> Story:
    """Return the story of an order that has just come in."""
    return begun(ORDER_FULFILLMENT, saga_id, order_data(total_minor, method, currency))


def order_waiting_for(*steps: str, saga_id: str = "ord_a") -> Story:
    """Return an order for which all went well until the commands of exactly these steps wait for their replies."""
    story = order(saga_id=saga_id)
    while set(waiting := in_flight(story)) != set(steps):
        ahead = [step for step in waiting if step not in steps]
        assert ahead, f"{steps} are never in flight together"
        story = story.when(done(ahead[0]))
    return replace(story, new=())


def in_flight(story: Story) -> list[str]:
    """Return the steps whose command waits for a reply, undos with their `:undo`."""
    return [path for path, step in story.state.steps.items() if step.status is StepStatus.SCHEDULED]


def _command_id(story: Story, step: str, undo: bool, dispatch: int | None) -> str:
    path = path_of(step, undo)
    held = story.state.steps.get(path)
    number = dispatch if dispatch is not None else held.dispatches - 1 if held else 0
    return f"{story.state.saga_id}:{path}:{number}"


def done(step: str, *, dispatch: int | None = None, **output: Any) -> Moment:
    """A participant did the step; the reply is to its newest command, or to the given one (counted from 0)."""
    result = output or RESULTS.get(step, {})
    return lambda story: (Succeeded(_command_id(story, step, False, dispatch), step, False, result), story.now)


def undone(step: str) -> Moment:
    """A participant undid the step."""
    return lambda story: (Succeeded(_command_id(story, step, True, None), step, True, {}), story.now)


def fails(
    step: str,
    kind: FailureKind,
    code: str = "broken",
    *,
    undo: bool = False,
    dispatch: int | None = None,
    retry_after_ms: int | None = None,
) -> Moment:
    """A participant did not do the step, or cannot tell."""
    return lambda story: (
        Failed(_command_id(story, step, undo, dispatch), step, undo, kind, code, f"{code}.", (), retry_after_ms),
        story.now,
    )


def undo_fails(step: str, kind: FailureKind, code: str = "broken") -> Moment:
    """A participant did not undo the step, or cannot tell."""
    return fails(step, kind, code, undo=True)


def says(name: str, **data: Any) -> Moment:
    """Somebody sends a signal."""
    return lambda story: (Signal("in_2", name, "ann", data), story.now)


def cancels(reason: str = "changed my mind") -> Moment:
    """Somebody asks to cancel."""
    return lambda story: (Cancel("in_3", "ann", reason), story.now)


def resolves(action: str, step: str | None = None) -> Moment:
    """A person deals with what waits for one: retry, resume or skip."""
    return lambda story: (Resolve("in_4", Action(action), step, "ann", "repaired"), story.now)


def taken_back(parent: Json | None = None) -> Moment:
    """The saga that started this one takes it back."""
    return lambda story: (Undo("in_5", "parent", "the parent is undone", parent), story.now)


def after(milliseconds: int) -> Moment:
    """Time passes, and whatever is due by then is handled."""
    return lambda story: (TimerDue(), story.now + milliseconds)


def the_next_timer(story: Story) -> tuple[Input, int]:
    """Time passes until the saga's next timer is due."""
    due = next_due(story.state)
    assert due is not None, "the saga waits for no time"
    return TimerDue(), max(due, story.now)


def again(moment: Moment, times: int = 10) -> list[Moment]:
    """The same input, over and over."""
    return [moment] * times
