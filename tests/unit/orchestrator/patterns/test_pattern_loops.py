"""Loops and the parallel map: one iteration after the other or a bounded number at once, results in their order."""

from __future__ import annotations

from tests.pattern_story import Task, hold, price, story
from tests.saga_story import REJECTED, TRANSIENT, Story, after, done, fails, the_next_timer, undone

LINES = [{"sku": f"sku-{n}", "quantity": 1, "unit_price_minor": n} for n in range(50)]


def each(*tasks: dict[str, Task], more: Task | None = None, **words: object) -> Task:
    """Return a loop over `items` of the input."""
    return {"for": {"each": "item", "in": "${ $workflow.input.items }", **words}, "do": list(tasks), **(more or {})}


def test_given_a_loop_then_its_iterations_come_one_after_the_other_each_with_its_item() -> None:
    saga = story({"loop": each({"a": hold("${ $item }")}, {"b": hold("${ $index }")})}, data={"items": ["x", "y"]})
    saga = saga.sends("loop/0/a").when(done("loop/0/a")).sends("loop/0/b")
    saga = saga.when(done("loop/0/b")).sends("loop/1/a").when(done("loop/1/a"), done("loop/1/b"))
    assert [command.arguments["resource"] for command in saga.commands] == ["x", 0, "y", 1]
    saga.ended("COMPLETED")


def test_given_a_loop_over_nothing_then_the_saga_goes_on() -> None:
    story({"loop": each({"a": hold()})}, {"last": hold()}, data={"items": []}).sends("last")


def test_given_a_loop_with_a_condition_when_it_no_longer_holds_then_the_loop_ends() -> None:
    loop = each({"a": hold()}, more={"while": "${ .quantity != 0 }"})
    saga = story({"loop": loop}, {"last": hold()}, data={"items": [1, 2, 3, 4]})
    saga = saga.when(done("loop/0/a", quantity=5)).sends("loop/1/a")
    saga.when(done("loop/1/a", quantity=0)).sends("last")


def test_given_a_loop_when_an_iteration_fails_then_all_before_it_are_undone_in_reverse() -> None:
    saga = story({"loop": each({"a": hold()}, {"b": hold()})}, data={"items": [1, 2]})
    saga = saga.when(done("loop/0/a"), done("loop/0/b"), done("loop/1/a"), fails("loop/1/b", REJECTED))
    for step in ("loop/1/a", "loop/0/b", "loop/0/a"):
        assert saga.sent[-1] == f"{step}:undo"
        saga = saga.when(undone(step))
    saga.ended("REVOKED")


def test_given_a_loop_over_what_is_no_list_then_the_saga_is_turned_round() -> None:
    story({"loop": each({"a": hold()})}, data={"items": 7}).sends().ended("REVOKED")


def test_given_a_parallel_map_then_no_more_than_its_limit_are_in_flight() -> None:
    saga = story({"map": each({"a": hold()}, concurrency=3)}, data={"items": [1, 2, 3, 4, 5]})
    saga = saga.sends("map/0/a", "map/1/a", "map/2/a")
    saga = saga.when(done("map/1/a")).sends("map/3/a").when(done("map/0/a")).sends("map/4/a")
    saga = saga.when(done("map/3/a"), done("map/2/a")).sends()
    saga.when(done("map/4/a")).ended("COMPLETED")


def _basket() -> Story:
    return story(
        {"map": each({"price": price("$item", retry={"limit": {"attempt": {"count": 3}}})}, concurrency=50)},
        {"total": {"set": {"total": "${ map(.amount_minor) | add }"}}},
        data={"items": LINES},
        output={"as": "."},
    )


def test_given_a_basket_of_50_lines_then_the_sum_is_that_of_the_answers_in_whatever_order_they_come() -> None:
    saga = _basket()
    assert len(saga.sent) == 50
    for n in reversed(range(50)):
        saga = saga.when(done(f"map/{n}/price", amount_minor=n))
    assert saga.result == {"total": sum(range(50))}


def test_given_a_basket_when_one_line_fails_for_now_then_that_line_alone_is_tried_again() -> None:
    saga = _basket().when(fails("map/17/price", TRANSIENT))
    for n in (n for n in range(50) if n != 17):
        saga = saga.when(done(f"map/{n}/price", amount_minor=n))
    saga = saga.when(the_next_timer).sends("map/17/price").when(done("map/17/price", amount_minor=17))
    assert len(saga.sent) == 51
    assert saga.result == {"total": sum(range(50))}


def test_given_a_map_that_gathers_when_its_time_is_over_then_the_missing_iterations_are_named() -> None:
    gather = {"gather": {"within": {"seconds": 1}, "least": 1}}
    loop = each({"a": hold()}, concurrency=3, more=gather)
    saga = story({"map": loop}, {"last": hold("${ {partial, missing} | tojson }")}, data={"items": [1, 2, 3]})
    saga = saga.when(done("map/0/a"), done("map/2/a"), after(1_000))
    if saga.sent[-1] == "map/1/a:undo":
        saga = saga.when(undone("map/1/a"))
    assert saga.commands[-1].arguments["resource"] == '{"partial":true,"missing":["1"]}'


def test_given_a_map_when_an_iteration_fails_for_good_then_every_other_one_is_undone() -> None:
    saga = story({"map": each({"a": hold()}, concurrency=2)}, data={"items": [1, 2, 3]})
    saga = saga.when(done("map/0/a"), fails("map/1/a", REJECTED))
    while saga.state.outcome is None:
        saga = saga.when(undone(saga.sent[-1].removesuffix(":undo")))
    assert {"map/0/a:undo", "map/2/a:undo"} <= set(saga.sent)
    saga.ended("REVOKED")
