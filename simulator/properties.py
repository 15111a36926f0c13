"""The properties that exploration proves, by name, and the checks of what single events and ends say about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.core.definition import Call, Strategy, Try
from orchestrator.core.events import (
    CancelRequested,
    CompensationStarted,
    InterventionMade,
    Recorded,
    SagaSuspended,
    ScopeFailed,
    StepCompleted,
    StepFailed,
    StepHeld,
    StepScheduled,
)
from orchestrator.core.paths import name_of, part_of
from orchestrator.core.state import Phase, State, path_of
from simulator.account import SETTLED, Account, Violation
from simulator.participant import Books, Mark
from simulator.scenario import Scenario

ENDS = "ends"
BALANCE = "balance"
REVERSE = "reverse"
NO_FORWARD = "no-forward"
BOUNDED = "bounded"
DUPLICATES = "duplicates"
PURE = "pure"
REPLAY = "replay"
IDENTITY = "identity"

PROPERTIES: Mapping[str, str] = {
    ENDS: "every run ends; a person is left with it only after a compensation was hit by a fault",
    BALANCE: "money and stock balance: each effect is in place once where the saga completed, and undone where not",
    REVERSE: "compensation runs in reverse order of completion, and once",
    NO_FORWARD: "nothing goes forward after its cancel or its undo",
    BOUNDED: "no wait is without a bound",
    DUPLICATES: "replies that come again, or too late, change nothing",
    PURE: "decide changes nothing it is given, and decides the same again after a crash",
    REPLAY: "the fold of the events is the live state",
    IDENTITY: "a step has one token, and a command its own id",
}

GOES_ROUND = Violation(ENDS, "the saga can come back to this moment again and again")


def observe(  # noqa: C901, PLR0911 - one return for each event
    scenario: Scenario, before: State, books: Books, account: Account, recorded: Recorded
) -> tuple[Account, list[Violation]]:
    """Return the account after one event, and what is wrong with that event; `before` is the state of the turn."""
    event = recorded.event
    match event:
        case StepScheduled(undo=False):
            return account, [*_identity(before, event), *_forward(scenario, books, account, event)]
        case StepScheduled(undo=True):
            wrong = [*_identity(before, event), *_in_reverse(scenario, books, account, event.step)]
            return account._replace(undo_sent=account.undo_sent | {event.step}), wrong
        case StepCompleted(undo=False, local=False):
            over = account.turned or _part(account, event.step) is not None
            wrong = [Violation(NO_FORWARD, f"{event.step} still counts as done")] if over else []
            return account._replace(completed=(*account.completed, event.step)), wrong
        case StepCompleted(undo=True):
            wrong = [Violation(REVERSE, f"{event.step} is undone twice")] if event.step in account.undone else []
            return account._replace(undone=account.undone | {event.step}), wrong
        case StepFailed(undo=True, final=True):
            return account._replace(undo_failed=account.undo_failed | {event.step}), []
        case CancelRequested() | CompensationStarted():
            return account._replace(turned=True), []
        case ScopeFailed():
            return account._replace(closed=account.closed | {part_of(event.step, event.part)}), []
        case InterventionMade():
            return _intervened(account, event), []
        case StepHeld():
            return account, list(_held(scenario, before, event))
        case SagaSuspended():
            return account._replace(left=event.steps), []
        case _:
            return account, []


def _intervened(account: Account, event: InterventionMade) -> Account:
    if event.action == "skip" and event.undo:
        return account._replace(left_alone=account.left_alone | set(event.steps))
    if event.action == "skip":
        return account._replace(skipped=account.skipped | set(event.steps))
    return account._replace(undo_failed=account.undo_failed - set(event.steps), left=())


def _held(scenario: Scenario, before: State, event: StepHeld) -> Iterator[Violation]:
    node = scenario.definition.nodes.get(name_of(event.step))
    asked_for = isinstance(node, Call) and node.strategy in (Strategy.RETRY, Strategy.DEAD_LETTER)
    passed = before.pivoted or any(isinstance(one, Call) and one.pivot for one in scenario.definition.nodes.values())
    if not asked_for and not passed:
        yield Violation(ENDS, f"{event.step} waits for a person, though nothing in its definition says so")


def _part(account: Account, path: str) -> str | None:
    """Return the outermost part of a scope around the path that was left."""
    around = [part for part in account.closed if path.startswith(f"{part}/")]
    return min(around, key=len, default=None)


def _identity(before: State, event: StepScheduled) -> Iterator[Violation]:
    path = path_of(event.step, event.undo)
    token = f"{before.saga_id}:{path}"
    # What a person had tried anew after a refusal has a number: `token~1`.
    own, mark, number = event.token.rpartition("~")
    if event.token != token and not (own == token and mark and number.isdecimal()):
        yield Violation(IDENTITY, f"the token of {path} is {event.token}, not {token}")
    number = event.command_id.removeprefix(f"{token}:")
    held = before.steps.get(path)
    if not number.isdigit() or (held is not None and int(number) < held.dispatches):
        yield Violation(IDENTITY, f"the command id {event.command_id} is used again")


def _forward(scenario: Scenario, books: Books, account: Account, event: StepScheduled) -> Iterator[Violation]:
    if account.turned:
        yield Violation(NO_FORWARD, f"{event.step} is sent after the saga turned round")
    elif _part(account, event.step) is not None:
        yield Violation(NO_FORWARD, f"{event.step} is sent after its part was left")
    elif event.step in account.undo_sent:
        yield Violation(NO_FORWARD, f"{event.step} is sent after its undo")
    elif event.step in account.completed:
        yield Violation(NO_FORWARD, f"{event.step} is sent again after its result counted")
    for path in books.in_place:
        part = _part(account, path)
        scope = "" if part is None else part.rpartition("/")[0]
        if not scope or not event.step.startswith(f"{scope}/") or path in account.undo_failed | account.left_alone:
            continue
        if isinstance(scenario.definition.nodes.get(name_of(scope)), Try) and _undoable(scenario, path):
            yield Violation(NO_FORWARD, f"{event.step} is sent before {path} is undone, which {part} left behind")


def _in_reverse(scenario: Scenario, books: Books, account: Account, step: str) -> Iterator[Violation]:
    """What is in place and came after the step must have been undone before it, unless its undo failed for good."""
    if step in account.undone:
        yield Violation(REVERSE, f"the undo of {step} is sent again after it was done")
    if step in account.undo_sent:
        return
    completed = account.completed
    if step not in completed:
        return
    after = set(completed[: completed.index(step) + 1])
    part = _part(account, step)
    scope = "" if account.turned or part is None else f"{part}/"
    for other in books.in_place:
        if other in after or other in account.undo_failed | account.left_alone or not other.startswith(scope):
            continue
        if _undoable(scenario, other):
            yield Violation(REVERSE, f"{step} is undone before {other}, which came after it")


def _undoable(scenario: Scenario, path: str) -> bool:
    node = scenario.definition.nodes.get(name_of(path))
    return isinstance(node, Call) and node.compensation is not None


def _optional(scenario: Scenario, path: str) -> bool:
    node = scenario.definition.nodes.get(name_of(path))
    return isinstance(node, Call) and node.optional


def at_the_end(scenario: Scenario, state: State, books: Books, account: Account) -> Iterator[Violation]:
    """Yield what is wrong with a saga that has ended, given the books after everything on its way arrived."""
    assert state.phase is Phase.ENDED
    for path, step in state.steps.items():
        if step.status not in SETTLED:
            yield Violation(ENDS, f"the saga ended as {state.outcome} while {path} is {step.status}")
    if state.unwinding:
        yield Violation(ENDS, f"the saga ended as {state.outcome} while {', '.join(state.unwinding)} is being undone")
    in_place = books.in_place
    yield from (
        Violation(BALANCE, f"{path} is in place {in_place.count(path)} times")
        for path in dict.fromkeys(in_place)
        if in_place.count(path) > 1
    )
    if state.outcome == "COMPLETED":
        if account.turned:
            yield Violation(NO_FORWARD, "the saga completed after it had turned round")
        yield from _completed(scenario, books, account)
        return
    left = set(account.left) | account.left_alone
    if state.outcome == "SUSPENDED":
        if not account.hurt:
            yield Violation(ENDS, "the saga is left to a person though no compensation was hit by a fault")
        yield from (
            Violation(BALANCE, f"{path} is named as not undone, but its undo did not fail for good")
            for path in left - account.undo_failed - account.left_alone
        )
    yield from (
        Violation(BALANCE, f"the saga ended as {state.outcome}, but {path} is still in place")
        for path in in_place
        if path not in left and name_of(path) not in scenario.kept
    )


def _completed(scenario: Scenario, books: Books, account: Account) -> Iterator[Violation]:
    skipped = account.skipped | account.left_alone
    in_place, undone = set(books.in_place), account.undone | skipped
    barred = {entry.step for entry in books.entries.values() if not entry.undo and entry.mark is not Mark.DONE}
    for path in account.completed:
        if path not in in_place and path not in undone and not _optional(scenario, path):
            how = "was undone" if path in barred else "has no effect"
            yield Violation(BALANCE, f"the saga completed, but {path} {how}")
    for path in in_place - set(account.completed) - skipped:
        if name_of(path) not in scenario.kept and not _optional(scenario, path):
            yield Violation(BALANCE, f"the saga completed without the result of {path}, whose effect is in place")
