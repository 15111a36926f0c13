"""Random definitions and random histories of sagas for properties: replies, faults, timers, duplicates, cancels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from orchestrator.core.definition import Definition
from orchestrator.core.events import FailureKind, Json, StepScheduled
from orchestrator.core.inputs import Action, Cancel, Failed, Input, Resolve, Signal, Succeeded, TimerDue
from orchestrator.core.state import Phase, next_due
from orchestrator.definitions.compiler import compile_definition
from tests.saga_story import (
    ORDER_FULFILLMENT,
    REJECTED,
    RESULTS,
    TRANSIENT,
    UNAVAILABLE,
    UNKNOWN,
    Moment,
    Story,
    begun,
    order_data,
    the_next_timer,
)

Happening = tuple[str, int]
"""What happens, and a number that chooses to which of the commands sent so far, or how much time passes."""

SUCCESSES: Sequence[str] = ("done",)
REPLIES: Sequence[str] = ("done", "rejected", "transient", "unknown", "unavailable")
EVERYTHING: Sequence[str] = (
    "done", "done", "done", "rejected", "transient", "unknown", "unavailable", "timer", "time", "approve", "cancel",
    "delivered",
)  # fmt: skip
_KINDS: dict[str, FailureKind] = {
    "rejected": REJECTED,
    "transient": TRANSIENT,
    "unknown": UNKNOWN,
    "unavailable": UNAVAILABLE,
}
PATIENCE = 3_000
"""Inputs after which a saga that has not ended never will."""


def happenings(kinds: Sequence[str], most: int = 40) -> st.SearchStrategy[list[Happening]]:
    """Return random sequences of what may happen."""
    return st.lists(st.tuples(st.sampled_from(kinds), st.integers(0, 50)), max_size=most)


def sent(story: Story) -> list[StepScheduled]:
    """Return every sending of a command so far, newest first."""
    return [one.event for one in reversed(story.told) if isinstance(one.event, StepScheduled)]


def moment(story: Story, happening: Happening) -> Moment | None:
    """Return the input that a happening is in this story, or None where it cannot happen."""
    kind, number = happening
    match kind:
        case "timer":
            return the_next_timer if next_due(story.state) is not None else None
        case "time":
            return _at(TimerDue(), number * 100)
        case "cancel":
            return _at(Cancel(f"in_c{number}", "ann", "changed my mind"))
        case "approve" | "reject" | "delivered" | "go":
            return _at(Signal(f"in_s{number}", kind, "ann", {}))
        case "retry" | "skip":
            return _at(Resolve(f"in_r{number}", Action(kind), None, "ann", "seen to it"))
        case _:
            commands = sent(story)
            chosen = 0 if number < 35 else number % max(len(commands), 1)
            return reply(commands[chosen], kind) if commands else None


def _at(given: Input, later: int = 0) -> Moment:
    return lambda story: (given, story.now + later)


def reply(command: StepScheduled, kind: str) -> Moment:
    """Return a participant's answer to one command."""
    if kind == "done":
        result = {} if command.undo else RESULTS.get(command.step, {"by": command.command_id})
        return _at(Succeeded(command.command_id, command.step, command.undo, result))
    wait = 2_000 if kind == "unavailable" else None
    return _at(Failed(command.command_id, command.step, command.undo, _KINDS[kind], kind, "as told", ("why",), wait))


def lived(story: Story, what: Sequence[Happening]) -> Story:
    """Return the story after all of this has happened."""
    for happening in what:
        given = moment(story, happening)
        if given is not None:
            story = story.when(given)
    return story


def ended(story: Story, kind: str = "done") -> Story:
    """Return the story after every command was answered, every signal came, and time passed where nothing else can."""
    for _ in range(PATIENCE):
        if story.state.phase is Phase.ENDED:
            return story
        waiting = [path for path, step in story.state.steps.items() if step.status == "SCHEDULED"]
        if waiting:
            command = next(one for one in sent(story) if one.command_id.rpartition(":")[0].endswith(f":{waiting[0]}"))
            story = story.when(reply(command, kind))
        else:
            story = story.when(the_next_timer)
    raise AssertionError(f"does not end: {story.history[-20:]}")


def order_stories() -> st.SearchStrategy[Story]:
    """Return orders of random totals and methods for which some steps went well so far."""
    return st.builds(
        lambda total, method, steps: lived(
            begun(ORDER_FULFILLMENT, "ord_a", order_data(total, method)), [("approve", 0), *[("done", 0)] * steps]
        ),
        st.sampled_from([5_000, 10_001]),
        st.sampled_from(["standard", "express"]),
        st.integers(0, 9),
    )


def any_stories() -> st.SearchStrategy[Story]:
    """Return sagas of random definitions that have just begun, and orders."""
    random = st.builds(
        lambda definition, amount: begun(definition, "sag_a", {"n": amount}), definitions(), st.integers(0, 9)
    )
    return order_stories() | random


def definitions(depth: int = 2) -> st.SearchStrategy[Definition]:
    """Return random definitions: every kind of task, in each other to a depth."""
    return documents(depth).map(lambda document: compile_definition(document, {}))


def documents(depth: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    """Return the documents of random definitions."""
    return st.lists(_bodies(depth), min_size=1, max_size=4).map(_document)


def _calls() -> st.SearchStrategy[Json]:
    compensations = st.sampled_from([{"none": "nothing to undo"}, {"call": "unact"}, {"call": "unact", "always": True}])
    limits = st.sampled_from([{}, {"after": {"seconds": 1}}, {"after": {"seconds": 9}, "total": {"seconds": 4}}])
    strategies = st.sampled_from(["retry-then-compensate", "retry-then-compensate", "compensate"])
    return st.fixed_dictionaries(
        {
            "call": st.just("act"),
            "compensate": compensations,
            "optional": st.booleans(),
            "timeout": limits,
            "error_strategy": strategies,
        }
    )


_LEAVES: Sequence[Json] = (
    {"set": {"n": 1}},
    {"wait": {"seconds": 2}},
    {"emit": {"event": {"with": {"type": "seen", "data": {"n": "${ .n }"}}}}},
    {"listen": {"to": {"any": [{"with": {"type": "go"}}]}}, "timeout": {"after": {"minutes": 1}}},
    {
        "listen": {"to": {"all": [{"with": {"type": "go"}}, {"with": {"type": "delivered"}}]}},
        "timeout": {"after": "PT3M"},
    },
    {"set": {"n": 2}, "if": "$workflow.input.n > 4"},
)


def _bodies(depth: int) -> st.SearchStrategy[Json]:
    leaves = _calls() | st.sampled_from(_LEAVES)
    if depth == 0:
        return leaves
    inner = st.lists(_bodies(depth - 1), min_size=1, max_size=3)
    switches = st.integers(0, 9).map(lambda bound: {"switch": bound})
    raises = st.just({"raise": {"error": {"type": "broken", "status": 500}}, "if": "$workflow.input.n > 5"})
    forks = st.builds(lambda branches, kind: {"fork": branches, **kind}, inner, st.sampled_from(_FORKS))
    loops = st.builds(lambda body, kind: {"for": body, **kind}, inner, st.sampled_from(_LOOPS))
    tries = st.builds(lambda body, kind: {"try": body, **kind}, inner, st.sampled_from(_CATCHES))
    blocks = st.builds(
        lambda body, kind: {"do": body, **kind}, inner, st.sampled_from([{}, {"timeout": {"after": "PT4S"}}])
    )
    return leaves | leaves | switches | raises | forks | loops | tries | blocks


_FORKS: Sequence[Json] = (
    {},
    {"compete": True},
    {"gather": {"within": {"seconds": 3}, "least": 0}},
    {"timeout": {"after": "PT5S"}},
)
_LOOPS: Sequence[Json] = (
    {},
    {"concurrency": 2},
    {"concurrency": 9, "gather": {"within": {"seconds": 3}, "least": 1}},
    {"while": "$index < 2"},
    {"timeout": {"after": {"seconds": 6}}},
)
_CATCHES: Sequence[Json] = (
    {"catch": {}},
    {"catch": {"retry": {"limit": {"attempt": {"count": 2}}, "delay": {"seconds": 1}, "backoff": {"linear": {}}}}},
    {"catch": {"errors": {"with": {"type": "broken"}}, "do": [{"call": "act", "compensate": {"none": "no"}}]}},
    {"catch": {"retry": {"limit": {"attempt": {"count": 1}}}, "do": [{"set": {"why": "${ $error.type }"}}]}},
)


def _document(bodies: list[Json]) -> dict[str, Any]:
    return {
        "document": {"dsl": "1.0.3", "name": "random", "version": "1.0.0"},
        "use": {
            "functions": {
                "act": {"call": "command", "with": {"topic": "x.commands", "message": "x.Act"}},
                "unact": {"call": "command", "with": {"topic": "x.commands", "message": "x.Unact"}},
            }
        },
        "timeout": {"after": {"hours": 5}},
        "milestones": {
            "started": {"lifecycle": "new", "status": "RUNNING"},
            "compensating": {"status": "COMPENSATING"},
            "completed": {"status": "COMPLETED"},
            "revoked": {"lifecycle": "cancelled", "status": "REVOKED"},
            "suspended": {"status": "SUSPENDED"},
        },
        "do": [*_tasks(bodies, "s"), {"last": {"set": {"last": True}}}],
    }


def _tasks(bodies: Sequence[Json], prefix: str) -> list[dict[str, Any]]:
    return [_task(f"{prefix}{index}", body) for index, body in enumerate(bodies)]


def _task(name: str, body: Json) -> dict[str, Any]:
    task = dict(body)
    if "fork" in body:
        fork: dict[str, Any] = {"branches": _tasks(body["fork"], f"{name}-")}
        if task.pop("compete", False):
            fork["compete"] = True
        task["fork"] = fork
        if "gather" in task:
            task["gather"] = {**task["gather"], "least": min(task["gather"]["least"], len(fork["branches"]))}
    elif "for" in body:
        loop: dict[str, Any] = {"in": "[1, 2, 3]"}
        if "concurrency" in task:
            loop["concurrency"] = task.pop("concurrency")
        task = {**task, "for": loop, "do": _tasks(body["for"], f"{name}-")}
    elif "try" in body:
        task["try"] = _tasks(body["try"], f"{name}-")
        if "do" in body["catch"]:
            task["catch"] = {**body["catch"], "do": _tasks(body["catch"]["do"], f"{name}-c")}
    elif "do" in body:
        task["do"] = _tasks(body["do"], f"{name}-")
    elif "switch" in body:
        high = {"when": f"$workflow.input.n > {body['switch']}", "then": "exit"}
        task = {"switch": [{"high": high}, {"low": {"then": "continue"}}]}
    return {name: task}
