"""Lock order: what is accepted cannot deadlock, whatever the timing; what is refused says in which order to write."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from orchestrator.definitions.checks.locks import check
from orchestrator.definitions.outline import outline
from tests.unit.design.lock_manager import deadlocked

Task = dict[str, Any]
LOCKS = ("bench", "crane", "dock")


def step(name: str, *locks: str) -> Task:
    return {name: {"call": "work", "locks": list(locks)}}


def fork(name: str, *branches: list[Task]) -> Task:
    return {
        name: {"fork": {"branches": [{f"{name}-{index}": {"do": branch}} for index, branch in enumerate(branches)]}}
    }


def either(name: str, then: str, *ways: list[Task]) -> list[Task]:
    """Return a choice of ways, each of which goes on with the task `then`."""
    choice = [{f"way-{index}": {"when": f".way == {index}", "then": f"{name}-{index}"}} for index, _ in enumerate(ways)]
    return [
        {name: {"switch": choice}},
        *({f"{name}-{index}": {"do": way, "then": then}} for index, way in enumerate(ways)),
    ]


def problems(*tasks: Task) -> list[str]:
    return [f"{one.problem}. {one.remedy}" for one in check(outline({"do": list(tasks)}))]


def test_steps_that_take_locks_in_one_order_are_accepted() -> None:
    assert problems(step("load", "bench", "crane"), step("lift", "crane", "dock"), step("again", "bench", "dock")) == []


def test_branches_that_need_the_same_locks_in_one_order_are_accepted() -> None:
    assert problems(fork("both", [step("a", "bench", "crane")], [step("b", "bench", "crane")])) == []


def test_two_ways_that_take_two_locks_in_two_orders_are_refused_by_the_names_of_both_steps() -> None:
    ways = either("choose", "last", [step("load", "bench", "crane")], [step("lift", "crane", "bench")])

    assert problems(*ways, step("last")) == [
        "load takes crane while bench is held (by load), and lift takes bench while crane is held (by lift): two sagas "
        "can wait for each other for ever. Take locks in one order everywhere: bench then crane"
    ]


def test_a_lock_taken_by_an_earlier_step_counts_as_held() -> None:
    ways = either("choose", "last", [step("load", "bench"), step("lift", "crane")], [step("pull", "crane", "bench")])

    found = problems(*ways, step("last"))

    assert len(found) == 1
    assert "or take all of them in one step, before load" in found[0]


def test_a_circle_of_three_is_found() -> None:
    ways = either(
        "choose", "last", [step("a", "bench", "crane")], [step("b", "crane", "dock")], [step("c", "dock", "bench")]
    )

    found = problems(*ways, step("last"))

    assert found
    assert "bench then crane then dock" in found[0]


def test_branches_that_take_different_locks_one_by_one_are_refused() -> None:
    found = problems(fork("both", [step("a", "bench")], [step("b", "crane")]))

    assert len(found) == 1


def test_both_locks_taken_before_the_branches_are_accepted() -> None:
    assert problems(step("first", "bench", "crane"), fork("both", [step("a", "bench")], [step("b", "crane")])) == []


def test_the_lock_manager_finds_the_deadlock_of_what_is_refused() -> None:
    ways = either("choose", "last", [step("load", "bench", "crane")], [step("lift", "crane", "bench")])
    drawn = outline({"do": [*ways, step("last")]})

    assert any(deadlocked(drawn, 3, Random(seed), to_the_end=False) for seed in range(50))  # noqa: S311 - repeatable


@pytest.mark.parametrize("to_the_end", [True, False], ids=["held to the end of the saga", "held for the step"])
def test_no_accepted_definition_can_deadlock(to_the_end: bool) -> None:
    accepted = refused = 0
    for seed in range(1_500):
        chance = Random(seed)  # noqa: S311 - repeatable
        drawn = outline({"do": some_tasks(chance, "t", 2)})
        if any(check(drawn)):
            refused += 1
            continue
        accepted += 1
        for run in range(4):
            turns = Random(f"{seed}/{run}")  # noqa: S311 - repeatable
            assert not deadlocked(drawn, 4, turns, to_the_end=to_the_end), drawn

    assert accepted > 300
    assert refused > 300


def some_tasks(chance: Random, prefix: str, depth: int) -> list[Task]:
    """Return a list of tasks drawn by chance: steps with locks, choices, forks."""
    tasks: list[Task] = []
    for index in range(chance.randint(1, 3)):
        name = f"{prefix}{index}"
        kind = chance.choice(("step", "step", "fork", "switch")) if depth else "step"
        if kind == "step":
            tasks.append(step(name, *chance.sample(LOCKS, chance.randint(0, 2))))
        elif kind == "fork":
            branches = [some_tasks(chance, f"{name}-{branch}-", depth - 1) for branch in range(2)]
            tasks.append(fork(name, *branches))
        else:
            ways = [some_tasks(chance, f"{name}-{way}-", depth - 1) for way in range(2)]
            tasks += either(name, f"{name}-end", *ways)
            tasks.append({f"{name}-end": {"set": {}}})
    return tasks
