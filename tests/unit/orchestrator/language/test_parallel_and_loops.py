"""What forks, races, gatherings and loops give to what is inside of them, and what they pass on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.language_story import Task, seen, sees
from tests.saga_documents import ACT, ASK, told
from tests.saga_story import REJECTED, SECOND, after, done, fails, undone


def each(items: str, *tasks: dict[str, Task], **words: Any) -> Task:
    top: Task = {word: words.pop(word) for word in ("while", "gather", "timeout", "output") if word in words}
    return {"for": {"in": items, **words}, "do": list(tasks), **top}


def fork(*tasks: Task, **words: Any) -> Task:
    top: Task = {word: words.pop(word) for word in ("gather", "timeout") if word in words}
    return {"fork": {"branches": [{"abc"[index]: task} for index, task in enumerate(tasks)], **words}, **top}


def test_given_a_fork_then_every_branch_sees_the_input_of_the_fork() -> None:
    saga = told({"f": {**fork(sees(), sees()), "input": {"from": "{m: .n}"}}}, data={"n": 7})
    assert [seen(saga, "a"), seen(saga, "b")] == [{"m": 7}, {"m": 7}]


def test_given_a_fork_then_its_result_lists_the_branches_as_written_in_whatever_order_they_end() -> None:
    saga = told({"f": fork(ASK, ASK, ASK)}, {"next": sees()}).when(done("c", n=3), done("a", n=1), done("b", n=2))
    assert seen(saga, "next") == [{"n": 1}, {"n": 2}, {"n": 3}]


def test_given_branches_of_several_tasks_then_each_gives_its_last_result() -> None:
    block = {"do": [{"x": {"set": {"n": 1}}}, {"y": {"set": {"n": "${ .n + 1 }"}}}]}
    left_out = {"if": "false", "set": {"n": 9}}
    nested = {"fork": {"branches": [{"p": {"set": "1"}}, {"q": {"set": "2"}}]}}
    saga = told({"f": fork(block, left_out, nested)}, {"next": sees()}, data={"n": 7})
    assert seen(saga, "next") == [{"n": 2}, {"n": 7}, [1, 2]]


def test_given_results_of_branches_then_the_next_task_reads_them_by_name_too() -> None:
    saga = told({"f": fork(ASK, ASK)}, {"next": sees("${ [$context.a.n, $context.b.n] }")})
    assert seen(saga.when(done("b", n=2), done("a", n=1)), "next") == [1, 2]


def test_given_branches_that_compete_then_the_result_is_the_winner_s_alone() -> None:
    saga = told({"f": fork(ACT, ACT, compete=True)}, {"next": sees("${ [., $context.f, $context.a, $context.b] }")})
    saga = saga.when(done("f/1/b", n=2)).sends("f/0/a:undo").when(undone("f/0/a"))
    assert seen(saga, "next") == [{"n": 2}, {"n": 2}, None, None]


def test_given_branches_that_compete_when_one_gives_up_then_another_may_win() -> None:
    refuse = {"raise": {"error": {"type": "no"}}}
    saga = told({"f": fork(refuse, ASK, compete=True)}, {"next": sees()}).when(done("f/1/b", n=2))
    assert seen(saga, "next") == {"n": 2}


def test_given_a_gathering_then_its_result_tells_what_is_missing() -> None:
    saga = told({"f": fork(ASK, ASK, ASK, gather={"within": "PT2S", "least": 1})}, {"next": sees()})
    saga = saga.when(done("f/2/c", n=3), done("f/0/a", n=1), after(2 * SECOND))
    assert seen(saga, "next") == {"results": [{"n": 1}, {"n": 3}], "partial": True, "missing": ["b"]}


def test_given_a_gathering_with_too_few_answers_then_it_fails() -> None:
    saga = told({"f": fork(ASK, ASK, gather={"within": "PT2S", "least": 2})}).when(done("f/0/a"), after(2 * SECOND))
    assert saga.ended("REVOKED").state.code == "too_few_answers"


def test_given_a_loop_then_the_first_iteration_sees_the_input_and_each_other_the_result_before_it() -> None:
    saga = told({"l": each("[1, 2, 3]", {"add": {"set": {"n": "${ .n + $item }"}}})}, {"next": sees()}, data={"n": 10})
    assert seen(saga, "next") == {"n": 16}


def test_given_a_loop_over_nothing_then_its_input_goes_on() -> None:
    assert seen(told({"l": each("[]", {"a": ASK})}, {"next": sees()}, data={"n": 7}), "next") == {"n": 7}


def test_given_names_for_the_item_and_its_place_then_the_steps_inside_see_them() -> None:
    saga = told({"l": each('["x", "y"]', {"a": sees("${ [$pet, $place] }")}, each="pet", at="place")})
    saga = saga.when(done("l/0/a"))
    assert [command.arguments["seen"] for command in saga.commands] == [["x", 0], ["y", 1]]


def test_given_loops_inside_of_each_other_then_the_inner_one_sees_both_items_and_hides_equal_names() -> None:
    inner = each("$outer", {"a": sees("${ [$outer, $item, $index] }")})
    saga = told({"l": each("[[1], [2]]", {"k": inner}, each="outer")}).when(done("l/0/k/0/a"))
    assert [command.arguments["seen"] for command in saga.commands] == [[[1], 1, 0], [[2], 2, 0]]


def test_given_a_while_then_it_is_asked_before_each_iteration_with_the_result_so_far() -> None:
    loop = each("[1, 2, 3]", {"add": {"set": {"n": "${ .n + $item }"}}}, **{"while": ".n < 12 and $index < 5"})
    assert seen(told({"l": loop}, {"next": sees()}, data={"n": 10}), "next") == {"n": 13}


def test_given_a_while_that_never_holds_then_nothing_inside_runs() -> None:
    loop = each("[1]", {"a": ASK}, **{"while": "${ .n == 8 }"})
    assert seen(told({"l": loop}, {"next": sees()}, data={"n": 7}), "next") == {"n": 7}


@pytest.mark.parametrize("concurrency", [1, 2, 10])
def test_given_a_concurrency_then_every_iteration_sees_the_input_and_the_result_lists_them_in_order(
    concurrency: int,
) -> None:
    body = {"a": sees("${ [$item, .n] }")}
    saga = told({"l": each("[1, 2, 3]", body, concurrency=concurrency)}, {"next": sees()}, data={"n": 7})
    assert len(saga.sent) == min(concurrency, 3)
    while waiting := [path for path in saga.sent if f"done {path}" not in saga.history and path != "next"]:
        saga = saga.when(done(waiting[-1], at=waiting[-1]))
    assert [command.arguments["seen"] for command in saga.commands[:3]] == [[1, 7], [2, 7], [3, 7]]
    assert seen(saga, "next") == [{"at": f"l/{number}/a"} for number in range(3)]


def test_given_a_concurrency_over_nothing_then_the_result_is_an_empty_list() -> None:
    assert seen(told({"l": each("[]", {"a": ASK}, concurrency=3)}, {"next": sees()}), "next") == []


def test_given_a_map_that_gathers_then_the_missing_items_are_told_by_their_index() -> None:
    loop = each("[1, 2, 3]", {"a": ASK}, concurrency=3, gather={"within": "PT1S"})
    saga = told({"l": loop}, {"next": sees()}).when(done("l/1/a", n=2), after(SECOND))
    assert seen(saga, "next") == {"results": [{"n": 2}], "partial": True, "missing": ["0", "2"]}


def test_given_an_exit_within_a_loop_then_that_iteration_ends_and_the_next_begins() -> None:
    odd = {"switch": [{"odd": {"when": "$item % 2 == 1", "then": "exit"}}, {"even": {"then": "b"}}]}
    body = ({"a": odd}, {"b": ASK})
    saga = told({"l": each("[1, 2, 3]", *body)}, {"next": ASK}).sends("l/1/b")
    saga.when(done("l/1/b")).sends("next")


def test_given_a_loop_when_an_iteration_fails_then_the_loop_does_and_all_of_it_is_undone() -> None:
    saga = told({"l": each("[1, 2]", {"a": ACT})}).when(done("l/0/a"), fails("l/1/a", REJECTED))
    saga = saga.sends("l/1/a", "l/0/a:undo")
    saga.when(undone("l/0/a")).ended("REVOKED")


def test_given_a_time_out_of_a_loop_a_race_a_try_a_fork_and_a_block_then_each_fails_with_it() -> None:
    bounded: dict[str, Task] = {
        "loop": each("[1]", {"a": ACT}),
        "race": fork(ACT, ACT, compete=True),
        "try": {"try": [{"a": ACT}], "catch": {"errors": {"with": {"type": "other"}}}},
        "fork": fork(ACT, ACT),
        "block": {"do": [{"a": ACT}]},
    }
    for task in bounded.values():
        saga = told({"t": {**task, "timeout": {"after": "PT10S"}}}).when(after(10 * SECOND))
        assert saga.state.code == "timeout"
        assert {path for path in saga.sent if path.endswith("/a")} <= set(saga.state.plan)


def test_given_scopes_inside_of_scopes_then_paths_tell_where_a_step_runs() -> None:
    attempt = {"try": [{"f": fork(ACT, ACT, compete=True)}], "catch": {}}
    saga = told({"l": each("[1]", {"t": attempt})}, {"next": sees()}).sends("l/0/t/0/f/0/a", "l/0/t/0/f/1/b")
    saga = saga.when(done("l/0/t/0/f/1/b", n=1)).sends("l/0/t/0/f/0/a:undo")
    assert seen(saga.when(undone("l/0/t/0/f/0/a")), "next") == {"n": 1}
