"""Parallel branches: all at once, one join, a race with one winner, and a gathering that goes on at its deadline."""

from __future__ import annotations

from tests.pattern_story import Task, fork, hold, race, story
from tests.saga_story import REJECTED, TRANSIENT, Story, after, done, fails, the_next_timer, undone

GATHER: Task = {**fork("a", "b", "c"), "gather": {"within": {"seconds": 2}, "least": 1}}


def test_given_a_fork_then_all_branches_are_sent_before_any_reply_and_the_join_waits_for_the_last() -> None:
    saga = story({"all": fork("email", "sms", "push")}, {"last": hold()}).sends("email", "sms", "push")
    saga = saga.when(done("push"), done("email")).sends()
    saga.when(done("sms")).sends("last")


def test_given_a_fork_when_it_is_over_then_its_results_come_in_the_order_of_the_branches() -> None:
    saga = story({"all": fork("a", "b")}, {"last": hold("${ map(.n) | tostring }")})
    saga = saga.when(done("b", n=2), done("a", n=1))
    assert saga.commands[-1].arguments["resource"] == "[1,2]"


def test_given_a_fork_when_a_branch_fails_for_good_then_the_others_are_settled_and_undone() -> None:
    saga = story({"first": hold()}, {"all": fork("a", "b", "c")}).when(done("first"), done("b"))
    saga = saga.when(fails("a", REJECTED))
    while saga.state.outcome is None:
        saga = saga.when(undone(saga.sent[-1].removesuffix(":undo")))
    assert {"b:undo", "c:undo", "first:undo"} <= set(saga.sent)
    assert saga.sent[-1] == "first:undo"
    saga.ended("REVOKED")


def test_given_a_branch_of_several_steps_then_it_is_in_order_and_the_others_do_not_wait_for_it() -> None:
    saga = story({"all": fork(x={"do": [{"a": hold()}, {"b": hold()}]}, y=hold())}).sends("a", "y")
    saga.when(done("a")).sends("b").when(done("y")).sends().when(done("b")).ended("COMPLETED")


def test_given_a_race_when_the_first_branch_is_done_then_it_wins_and_the_losers_are_undone() -> None:
    saga = story({"race": race("a", "b", "c")}, {"last": hold("${ .resource }")})
    saga.sends("race/0/a", "race/1/b", "race/2/c")
    saga = saga.when(done("race/1/b", resource="b"))
    saga = _undo_all(saga, "race/0/a", "race/2/c")
    assert saga.sent[-1] == "last"
    assert saga.commands[-1].arguments["resource"] == "b"
    saga.when(done("last")).ended("COMPLETED")


def test_given_a_race_when_a_loser_answers_late_then_its_answer_changes_nothing() -> None:
    saga = story({"race": race("a", "b")}).when(done("race/0/a"))
    saga = saga.when(done("race/1/b"))
    saga = _undo_all(saga, "race/1/b")
    saga.ended("COMPLETED")
    assert "race/0/a:undo" not in saga.sent


def test_given_a_race_when_a_branch_fails_then_the_others_may_still_win() -> None:
    saga = story({"race": race("a", "b")}).when(fails("race/0/a", REJECTED)).sends()
    saga.when(done("race/1/b")).ended("COMPLETED")


def test_given_a_race_when_every_branch_fails_then_the_saga_is_turned_round() -> None:
    saga = story({"first": hold()}, {"race": race("a", "b")}).when(done("first"))
    saga = saga.when(fails("race/0/a", REJECTED), fails("race/1/b", REJECTED))
    assert saga.sent[-1] == "first:undo"


def test_given_a_race_that_was_won_when_a_later_step_fails_then_the_winner_is_undone_once() -> None:
    saga = story({"race": race("a", "b")}, {"last": hold()}).when(done("race/0/a"))
    saga = _undo_all(saga, "race/1/b").when(fails("last", REJECTED))
    assert saga.sent[-1] == "race/0/a:undo"
    saga.when(undone("race/0/a")).ended("REVOKED")


def _gathered() -> Story:
    return story({"quotes": GATHER}, {"last": hold("${ {n: (.results | map(.n)), partial, missing} | tojson }")})


def test_given_a_gathering_when_all_have_answered_then_it_goes_on_at_once_and_nothing_is_missing() -> None:
    saga = _gathered().when(done("quotes/0/a", n=3), done("quotes/1/b", n=1), done("quotes/2/c", n=2))
    assert saga.commands[-1].arguments["resource"] == '{"n":[3,1,2],"partial":false,"missing":[]}'


def test_given_a_gathering_when_its_time_is_over_then_it_goes_on_with_the_answers_that_are_there() -> None:
    saga = _gathered().when(done("quotes/0/a", n=3), done("quotes/2/c", n=2)).sends()
    saga = saga.when(after(1_999)).sends().when(after(1))
    saga = _undo_all(saga, "quotes/1/b")
    assert saga.commands[-1].arguments["resource"] == '{"n":[3,2],"partial":true,"missing":["b"]}'


def test_given_a_gathering_when_too_few_have_answered_in_time_then_the_saga_is_turned_round() -> None:
    saga = _gathered().when(after(2_000))
    saga = _undo_all(saga, "quotes/0/a", "quotes/1/b", "quotes/2/c").ended("REVOKED")
    assert "last" not in saga.sent


def test_given_a_gathering_when_a_branch_fails_then_it_is_missing_and_the_saga_goes_on() -> None:
    saga = _gathered().when(fails("quotes/0/a", REJECTED), done("quotes/1/b", n=1), done("quotes/2/c", n=2))
    assert saga.commands[-1].arguments["resource"] == '{"n":[1,2],"partial":true,"missing":["a"]}'


def test_given_a_gathering_when_all_branches_fail_then_the_saga_is_turned_round() -> None:
    saga = _gathered()
    for number, name in enumerate("abc"):
        saga = saga.when(fails(f"quotes/{number}/{name}", REJECTED))
    saga.ended("REVOKED")


def test_given_a_branch_with_a_failure_for_now_then_that_branch_alone_is_tried_again() -> None:
    saga = story({"all": fork("a", "b")}).when(done("a"), fails("b", TRANSIENT)).sends()
    saga.when(the_next_timer).sends("b").when(done("b")).ended("COMPLETED")


def _undo_all(saga: Story, *steps: str) -> Story:
    """Answer the undos of these steps as they are sent, in whatever order."""
    left = set(steps)
    while left:
        waiting = [step for step in left if f"{step}:undo" in saga.sent]
        assert waiting, f"{left} are not undone"
        saga = saga.when(undone(waiting[0]))
        left.remove(waiting[0])
    return saga
