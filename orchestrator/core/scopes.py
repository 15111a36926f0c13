"""Loops, races and tries: how their parts begin, end and fail, and what follows then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrator.core import compensation
from orchestrator.core.actions import Action, Enter, Fail, Settle
from orchestrator.core.attempts import next_attempt
from orchestrator.core.definition import Catch, Gather, Loop, Milestone, Race, RetryPolicy, Scoped, Try
from orchestrator.core.errors import EXPRESSION_FAILED, GATHER_SHORT, LOST, TIMEOUT, described, explained, matches
from orchestrator.core.events import GatherClosed, Leaving, ScopeEntered, ScopeUnwound, StepCompleted
from orchestrator.core.parts import NO_PARTS, ahead_of, count_of, is_unwinding, missing, result_of
from orchestrator.core.paths import CATCH, enclosing, name_of, part_of, prefix_of
from orchestrator.core.scope import UNREADABLE, Scope
from orchestrator.core.state import ERROR, RUNNING, State, StepState, StepStatus
from orchestrator.core.turn import Turn
from orchestrator.core.view import data_of, scope_at, task_scope


def enter(turn: Turn, node: Scoped, path: str, source: str) -> list[Action]:
    """Begin a scope and its first parts."""
    items: list[Any] = []
    if isinstance(node, Loop):
        try:
            found = node.items(task_scope(turn.definition, turn.state, path, node.reads, source))
        except UNREADABLE as error:
            return [Fail(path, EXPRESSION_FAILED, f"{node.name}: {error!r}")]
        if not isinstance(found, list) or len(found) > node.most:
            return [Fail(path, EXPRESSION_FAILED, f"{node.name}: `in` must give a list of at most {node.most} items")]
        items = found
    turn.record(ScopeEntered(path, 0, tuple(items), ends_at(turn, node), source), node.on_start)
    match node:
        case Loop():
            return [Settle(path)]
        case Race():
            return [Enter(entry, f"{path}/{index}/", source) for index, entry in enumerate(node.entries)]
        case Try():
            return [Enter(node.entry, f"{path}/0/", source)]


def ends_at(turn: Turn, node: Scoped) -> int | None:
    """Return when the time of a scope that begins now is up, in milliseconds since the epoch; None for never."""
    gather = None if isinstance(node, Try) else node.gather
    within = node.timeout_ms if gather is None else gather.within_ms
    return None if within is None else turn.now + within


def again(turn: Turn, node: Try, held: StepState) -> list[Action]:
    """Begin the next attempt of a try."""
    turn.record(ScopeEntered(held.step, held.attempt, (), held.budget_at, held.source))
    return [Enter(node.entry, f"{held.step}/{held.attempt}/", held.source)]


def is_alive(state: State, prefix: str) -> bool:
    """Tell whether every scope around still runs, in just that part."""
    for scope, part in enclosing(prefix):
        held = state.steps.get(scope)
        if held is None or held.status not in RUNNING or part_of(scope, part) in state.steps:
            return False
    return True


def ended(turn: Turn, prefix: str, source: str) -> list[Action]:
    """Record that a part of a scope came to its end, with the result at `source`."""
    scope, part = next(enclosing(prefix))
    node = turn.definition.nodes[name_of(scope)]
    output = data_of(turn.definition, turn.state, source)
    if isinstance(node, Try):
        return _finish(turn, scope, node, output)
    turn.record(StepCompleted(part_of(scope, part), False, 0, output, True))
    return [Settle(scope)]


def settle(turn: Turn, scope: str) -> list[Action]:
    """See what follows where parts of a loop or a race have ended or failed."""
    node = turn.definition.nodes[name_of(scope)]
    held = turn.state.steps.get(scope)
    if held is None or held.status not in RUNNING or not is_alive(turn.state, prefix_of(scope)):
        return []
    match node:
        case Loop():
            return _settle_loop(turn, scope, node)
        case Race():
            return _settle_race(turn, scope, node)
        case _:
            return []


def close(turn: Turn, scope: str, node: Loop | Race, error: tuple[str, str, str | None]) -> list[Action]:
    """Close every part that has not ended; what they did is undone."""
    state, count = turn.state, count_of(turn.state, scope, node)
    rest = missing(state, scope, count, state.steps[scope].attempt)
    open_ = [str(part) for part in rest if part_of(scope, part) not in state.steps]
    return [compensation.leave(turn, scope, part, error, Leaving.CLOSE) for part in open_]


def time_is_up(turn: Turn, scope: str, node: Scoped) -> list[Action]:
    """Take what is there where the scope gathers, else let it fail."""
    message = f"{node.name} took longer than its definition allows"
    if isinstance(node, Try) or node.gather is None:
        return [Fail(scope, TIMEOUT, message)]
    turn.record(GatherClosed(scope))
    return [*close(turn, scope, node, (TIMEOUT, message, None)), Settle(scope)]


def unwind(turn: Turn, part_path: str) -> list[Action]:
    """Send the next undo of a part that was left, or see what follows where nothing is left to undo."""
    unwinding = turn.state.unwinding.get(part_path)
    if unwinding is None:
        return []
    if unwinding.plan:
        compensation.send_undo(turn, unwinding.plan[0])
        return []
    scope, _, part = part_path.rpartition("/")
    failed = compensation.failed_undos(turn.state, part_path + "/")
    message = f"{', '.join(failed)} could not be undone"
    if failed and turn.state.pivoted:
        # The saga may not turn round: the part itself waits for a person, and the scope with it.
        compensation.hold(turn, part_path, compensation.COMPENSATION_FAILED, message)
        return []
    turn.record(ScopeUnwound(scope, part))
    if failed:
        return compensation.start(turn, compensation.COMPENSATION_FAILED, message, failed[0])
    if unwinding.leaving in (Leaving.MISS, Leaving.CLOSE):
        return [Settle(scope)]
    node = turn.definition.nodes[name_of(scope)]
    assert isinstance(node, Try)
    return _after_failure(turn, scope, node, unwinding.leaving)


def _after_failure(turn: Turn, scope: str, node: Try, leaving: Leaving) -> list[Action]:
    """Try again, or handle the error; what the failed attempt did is undone by now."""
    catch, held = node.catch, turn.state.steps[scope]
    assert catch is not None
    if leaving is Leaving.RETRY and held.status is StepStatus.HELD:
        # Its time was up meanwhile: whether it is tried again is for the person to say.
        return []
    retry = None
    if leaving is Leaving.RETRY and catch.retry is not None:
        retry = next_attempt(turn, held, catch.retry)
    if retry is not None:
        turn.record(retry)
        return []
    if catch.entry is not None:
        return [Enter(catch.entry, f"{scope}/{CATCH}/", held.source)]
    if leaving is Leaving.RETRY:
        error = turn.state.outputs[scope + ERROR]
        return [Fail(scope, error["type"], error["detail"])]
    return _finish(turn, scope, node, data_of(turn.definition, turn.state, held.source))


def fail(turn: Turn, failure: Fail) -> list[Action]:
    """Hand a failure to the nearest scope that takes it, or let the saga turn round."""
    path, code, message = failure
    if not is_alive(turn.state, prefix_of(path)):
        return []
    for scope, part in enclosing(path):
        node = turn.definition.nodes[name_of(scope)]
        leaving: Leaving | None = None
        if isinstance(node, Race) or (isinstance(node, Loop) and node.gather is not None):
            leaving = Leaving.MISS
        elif isinstance(node, Try) and node.catch is not None and part != CATCH:
            leaving = _catches(turn, scope, node.catch, failure)
        if leaving is not None:
            return [compensation.leave(turn, scope, part, (code, message, path), leaving)]
    return compensation.start(turn, code, message, path)


def _catches(turn: Turn, scope: str, catch: Catch, failure: Fail) -> Leaving | None:
    """Return how a try takes an error, None where it lets it pass."""
    error = explained(turn.definition, described(failure.code, failure.message, failure.path))
    if not matches(catch.filter, turn.definition, error):
        return None
    seen = scope_at(turn.definition, turn.state, scope, error)
    seen = seen._replace(variables={**seen.variables, catch.variable: error})
    try:
        caught = (catch.when is None or catch.when(seen)) and not (catch.except_when and catch.except_when(seen))
        if not caught:
            return None
        if catch.retry is not None and _retries(turn, turn.state.steps[scope], catch.retry, seen):
            return Leaving.RETRY
    except UNREADABLE:
        return None
    return Leaving.CATCH if catch.entry is not None or catch.retry is None else None


def _retries(turn: Turn, held: StepState, policy: RetryPolicy, seen: Scope) -> bool:
    if policy.when is not None and not policy.when(seen):
        return False
    if policy.except_when is not None and policy.except_when(seen):
        return False
    return next_attempt(turn, held, policy) is not None


def _settle_loop(turn: Turn, scope: str, node: Loop) -> list[Action]:
    """Begin as many parts as may run at once; the loop ends when none runs and none is left."""
    state = turn.state
    last, running, _ = state.parts.get(scope, NO_PARTS)
    count = count_of(state, scope, node)
    following: list[Action] = []
    for part in ahead_of(state, scope, count)[: max(0, node.concurrency - running)]:
        source = _source_of(state, scope, node, part % count, count)
        if not _proceeds(turn, scope, node, part, source):
            break
        following.append(Enter(node.entry, f"{scope}/{part}/", source))
    if following or running or is_unwinding(state, scope):
        return following
    if node.gather is not None:
        return _gathered(turn, scope, node, node.gather, [str(part) for part in range(count)])
    if node.collects:
        return _finish(turn, scope, node, [state.outputs.get(part_of(scope, part)) for part in range(last + 1)])
    return _finish(turn, scope, node, data_of(turn.definition, state, _source_of(state, scope, node, last + 1, count)))


def _source_of(state: State, scope: str, node: Loop, index: int, count: int) -> str:
    """Return where an item's input comes from: one after another, each goes on with what the one before it made."""
    if index == 0 or node.collects:
        return state.steps[scope].source
    return result_of(state, scope, index - 1, count) or part_of(scope, index - 1)


def _proceeds(turn: Turn, scope: str, node: Loop, part: int, source: str) -> bool:
    """Tell whether the loop's `while` holds for a part; one that cannot be computed does not."""
    if node.proceed_while is None:
        return True
    data = data_of(turn.definition, turn.state, source)
    try:
        return node.proceed_while(scope_at(turn.definition, turn.state, f"{scope}/{part}/", data))
    except UNREADABLE:
        return False


def _settle_race(turn: Turn, scope: str, node: Race) -> list[Action]:
    state = turn.state
    last, running, won = state.parts.get(scope, NO_PARTS)
    if won and node.gather is None and running:
        return [*close(turn, scope, node, (LOST, f"{name_of(scope)} was won by another branch", None)), Settle(scope)]
    if running or is_unwinding(state, scope):
        return []
    if node.gather is not None:
        return _gathered(turn, scope, node, node.gather, node.labels)
    if won:
        return _finish(turn, scope, node, state.outputs.get(won))
    return [Fail(scope, state.steps[part_of(scope, last)].code or LOST, f"every branch of {node.name} failed")]


def _gathered(turn: Turn, scope: str, node: Loop | Race, gather: Gather, labels: Sequence[str]) -> list[Action]:
    """End with what is there: the results in the order of the parts, and the names of those that are missing."""
    state, count = turn.state, len(labels)
    found = [result_of(state, scope, index, count) for index in range(count)]
    results = [state.outputs[path] for path in found if path is not None]
    if len(results) < gather.least:
        message = f"{node.name} got {len(results)} of {count} answers, and needs {gather.least}"
        return [Fail(scope, GATHER_SHORT, message)]
    without = [label for label, path in zip(labels, found, strict=True) if path is None]
    return _finish(turn, scope, node, {"results": results, "partial": bool(without), "missing": without})


def _finish(turn: Turn, scope: str, node: Scoped, output: Any) -> list[Action]:
    held, reached = turn.state.steps[scope], node.on_end
    if held.status is StepStatus.HELD:
        # A person was asked, and then it ended after all.
        reached = Milestone(reached.lifecycle, reached.status or compensation.going_on(turn, (scope,)).status)
    turn.record(StepCompleted(scope, False, held.attempt, output, True), reached)
    return [Enter(node.then, prefix_of(scope), scope)]
