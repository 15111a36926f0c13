"""What a try catches and what its handler sees: filters, conditions, standard types, and the fields of an error."""

from __future__ import annotations

from typing import Any

import pytest

from tests.language_story import Task, seen, sees
from tests.saga_documents import ACT, ASK, told
from tests.saga_story import REJECTED, SECOND, TRANSIENT, Story, after, done, fails, undone

STANDARD = "https://serverlessworkflow.io/spec/1.0.0/errors/"


def attempt(task: Task, **catch: Any) -> Story:
    """Return the story of a try around one task, with a handler that tells the error."""
    handler = {"do": [{"handler": sees("${ $error }")}]}
    return told({"t": {"try": [{"a": task}], "catch": {**handler, **catch}}}, {"b": sees()}, data={"n": 7})


def fault(**error: Any) -> Task:
    return {"raise": {"error": {"type": "too_heavy", **error}}}


def test_given_a_step_that_fails_then_the_handler_sees_the_fields_of_a_problem() -> None:
    saga = attempt(ASK).when(fails("t/0/a", REJECTED, "out_of_stock"))
    assert seen(saga, "t/catch/handler") == {
        "type": "out_of_stock",
        "status": 500,
        "title": "out_of_stock.",
        "detail": "out_of_stock.",
        "instance": "t/0/a",
    }


def test_given_a_raise_then_the_handler_sees_its_type_status_title_and_detail() -> None:
    saga = attempt(fault(status=422, title="Too heavy", detail='${ "\\(.n) kg" }'))
    error = {"type": "too_heavy", "status": 422, "title": "Too heavy", "detail": "7 kg", "instance": "t/0/a"}
    assert seen(saga, "t/catch/handler") == error


def test_given_a_raise_that_says_only_its_type_then_the_rest_is_filled_in() -> None:
    error = {"type": "too_heavy", "status": 500, "title": "too_heavy", "detail": "too_heavy", "instance": "t/0/a"}
    assert seen(attempt(fault()), "t/catch/handler") == error


def test_given_a_raise_of_a_declared_error_then_it_is_that_one() -> None:
    use = {"errors": {"heavy": {"type": "too_heavy", "status": 422, "title": "Too heavy"}}}
    tasks = {"t": {"try": [{"a": {"raise": {"error": "heavy"}}}], "catch": {"do": [{"h": sees("${ $error.status }")}]}}}
    assert seen(told(tasks, use=use), "t/catch/h") == 422


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("configuration", 400),
        ("validation", 400),
        ("expression", 400),
        ("authentication", 401),
        ("authorization", 403),
        ("timeout", 408),
        ("communication", 500),
        ("runtime", 500),
    ],
)
def test_given_a_raise_of_a_standard_type_then_it_has_the_standard_s_status_and_is_caught_by_it(
    word: str, status: int
) -> None:
    saga = attempt({"raise": {"error": {"type": STANDARD + word}}}, errors={"with": {"type": STANDARD + word}})
    assert seen(saga, "t/catch/handler")["status"] == status


@pytest.mark.parametrize(
    ("field", "value"),
    [("type", "too_heavy"), ("status", 422), ("title", "Too heavy"), ("detail", "7 kg"), ("instance", "t/0/a")],
)
def test_given_a_filter_then_only_errors_with_all_of_its_values_are_caught(field: str, value: Any) -> None:
    task = fault(status=422, title="Too heavy", detail="7 kg")
    attempt(task, errors={"with": {field: value}}).sends("t/catch/handler")
    other = 404 if field == "status" else "another"
    attempt(task, errors={"with": {field: other}}).ended("REVOKED")
    both = {"type": "too_heavy", field: other}
    attempt(task, errors={"with": both}).ended("REVOKED")


def late(story: Story) -> Story:
    """Let the first step's time be over."""
    return story.when(after(30 * SECOND))


@pytest.mark.parametrize("wanted", ["timeout", STANDARD + "timeout"])
def test_given_a_step_that_times_out_then_it_is_caught_as_the_standard_s_time_out(wanted: str) -> None:
    saga = attempt({**ACT, "error_strategy": "compensate"}, errors={"with": {"type": wanted, "status": 408}})
    saga = late(saga).sends("t/0/a:undo").when(undone("t/0/a"))
    assert seen(saga, "t/catch/handler")["type"] == "timeout"


def test_given_a_listen_that_times_out_with_a_code_of_its_own_then_it_is_the_standard_s_time_out_too() -> None:
    listen = {"listen": {"to": {"one": {"with": {"type": "go"}}}}, "timeout": {"after": "PT30S", "code": "no_answer"}}
    error = seen(late(attempt(listen, errors={"with": {"type": STANDARD + "timeout"}})), "t/catch/handler")
    assert (error["type"], error["status"]) == ("no_answer", 408)


def test_given_a_participant_s_failure_then_it_is_the_standard_s_communication_error() -> None:
    saga = attempt(ASK, errors={"with": {"type": STANDARD + "communication"}})
    saga.when(fails("t/0/a", REJECTED, "declined")).sends("t/catch/handler")


@pytest.mark.parametrize(
    ("condition", "is_caught"),
    [
        ({"when": "${ $error.status == 422 }"}, True),
        ({"when": ".status == 404"}, False),
        ({"exceptWhen": ".status == 422"}, False),
        ({"exceptWhen": ".status == 404"}, True),
        ({"when": ".status == 422", "exceptWhen": '.type == "too_heavy"'}, False),
    ],
)
def test_given_conditions_of_a_catch_then_they_see_the_error(condition: Any, is_caught: bool) -> None:
    saga = attempt(fault(status=422), **condition)
    assert (saga.sent == ["t/catch/handler"]) == is_caught


def test_given_a_catch_as_then_the_error_has_that_name() -> None:
    catch = {"as": "why", "when": "$why.status == 422", "do": [{"h": sees("${ $why.type }")}]}
    saga = told({"t": {"try": [{"a": fault(status=422)}], "catch": catch}})
    assert seen(saga, "t/catch/h") == "too_heavy"


def test_given_a_handler_then_its_input_is_that_of_the_try_and_its_result_goes_on() -> None:
    catch = {"do": [{"h": {"set": {"was": "${ .n }", "why": "${ $error.type }"}}}]}
    saga = told({"t": {"try": [{"a": fault()}], "catch": catch}}, {"b": sees()}, data={"n": 7})
    assert seen(saga, "b") == {"was": 7, "why": "too_heavy"}


def test_given_a_catch_without_a_handler_then_the_saga_goes_on_with_the_input_of_the_try() -> None:
    assert seen(told({"t": {"try": [{"a": fault()}], "catch": {}}}, {"b": sees()}, data={"n": 7}), "b") == {"n": 7}


def test_given_a_try_that_succeeds_then_its_last_result_goes_on() -> None:
    saga = told({"t": {"try": [{"a": ASK}, {"b": ASK}], "catch": {}}}, {"c": sees()}).when(done("t/0/a", x=1))
    assert seen(saga.when(done("t/0/b", x=2)), "c") == {"x": 2}


def test_given_a_handler_that_fails_then_the_try_around_it_catches_that() -> None:
    inner = {"try": [{"a": fault()}], "catch": {"do": [{"x": {"raise": {"error": {"type": "worse"}}}}]}}
    saga = told({"outer": {"try": [{"inner": inner}], "catch": {"do": [{"h": sees("${ $error.type }")}]}}})
    assert seen(saga, "outer/catch/h") == "worse"


def test_given_an_error_that_a_try_does_not_catch_then_the_one_around_it_may() -> None:
    inner = {"try": [{"a": fault()}], "catch": {"errors": {"with": {"type": "another"}}}}
    saga = told({"outer": {"try": [{"inner": inner}], "catch": {"do": [{"h": sees("${ $error.instance }")}]}}})
    assert seen(saga, "outer/catch/h") == "outer/0/inner/0/a"


def test_given_a_try_whose_attempt_fails_then_what_it_did_is_undone_before_anything_else() -> None:
    catch = {"do": [{"h": ASK}], "retry": {"delay": "PT1S", "limit": {"attempt": {"count": 1}}}}
    saga = told({"t": {"try": [{"a": ACT}, {"b": ACT}], "catch": catch}}).when(done("t/0/a"))
    saga = saga.when(fails("t/0/b", REJECTED)).sends("t/0/a:undo").when(undone("t/0/a")).sends()
    saga = (
        saga.when(after(SECOND))
        .sends("t/1/a")
        .when(done("t/1/a"), fails("t/1/b", REJECTED))
        .sends("t/1/b", "t/1/a:undo")
    )
    saga.when(undone("t/1/a")).sends("t/catch/h").when(done("t/catch/h")).ended("COMPLETED")


def _waits(policy: Any, attempts: int) -> list[int]:
    """Return the waits between the attempts of a try, in milliseconds."""
    catch = {"retry": {"limit": {"attempt": {"count": attempts}}, **policy}}
    saga = told({"t": {"try": [{"a": {**ASK, "error_strategy": "compensate"}}], "catch": catch}})
    waits = []
    for number in range(attempts):
        saga = saga.when(fails(f"t/{number}/a", TRANSIENT)).sends()
        [*_, retry] = saga.retries("t")
        waits.append(retry.due_at - saga.now)
        saga = saga.when(after(retry.due_at - saga.now)).sends(f"t/{number + 1}/a")
    saga.when(fails(f"t/{attempts}/a", TRANSIENT)).ended("REVOKED")
    return waits


@pytest.mark.parametrize(
    ("policy", "waits"),
    [
        ({"delay": "PT1S"}, [1, 1, 1, 1]),
        ({"delay": "PT1S", "backoff": {"constant": {}}}, [1, 1, 1, 1]),
        ({"delay": {"seconds": 1}, "backoff": {"linear": {}}}, [1, 2, 3, 4]),
        ({"delay": {"seconds": 1}, "backoff": {"exponential": {}}}, [1, 2, 4, 8]),
        ({"delay": "PT1S", "backoff": {"exponential": {}}, "max": "PT3S"}, [1, 2, 3, 3]),
        ({"delay": "PT5M"}, [300, 300, 300, 300]),
        ({"delay": {}}, [0, 0, 0, 0]),
    ],
)
def test_given_a_retry_policy_then_these_are_its_waits(policy: Any, waits: list[int]) -> None:
    assert _waits(policy, 4) == [wait * SECOND for wait in waits]


def test_given_a_jitter_then_each_wait_is_longer_by_that_much_and_the_same_in_every_replay() -> None:
    policy = {"delay": "PT1S", "jitter": {"from": {"milliseconds": 100}, "to": {"milliseconds": 900}}}
    waits = _waits(policy, 5)
    assert all(1_100 <= wait <= 1_900 for wait in waits)
    assert len(set(waits)) > 1
    assert waits == _waits(policy, 5)


def test_given_a_limit_of_none_then_the_first_failure_is_the_last() -> None:
    assert _waits({}, 0) == []


@pytest.mark.parametrize(
    ("condition", "is_retried"),
    [
        ({"when": '$why.type == "busy"'}, True),
        ({"when": '.type == "other"'}, False),
        ({"exceptWhen": '${ $why.type == "busy" }'}, False),
        ({"exceptWhen": '.type == "other"'}, True),
    ],
)
@pytest.mark.parametrize("declared", [False, True])
def test_given_conditions_of_a_retry_then_they_see_the_error_too(
    condition: Any, is_retried: bool, declared: bool
) -> None:
    policy = {"delay": "PT1S", "limit": {"attempt": {"count": 1}}, **condition}
    use = {"retries": {"policy": policy}} if declared else {}
    catch = {"as": "why", "retry": "policy" if declared else policy, "do": [{"h": ASK}]}
    saga = told({"t": {"try": [{"a": {**ASK, "error_strategy": "compensate"}}], "catch": catch}}, use=use)
    saga = saga.when(fails("t/0/a", TRANSIENT, "busy"), after(SECOND))
    assert saga.sent[-1] == ("t/1/a" if is_retried else "t/catch/h")


def test_given_no_case_that_holds_then_it_is_an_error_of_the_runtime() -> None:
    switch = {"switch": [{"never": {"when": "false", "then": "exit"}}]}
    error = seen(attempt(switch, errors={"with": {"type": STANDARD + "runtime"}}), "t/catch/handler")
    assert error["type"] == "no_branch_matches"


def test_given_a_condition_that_cannot_be_computed_then_the_error_is_not_caught() -> None:
    attempt(fault(), when=".status + [1]").ended("REVOKED")
