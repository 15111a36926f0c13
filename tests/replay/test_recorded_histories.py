"""Recorded histories decided again: equal by the code they were made with, and a patched build is caught."""

from __future__ import annotations

import io
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from fastavro import schemaless_writer

from orchestrator.core.definition import Call, Definition
from orchestrator.core.events import StepRetryScheduled
from orchestrator.definitions.registry import Registry, compiled, load
from schemas import catalogue, topics
from simulator.vetting.history import TOPICS, History, Line, UnreadableHistory, decoded, dumped, histories, undumped
from simulator.vetting.redecide import vet
from simulator.vetting.told import vetted_lines
from tests.orchestrator_world import World
from tests.pattern_story import document, hold
from tests.scripted_participants import Reply, failure, success
from tests.simulation import planted_bugs as bugs


@pytest.fixture(scope="module")
def recorded() -> list[Line]:
    """Return what a run in memory left on the topics: orders that went well and ones that did not."""
    world = World()
    world.start_order("ord_well")
    world.start_order("ord_large", total_minor=20_000, lines=[line(20_000)])
    world.start_order("ord_refused")
    world.start_order("ord_shaky")
    world.start_order("ord_stopped")
    world.settle()
    world.send("saga.Signal", "ord_large", name="approve", actor="ann", data="{}")
    world.send("saga.Signal", "ord_well", name="approve", actor="ann", data="{}")
    shaky = {"lock-inventory": "TRANSIENT", "pick": "UNKNOWN", "pack": "UNAVAILABLE"}

    def answers(name: str, command: Mapping[str, Any]) -> Reply | None:
        saga_id, step = command["meta"]["saga_id"], command["meta"]["step"]
        if saga_id == "ord_refused" and name == "payment.CapturePayment":
            return failure(command, "REJECTED", "card_declined")
        if saga_id == "ord_shaky" and command["meta"]["command_id"].endswith(":0") and step in shaky:
            return failure(command, shaky[step], "shaky", retry_after_ms=1_500)
        if saga_id == "ord_stopped" and step == "ship":
            return None
        return success(name, command)

    for _ in range(12):
        world.run(answers)
        world.later(2_000)
    world.send("saga.CancelSaga", "ord_stopped", actor="ann", reason="too slow")
    world.send("saga.CancelSaga", "ord_well", actor="ann", reason="too late")
    world.run(success)
    return lines_of(world)


def line(unit_price_minor: int) -> dict[str, Any]:
    return {"sku": "85123A", "description": "a lantern", "quantity": 1, "unit_price_minor": unit_price_minor}


def lines_of(world: World) -> list[Line]:
    found = [
        decoded(world.codec, topic, (record.key or b"").decode(), record.value)
        for topic in TOPICS
        for record in world.records(topic)
    ]
    return [one for one in found if one is not None]


def readable(world: World) -> list[Line]:
    """Return the lines that `saga replay` makes of topics on which poison lies."""
    found: list[Line | None] = []
    for topic in TOPICS:
        for record in world.records(topic):
            with suppress(UnreadableHistory):
                found.append(decoded(world.codec, topic, (record.key or b"").decode(), record.value))
    return [one for one in found if one is not None]


def read(lines: list[Line], registry: Registry | None = None) -> list[History]:
    return histories(lines, registry or load(None, {}))


def test_a_recorded_log_is_decided_again_without_a_divergence(recorded: list[Line]) -> None:
    """Rows M116 and M117: ids, tokens and jitter are in the events, and all of them are equal."""
    vetted = vet(read(recorded), load(None, {}))

    assert vetted_lines(vetted) == [f"5 sagas, {vetted.events} events decided again: no divergence"]
    assert vetted.events == sum(one.topic == topics.EVENTS.name for one in recorded)
    names = {one.name for one in recorded}
    assert {"saga.StepRetryScheduled", "saga.StepParked", "saga.SagaRevoked", "saga.InputIgnored"} <= names


def test_a_saga_that_stood_still_behind_poison_is_decided_again() -> None:
    """What a person had done with the record, and what they tried in vain, is in the events."""
    world = World()
    world.start_order("ord_a")
    world.put(topics.REPLIES.name, b"ord_a", b"\xde\xad")
    world.settle()
    for number, action in enumerate(("redrive", "drop", "drop"), 1):
        decided = {"action": action, "first": None, "actor": "ann", "reason": "looked at it"}
        world.later(number)
        world.send("saga.RedriveSaga", "ord_a", **decided)
        world.settle()
    world.run(success)

    vetted = vet(read(readable(world)), load(None, {}))

    assert world.statuses("ord_a")[-1]["status"] == "COMPLETED"
    assert {"RecordParked", "RecordUnparked", "InputIgnored"} <= set(world.names("ord_a"))
    assert vetted_lines(vetted) == [f"1 saga, {vetted.events} events decided again: no divergence"]


def test_what_was_meant_for_another_state_is_refused_again_with_and_without_the_messages() -> None:
    world = World()
    world.start_order("ord_a", total_minor=20_000, lines=[line(20_000)])
    world.settle()
    who = {"actor": "ann", "expected": 2}
    world.send("saga.Signal", "ord_a", name="approve", data="{}", **who)
    world.later(1)
    world.send("saga.CancelSaga", "ord_a", reason="too slow", **who)
    world.later(1)
    world.send("saga.ResolveSaga", "ord_a", action="skip", step=None, reason="so", **who)
    world.later(1)
    world.send("saga.MigrateSaga", "ord_a", version=1, **who)
    world.later(1)
    seen = len(world.names("ord_a"))
    world.send("saga.Signal", "ord_a", name="approve", actor="ann", data="{}", expected=seen)
    world.run(success)
    lines = lines_of(world)
    events = [one for one in lines if one.topic == topics.EVENTS.name]

    assert world.names("ord_a").count("InputIgnored") == 4
    assert world.statuses("ord_a")[-1]["status"] == "COMPLETED"
    for told in (lines, events):
        vetted = vet(read(told), load(None, {}))
        assert (vetted.first, vetted.unverified) == (None, 0)


def test_signals_for_one_step_are_taken_and_refused_again_with_and_without_the_messages() -> None:
    listen = {"to": {"any": [{"with": {"type": "approve"}}, {"with": {"type": "reject"}}]}}
    ask = {"listen": listen, "timeout": {"after": "PT1H"}}
    both = {"fork": {"branches": [{"left": ask}, {"right": dict(ask)}]}}
    registry = load(None, {})
    registry.add(compiled(document("twice", {"both": both})))
    world = World(lambda: registry)
    world.start_saga("sag_a", "twice", {})
    for step in ("right", "right", "left"):
        world.later(1)
        world.send("saga.Signal", "sag_a", name="approve", actor="ann", data="{}", step=step)
    world.run(success)
    lines = lines_of(world)
    events = [one for one in lines if one.topic == topics.EVENTS.name]

    names = world.names("sag_a")
    assert (names.count("SignalReceived"), names.count("InputIgnored"), names[-1]) == (2, 1, "SagaCompleted")
    for told in (lines, events):
        assert vet(read(told, registry), registry).first is None


def refusals(world: World) -> None:
    """Have a saga refuse all that may be asked of one: for another state, for a step that does not wait, too late."""
    who = {"actor": "ann"}
    world.start_order("ord_a", total_minor=20_000, lines=[line(20_000)])
    world.settle()
    for message, fields in (
        ("saga.Signal", {"name": "approve", "data": "{}", "expected": 2}),
        ("saga.Signal", {"name": "approve", "data": "{}", "step": "elsewhere"}),
        ("saga.CancelSaga", {"reason": "too slow", "expected": 2}),
        ("saga.ResolveSaga", {"action": "skip", "step": None, "reason": "so", "expected": 2}),
        ("saga.ResolveSaga", {"action": "skip", "step": "pick", "reason": "so"}),
        ("saga.ResolveSaga", {"action": "retry", "step": None, "reason": ""}),
        ("saga.MigrateSaga", {"version": 1, "expected": 2}),
        ("saga.MigrateSaga", {"version": 1}),
    ):
        world.later(1)
        world.send(message, "ord_a", **who, **fields)
        world.settle()
    world.send("saga.Signal", "ord_a", name="approve", data="{}", **who)
    world.run(success)
    world.send("saga.CancelSaga", "ord_a", reason="too late", **who)
    world.settle()
    assert world.names("ord_a").count("InputIgnored") == 9
    assert world.statuses("ord_a")[-1]["status"] == "COMPLETED"


def test_all_that_a_saga_refuses_is_refused_again_by_what_the_events_alone_tell() -> None:
    """Of a request to migrate the event does not tell to which version: it is taken as recorded."""
    world = World()
    refusals(world)
    lines = lines_of(world)
    events = [one for one in lines if one.topic == topics.EVENTS.name]

    for told, unverified in ((lines, 0), (events, 1)):
        vetted = vet(read(told), load(None, {}))
        assert (vetted.first, vetted.unverified) == (None, unverified)


def by_version_1(world: World, told: Line) -> Line:
    """Return an event as a build before version 2 of InputIgnored wrote it."""
    if told.name != "saga.InputIgnored":
        return told
    [older] = [one for one in catalogue.load().values() if one.name == told.name and one.version == 1]
    out = io.BytesIO()
    out.write(b"\0" + older.schema_id.to_bytes(4, "big"))
    schemaless_writer(out, older.parsed, told.fields)
    found = decoded(world.codec, told.topic, "ord_a", out.getvalue())
    assert found is not None
    return found


def test_what_was_refused_before_events_told_what_it_was_meant_for_is_decided_again_by_the_messages_alone() -> None:
    world = World()
    refusals(world)
    older = [by_version_1(world, one) for one in lines_of(world)]
    events = [one for one in older if one.topic == topics.EVENTS.name]

    for told, unverified in ((older, 0), (events, 9)):
        again = list(undumped(f"{one}\n" for one in dumped(told)))
        for lines in (told, again):
            vetted = vet(read(lines), load(None, {}))
            assert (vetted.first, vetted.unverified) == (None, unverified)


def test_a_refusal_that_tells_another_step_than_its_message_is_caught() -> None:
    world = World()
    refusals(world)
    lines = lines_of(world)
    wrong = [
        one._replace(fields={**one.fields, "meant_for": None}) if one.name == "saga.InputIgnored" else one
        for one in lines
    ]

    first = vet(read(wrong), load(None, {})).first

    assert first is not None
    assert first.recorded is not None
    assert first.recorded.name == "InputIgnored"


def test_the_events_alone_are_enough(recorded: list[Line]) -> None:
    events = [one for one in recorded if one.topic == topics.EVENTS.name]

    vetted = vet(read(events), load(None, {}))

    assert vetted.first is None
    assert vetted.events == len(events)


def test_a_dump_holds_all_that_is_needed(recorded: list[Line]) -> None:
    dump = "".join(f"{one}\n" for one in dumped(recorded))

    again = list(undumped(io.StringIO(dump)))

    assert again == recorded
    assert vet(read(again), load(None, {})).first is None


def test_replaying_calls_nobody(recorded: list[Line], monkeypatch: pytest.MonkeyPatch) -> None:
    """Row M117."""

    def refuse(*_: object) -> None:
        raise AssertionError("a socket is opened")

    monkeypatch.setattr(socket, "socket", refuse)

    assert vet(read(recorded), load(None, {})).first is None


def test_a_build_with_another_backoff_is_named_with_saga_and_event(recorded: list[Line]) -> None:
    """Row M116: a deliberately changed build."""
    patched = bugs.drawing_lots_for_the_backoff()
    registry = load(None, {})
    vet(read(recorded), registry, patched)

    vetted = vet(read(recorded), registry, patched)

    first = vetted.first
    assert first is not None
    assert first.saga_id == "ord_shaky"
    assert first.recorded is not None
    assert first.decided is not None
    assert first.recorded.name == first.decided.name == StepRetryScheduled.__name__
    assert first.recorded.fields["due_at"] < first.decided.fields["due_at"]
    report = vetted_lines(vetted)
    assert report[1].startswith(f"first: ord_shaky, event {first.sequence}: ")
    [differs] = [one for one in report if one.startswith("* ")]
    assert differs.split()[1:] == ["due_at", *(str(one.fields["due_at"]) for one in (first.recorded, first.decided))]


def test_a_build_that_decides_less_is_caught(recorded: list[Line]) -> None:
    vetted = vet(read(recorded), load(None, {}), bugs.going_on_after_a_cancel())

    first = vetted.first
    assert first is not None
    assert (first.saga_id, first.decided) == ("ord_stopped", None)
    assert first.recorded is not None
    assert first.recorded.name == "CompensationStarted"


def test_a_definition_that_was_changed_in_place_is_caught(recorded: list[Line]) -> None:
    registry = load(None, {})

    class Changed(Registry):
        def version(self, name: str, version: int) -> Definition | None:
            found = super().version(name, version)
            return None if found is None else with_a_quick_lock(found)

    vetted = vet(read(recorded), Changed(registry.versions(), {}))

    first = vetted.first
    assert first is not None
    assert first.decided is not None
    assert first.decided.fields["step"] == "lock-inventory"


def with_a_quick_lock(definition: Definition) -> Definition:
    lock = definition.nodes["lock-inventory"]
    assert isinstance(lock, Call)
    return replace(definition, nodes={**definition.nodes, lock.name: replace(lock, timeout_ms=7)})


def test_results_that_were_shaped_and_steps_in_loops_and_tries_are_decided_again() -> None:
    shaped = hold("shaped", output={"as": "${ {kept: .delay_ms, was: $input} }"})
    again = {"try": [{"one": hold("one")}], "catch": {"as": "problem", "do": [{"two": hold("two")}]}}
    loop = {"for": {"each": "it", "in": "${ [1, 2] }"}, "do": [{"three": hold("three")}]}
    registry = load(None, {})
    registry.add(compiled(document("shapes", {"first": shaped}, {"again": again}, {"loop": loop})))
    world = World(lambda: registry)
    world.start_saga("sag_a", "shapes", {})

    def answers(name: str, command: Mapping[str, Any]) -> Reply:
        if command["meta"]["step"].endswith("/one"):
            return failure(command, "REJECTED", "no")
        return success(name, command)

    world.run(answers)
    lines = lines_of(world)
    events = [one for one in lines if one.topic == topics.EVENTS.name]

    assert world.names("sag_a")[-1] == "SagaCompleted"
    assert vet(read(lines, registry), registry).first is None
    assert vet(read(events, registry), registry).first is None


@pytest.mark.parametrize("text", ["", "{}\n", '{"format": "sagaline-history/1"}\n{"topic": 1}\n', "no json\n"])
def test_what_is_no_dump_is_refused(text: str) -> None:
    if not text:
        assert list(undumped(io.StringIO(text))) == []
        return
    with pytest.raises(UnreadableHistory):
        list(undumped(io.StringIO(text)))
