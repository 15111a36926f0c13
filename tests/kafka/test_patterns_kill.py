"""Every pattern on a real broker with real participants, through a kill -9 of the orchestrator in mid-flight."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from tests.kafka.orchestrator_fleet import COMMANDS, ENDS
from tests.kafka.pattern_site import Run, Site
from tests.pattern_story import Task, document, fork, hold
from tests.saga_story import order_data

SLOW = 2_500
"""Milliseconds that a task takes in which the orchestrator is killed and starts again."""

LINES = [{"sku": f"sku-{n}", "quantity": n + 1, "unit_price_minor": 10, "delay_ms": 300} for n in range(50)]
ROWS = [
    {"sku": "85123A", "quantity": 2, "unit_price_minor": 255},
    {"sku": "71053", "quantity": 1, "unit_price_minor": 9},
]
PURCHASE = {
    "purchase_id": "pur_1", "requester": "17850", "amount_minor": 750_000, "currency": "GBP",
    "payment_method": "pm_card_ok",
}  # fmt: skip
PARCEL = {"order_id": "auction", "method": "standard", "country": "France", "parcels": 2}


def _slow(resource: str = "anything", **more: object) -> Task:
    return hold(resource, delay_ms=SLOW, **more)


def _gate(to: str, *signals: str, hours: int = 1) -> Task:
    events = [{"with": {"type": signal}} for signal in signals]
    return {"listen": {"to": {to: events}}, "timeout": {"after": {"hours": hours}}}


_REFUSED = {"kind": "REJECTED", "code": "full"}
_BUSY_TWICE = {"kind": "TRANSIENT", "times": 2, "code": "busy"}
_ATTEMPTS: Task = {
    "try": [{"before": hold()}, {"risky": _slow(fail=_REFUSED)}],
    "catch": {
        "errors": {"with": {"type": "full"}},
        "retry": {"delay": {"milliseconds": 500}, "limit": {"attempt": {"count": 1}}},
        "do": [{"plan-b": hold()}],
    },
}
_ROUND: Task = {
    "for": {"each": "n", "in": "${ [1, 2, 3] }"},
    "do": [{"turn": hold("${ $n | tostring }", delay_ms=700)}],
}
_CHOICE: Task = {
    "switch": [{"heavy": {"when": "${ $workflow.input.weight > 10 }", "then": "lorry"}}, {"light": {"then": "bike"}}]
}
_RACE: Task = {"fork": {"compete": True, "branches": [{"hare": _slow()}, {"snail": hold(delay_ms=60_000)}]}}
_TELL: Task = {"emit": {"event": {"with": {"type": "go", "subject": "${ $workflow.input.whom }", "data": {"n": 7}}}}}
_RAISE: Task = {"raise": {"error": {"type": "too_heavy", "title": "Nobody carries it"}}}
_CHILD: Task = {"run": {"workflow": {"namespace": "patterns", "name": "sequence", "version": "1.0.0"}}}

STAGES = ("extracted", "transformed", "loaded")
DOCUMENTS = (
    document("sequence", {"payment": _slow()}, {"inventory": hold()}, {"ship": hold()}),
    document("split-join", {"all": fork(x=_slow(), y=_slow(), z=hold())}, {"last": hold()}),
    document("choice", {"first": _slow()}, {"choose": _CHOICE}, {"lorry": hold(then="end")}, {"bike": hold()}),
    document("race", {"who": _RACE}),
    document("loop", {"round": _ROUND}),
    document("any-signal", {"first": hold()}, {"gate": _gate("any", "approve", "reject")}, {"last": hold()}),
    document("all-signals", {"gate": _gate("all", "paid", "packed", "go")}, {"last": hold()}),
    document("timer", {"pause": {"wait": {"seconds": 4}}}, {"last": hold()}),
    document("tells", {"first": _slow()}, {"tell": _TELL}),
    document("attempts", {"attempts": _ATTEMPTS}, {"last": hold()}),
    document("retries", {"busy": _slow(fail=_BUSY_TWICE, retry={"delay": {"milliseconds": 200}})}),
    document("raises", {"first": _slow()}, {"no": _RAISE}),
    document("deadline", {"first": hold()}, {"endless": hold(delay_ms=60_000)}, timeout={"after": {"seconds": 4}}),
    document("parent", {"first": hold()}, {"child": _CHILD}, {"no": _RAISE}),
    document("pivot", {"first": hold()}, {"go": {**_slow(), "pivot": True}}, {"last": hold(fail=_REFUSED)}),
)  # fmt: skip

WARMING_UP: Mapping[str, Run] = {"an order": Run("order-fulfillment", order_data()), "rows": Run("etl", {"rows": ROWS})}
"""Sagas that need every participant: a carrier that is asked for a quote has two seconds to answer."""

RUNS: Mapping[str, Run] = {
    "sequence": Run("sequence"),
    "split and join": Run("split-join"),
    "exclusive choice": Run("choice", {"weight": 12}),
    "race": Run("race"),
    "loop": Run("loop"),
    "first of several events": Run(
        "any-signal", signals=("reject", "approve"), at_once=True, midway="saga.SignalAwaited"
    ),
    "all of several events": Run("all-signals", signals=("packed", "paid"), at_once=True, midway="saga.SignalAwaited"),
    "wait": Run("timer", midway="saga.TimerStarted"),
    "try, retry and catch": Run("attempts"),
    "retry of a step": Run("retries"),
    "raise": Run("raises", outcome="REVOKED"),
    "time limit": Run("deadline", outcome="REVOKED"),
    "child that is undone": Run("parent", outcome="REVOKED"),
    "point of no return": Run("pivot", outcome="HELD"),
    "payment first": Run(
        "order-fulfillment-payment-first", order_data(20_000), signals=("approve",), midway="saga.SignalAwaited"
    ),
    "parallel channels": Run("notify-customer", {"order_id": "told", "customer_id": "17850", "template": "hello"}),
    "scatter-gather": Run("carrier-auction", PARCEL),
    "map-reduce": Run("basket", {"lines": [*LINES[:7], {**LINES[7], "fail": _BUSY_TWICE}, *LINES[8:]]}),
    "pipeline": Run("etl", {"rows": ROWS}),
    "pipeline that fails": Run("etl", {"rows": ROWS, "fail": {"load": _REFUSED}}, "REVOKED"),
    "two approvers": Run("two-approver-chain", PURCHASE, signals=("approve", "confirm"), midway="saga.SignalAwaited"),
    "second approver refuses": Run(
        "two-approver-chain", {**PURCHASE, "purchase_id": "pur_2"}, "REVOKED", ("approve", "decline"),
        midway="saga.SignalAwaited",
    ),
    "report": Run("daily-report", {"date": "2020-01-01"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def site(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give a site on which every run has gone from its start to its end, with a kill in between."""
    directory = tmp_path_factory.mktemp("patterns")
    definitions = directory / "definitions"
    definitions.mkdir()
    for one in DOCUMENTS:
        (definitions / f"{one['document']['name']}.yaml").write_text(json.dumps(one))
    made = Site(broker, directory)
    with pytest.MonkeyPatch.context() as settings:
        settings.setenv("SAGA_DEFINITIONS", str(definitions))
        try:
            _live_through_a_kill(made)
            yield made
        finally:
            made.close()


def _live_through_a_kill(site: Site) -> None:
    fleet = site.fleet
    site.script("carrier", operation="quote", match={"carrier": "meridian"}, action="black_hole", times=10)
    site.script("messages", operation="sms", match={"order_id": "told"}, action="delay", delay_ms=SLOW, times=1)
    process = fleet.start()
    for name, run in WARMING_UP.items():
        site.begin(name, run)
    fleet.pump_until(lambda: all(site.has_ended(name) for name in WARMING_UP), "that every participant is there")
    for name, run in RUNS.items():
        site.begin(name, run)
    site.begin("emit", Run("tells", {"whom": site.ids["all of several events"]}))
    fleet.pump_until(lambda: all(site.is_midway(name, run) for name, run in RUNS.items()), "the middle of every saga")
    in_flight = [name for name in RUNS if not site.has_ended(name)]
    fleet.kill(process)
    assert len(in_flight) > len(RUNS) // 2, f"only {in_flight} were in mid-flight"
    fleet.start()
    sent: Counter[str] = Counter()
    try:
        fleet.pump_until(lambda: _drive(site, sent), "the end of every saga")
    except AssertionError as error:
        left = {name: site.events(name)[-3:] for name in site.ids if not site.has_ended(name)}
        raise AssertionError(f"these have not ended: {left}") from error


def _drive(site: Site, sent: Counter[str]) -> bool:
    """Send the signals that sagas wait for; tell whether every saga has ended or is held."""
    over = True
    for name, run in RUNS.items():
        awaited = site.names(name).count("saga.SignalAwaited")
        if sent[name] < len(run.signals) and (awaited > sent[name] or (awaited and run.at_once)):
            site.fleet.signal(site.ids[name], run.signals[sent[name]])
            sent[name] += 1
        ended = site.has_ended(name) or (run.outcome == "HELD" and "saga.StepHeld" in site.names(name))
        over = over and ended
    return over and site.has_ended("emit")


def test_every_saga_ends_once_as_it_should_and_no_command_is_sent_twice(site: Site) -> None:
    for name, run in RUNS.items():
        told = site.events(name)
        assert [fields["meta"]["sequence"] for _, fields in told] == list(range(1, len(told) + 1)), name
        ends = [event.removeprefix("saga.Saga").upper() for event, _ in told if event in ENDS]
        assert ends == ([] if run.outcome == "HELD" else [run.outcome]), name
    sent = Counter(fields["meta"]["command_id"] for _, fields in site.fleet.commands)
    assert [command_id for command_id, times in sent.items() if times > 1] == []
    scheduled = {
        fields["command_id"]
        for told in site.fleet.events.values()
        for event, fields in told
        if event == "saga.StepScheduled" and fields["topic"] in COMMANDS
    }
    assert set(sent) == scheduled


def _done(site: Site, name: str, *, undo: bool = False) -> list[str]:
    return site.steps(name, "saga.StepCompleted", undo=undo)


def test_a_sequence_and_a_choice_go_one_way_one_step_after_the_other(site: Site) -> None:
    assert _done(site, "sequence") == ["payment", "inventory", "ship"]
    assert _done(site, "exclusive choice") == ["first", "lorry"]
    assert _done(site, "payment first")[:3] == ["validate", "charge.capture", "lock-inventory"]


def test_branches_are_sent_together_and_joined_once(site: Site) -> None:
    names = site.names("split and join")
    assert names[1:4] == ["saga.StepScheduled"] * 3
    assert _done(site, "split and join")[-1] == "last"


def test_the_first_of_a_race_wins_and_the_other_is_undone(site: Site) -> None:
    assert "who/0/hare" in _done(site, "race")
    assert _done(site, "race", undo=True) == ["who/1/snail"]


def test_three_channels_are_used_at_once_though_one_is_slow(site: Site) -> None:
    assert site.names("parallel channels")[1:4] == ["saga.StepScheduled"] * 3
    assert site.result("parallel channels") == {"delivered": ["email", "sms", "push"], "refused": []}


def test_a_loop_goes_round_in_order(site: Site) -> None:
    assert [step for step in _done(site, "loop") if step.endswith("turn")] == [f"round/{n}/turn" for n in range(3)]


def test_a_map_adds_up_to_the_sum_and_only_the_failing_line_is_tried_again(site: Site) -> None:
    assert site.result("map-reduce") == {"lines": 50, "quantity": 1_275, "total_minor": 12_750}
    sendings = Counter(site.steps("map-reduce", "saga.StepScheduled"))
    assert {step: times for step, times in sendings.items() if times > 1} == {"price-lines/7/price": 3}
    assert len(sendings) == 50


def test_a_gathering_takes_the_best_answer_at_its_deadline_and_says_who_is_missing(site: Site) -> None:
    result = site.result("scatter-gather")
    assert (result["partial"], result["missing"]) == (True, ["meridian"])
    answers = [
        json.loads(fields["output"])
        for event, fields in site.events("scatter-gather")
        if event == "saga.StepCompleted" and fields["step"].startswith("quotes/") and fields["step"].count("/") == 2
    ]
    assert result["amount_minor"] == min(answer["amount_minor"] for answer in answers)


def test_the_first_signal_counts_and_the_second_is_ignored(site: Site) -> None:
    received = [fields["signal"] for event, fields in site.events("first of several events") if "Received" in event]
    assert received == ["reject"]
    assert "saga.InputIgnored" in site.names("first of several events")


def test_all_signals_are_waited_for_one_of_which_another_saga_emits(site: Site) -> None:
    received = [fields["signal"] for event, fields in site.events("all of several events") if "Received" in event]
    assert sorted(received) == ["go", "packed", "paid"]


def test_a_timer_fires_once_after_its_time_and_not_before(site: Site) -> None:
    events = site.events("wait")
    started = next(fields for event, fields in events if event == "saga.TimerStarted")
    over = next(fields for event, fields in events if event == "saga.StepScheduled")
    assert over["meta"]["at"] >= started["due_at"]
    assert _done(site, "wait").count("last") == 1


def test_a_try_undoes_each_attempt_and_then_does_what_its_catch_says(site: Site) -> None:
    assert _done(site, "try, retry and catch", undo=True) == ["attempts/0/before", "attempts/1/before"]
    assert _done(site, "try, retry and catch")[-1] == "last"
    assert "attempts/catch/plan-b" in _done(site, "try, retry and catch")
    assert site.steps("retry of a step", "saga.StepScheduled") == ["busy"] * 3


def test_what_is_raised_or_takes_too_long_is_undone_in_reverse(site: Site) -> None:
    assert _done(site, "raise", undo=True) == ["first"]
    assert _done(site, "time limit", undo=True) == ["endless", "first"]
    assert _done(site, "pipeline that fails", undo=True) == ["transform", "extract"]
    batches = {name: f"{site.ids[name]}:extract" for name in ("pipeline", "pipeline that fails")}
    left = {batch for table in STAGES for (batch,) in site.cluster.rows("tasks", f"SELECT batch FROM {table}")}  # noqa: S608 - our own tables
    assert batches["pipeline"] in left
    assert batches["pipeline that fails"] not in left


def test_a_child_is_undone_with_its_parent(site: Site) -> None:
    assert _done(site, "child that is undone", undo=True) == ["child", "first"]
    child = f"{site.ids['child that is undone']}.child"
    undone = [f["step"] for event, f in site.fleet.events[child] if event == "saga.StepCompleted" and f["undo"]]
    assert undone == ["ship", "inventory", "payment"]


def test_past_the_point_of_no_return_a_failure_is_held_for_a_person(site: Site) -> None:
    names = site.names("point of no return")
    assert names[-1] == "saga.StepHeld"
    assert _done(site, "point of no return", undo=True) == []


def test_two_approvers_are_asked_and_a_refusal_gives_the_charge_back(site: Site) -> None:
    assert _done(site, "second approver refuses", undo=True) == ["charge.capture", "hold-budget"]
    books = site.cluster.rows("payment", "SELECT saga_id, amount_minor - refunded_minor FROM charges")
    assert dict(books)[site.ids["two approvers"]] == 750_000
    assert dict(books)[site.ids["second approver refuses"]] == 0
    told = f"{site.ids['two approvers']}.tell-requester"
    assert site.fleet.events[told][-1][0] == "saga.SagaCompleted"


def test_a_day_without_orders_has_its_report(site: Site) -> None:
    assert site.result("report")["orders"] == {"received": 0, "unfinished_at_the_end": 0}
