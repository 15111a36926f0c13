"""What definitions other than the shipped one may do: forks in forks, decisions, data their author did not expect."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.definitions.compiler import compile_definition
from tests.saga_story import REJECTED, UNKNOWN, Story, begun, done, fails, says, the_next_timer, undone

ACT: dict[str, Any] = {"call": "act", "compensate": {"call": "unact"}}


def story_of(*tasks: dict[str, Any], **data: Any) -> Story:
    document = {
        "document": {"dsl": "1.0.3", "name": "other", "version": "1.0.0"},
        "use": {
            "functions": {
                "act": {"call": "command", "with": {"topic": "x.commands", "message": "x.Act"}},
                "unact": {"call": "command", "with": {"topic": "x.commands", "message": "x.Unact"}},
            }
        },
        "milestones": {
            "started": {"lifecycle": "new", "status": "RUNNING"},
            "compensating": {"status": "COMPENSATING"},
            "completed": {"lifecycle": "old", "status": "COMPLETED"},
            "revoked": {"lifecycle": "cancelled", "status": "REVOKED"},
            "suspended": {"status": "SUSPENDED"},
        },
        "do": list(tasks),
    }
    return begun(compile_definition(document, {}), "sag_a", data)


def fork(*branches: dict[str, Any]) -> dict[str, Any]:
    return {"fork": {"branches": list(branches)}}


def test_a_fork_in_a_fork_goes_on_when_every_branch_has_ended_and_only_once() -> None:
    inner = fork({"a": ACT}, {"b": ACT})
    story = story_of({"outer": fork({"inner": inner}, {"c": ACT})}, {"last": ACT})
    story.then("started", "send a", "send b", "send c")

    story = story.when(done("a"), done("c")).then("done a", "done c")
    story.when(done("b")).then("done b", "send last")


def test_a_fork_whose_branches_need_no_time_goes_on_at_once() -> None:
    story = story_of({"both": fork({"a": {"set": {"x": 1}}}, {"b": {"set": {"y": 2}}})}, {"last": ACT})

    story.then("started", "done a", "done b", "send last")


def test_an_optional_branch_that_fails_does_not_hold_up_the_fork() -> None:
    story = story_of({"both": fork({"a": {**ACT, "optional": True}}, {"b": ACT})}, {"last": ACT})

    story.when(done("b"), fails("a", REJECTED)).then("done b", "failed a REJECTED broken for good", "send last")


def test_an_optional_step_that_may_have_happened_is_undone_when_the_saga_turns_round_later() -> None:
    story = story_of({"a": {**ACT, "optional": True}}, {"b": ACT}).when(fails("a", UNKNOWN))
    while story.sent[-1] != "b":
        story = story.when(the_next_timer, fails("a", UNKNOWN)) if story.sent[-1] == "a" else story

    story = story.when(fails("b", REJECTED))
    assert story.history[-2:] == ["turned round broken, to undo a", "send a:undo"]
    story.when(undone("a")).ended("REVOKED")


def test_a_decision_of_which_no_case_holds_turns_the_saga_round() -> None:
    case = {"high": {"when": "${ $workflow.input.n > 5 }", "then": "last"}}
    story = story_of({"a": ACT}, {"choose": {"switch": [case]}}, {"last": ACT}, n=1).when(done("a"))

    story.then("done a", "turned round no_branch_matches, to undo a", "send a:undo")


@pytest.mark.parametrize("n", ["text", 5, [1], True])
def test_a_condition_about_data_its_author_did_not_expect_turns_the_saga_round(n: Any) -> None:
    case = {"high": {"when": "${ $workflow.input.n.deep > 5 }", "then": "last"}}
    story = story_of({"a": ACT}, {"choose": {"switch": [case]}}, {"last": ACT}, n=n).when(done("a"))

    story.then("done a", "turned round expression_failed, to undo a", "send a:undo")


def test_a_value_of_data_its_author_did_not_expect_turns_the_saga_round() -> None:
    story = story_of({"a": ACT}, {"b": {"set": {"x": "${ $workflow.input.n.deep }"}}}, n="text").when(done("a"))

    story.then("done a", "turned round expression_failed, to undo a", "send a:undo")


def test_a_signal_comes_into_the_branch_that_waits_for_it() -> None:
    ask = {"listen": {"to": {"any": [{"with": {"type": "fine"}}]}}}
    story = story_of({"both": fork({"ask": ask}, {"b": ACT})}, {"last": ACT})
    story = story.then("started", "awaits fine", "send b").when(says("fine")).then("got fine")

    story.when(done("b")).then("done b", "send last")


def test_an_export_gives_a_result_another_name() -> None:
    chosen = {"set": {"service": "air"}, "export": {"as": "${ $context + {carrier: .} }"}}
    story = story_of({"a": chosen}, {"b": {**ACT, "with": {"by": "${ $context.carrier.service }"}}})

    assert story.commands[-1].arguments == {"by": "air"}
