"""Check the shape of the log: sequences 1..n, and one command for each StepScheduled and the reverse."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from schemas.topics import here
from verify.cases import Case, Cases
from verify.evidence import Command, Event, Evidence
from verify.report import Finding


def sequence_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield sagas whose sequence is not 1, 2, 3 ... in the order of the log."""
    for case in cases.by_id.values():
        expected = 1
        for event in case.events:
            if event.sequence < expected:
                yield Finding("sequence", (case.saga_id,), f"sequence {event.sequence} is repeated at {event.place}")
            elif event.sequence > expected:
                missing = f"{expected}" if event.sequence == expected + 1 else f"{expected}..{event.sequence - 1}"
                yield Finding("sequence", (case.saga_id,), f"sequence {missing} is missing before {event.place}")
            expected = max(expected, event.sequence) + 1 if event.sequence >= expected else expected
    for problem in evidence.log.unreadable:
        yield Finding("readable", (), problem)


def command_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield commands without their event, events without their command, and pairs that disagree."""
    scheduled = _scheduled(cases)
    sent: defaultdict[str, list[Command]] = defaultdict(list)
    for command in evidence.log.commands:
        sent[command.command_id].append(command)
    unsendable = _unsendable(cases)
    for command_id, events in scheduled.items():
        if len(events) > 1:
            yield Finding("commands", (events[0].saga_id,), f"{command_id} is scheduled {len(events)} times")
        forgotten = events[0].at_ms < evidence.forgotten_before_ms
        if command_id not in sent and command_id not in unsendable and not forgotten:
            yield Finding("commands", (events[0].saga_id,), f"{command_id} is scheduled, and no command is in the log")
    for command_id, commands in sent.items():
        if len(commands) > 1:
            places = ", ".join(str(command.place) for command in commands)
            yield Finding("commands", (commands[0].saga_id,), f"{command_id} was sent {len(commands)} times: {places}")
        if command_id not in scheduled:
            detail = f"{command_id} was sent at {commands[0].place}, and no event caused it"
            yield Finding("commands", (commands[0].saga_id,), detail)
        else:
            yield from _disagreements(scheduled[command_id][0], commands[0])


def _scheduled(cases: Cases) -> Mapping[str, list[Event]]:
    scheduled: defaultdict[str, list[Event]] = defaultdict(list)
    for case in cases.by_id.values():
        for event in case.events:
            if event.name == "StepScheduled":
                scheduled[str(event.fields["command_id"])].append(event)
    return scheduled


def unsendable_of(case: Case) -> Iterator[str]:
    """Yield the ids of commands that could not be built: the next thing told of their step is that it failed of it."""
    waiting: dict[tuple[str, bool], str] = {}
    for event in case.events:
        if event.name == "StepScheduled":
            waiting[event.step, event.undo] = str(event.fields["command_id"])
        elif event.name == "StepFailed":
            command_id = waiting.pop((event.step, event.undo), None)
            if command_id is not None and event.fields["code"] == "unsendable_command":
                yield command_id


def _unsendable(cases: Cases) -> frozenset[str]:
    return frozenset(command_id for case in cases.by_id.values() for command_id in unsendable_of(case))


def _disagreements(event: Event, command: Command) -> Iterator[Finding]:
    fields = event.fields
    pairs = {
        "saga": (event.saga_id, command.saga_id),
        "sequence": (event.sequence, command.sequence),
        "step": (event.step, command.step),
        "attempt": (fields["attempt"], command.attempt),
        "token": (fields["token"], command.token),
        "topic": (here(str(fields["topic"])), command.place.topic),
        "type": (str(fields["command"]).rpartition(".")[2], command.name),
        "compensation": (event.undo, command.undoes is not None),
    }
    for what, (by_event, by_command) in pairs.items():
        if by_event != by_command and by_command is not None:
            detail = f"{command.command_id}: {what} is {by_event} in the event and {by_command} in the command"
            yield Finding("commands", (event.saga_id,), detail)


def participant_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield commands that a participant holds and nobody sent, and open effects of orders with nothing under way."""
    sent = {command.command_id for command in evidence.log.commands} | _scheduled(cases).keys()
    held = Counter((row.participant, row.command_id) for row in evidence.tables.commands)
    for row in evidence.tables.commands:
        if row.command_id not in sent:
            detail = f"{row.participant} holds {row.command_id}, which nobody sent"
            yield Finding("participants", (row.saga_id,), detail)
    for (participant, command_id), times in held.items():
        if times > 1:
            saga_id = command_id.partition(":")[0]
            yield Finding("participants", (saga_id,), f"{participant} holds {command_id} {times} times")
    closed = {case.saga_id for case in cases.judged}
    for effect in evidence.tables.effects:
        if effect.state == "open" and effect.saga_id in closed:
            yield Finding("participants", (effect.saga_id,), f"{effect.participant} still works on {effect.token}")


def emitted_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield events that sagas emitted without a record of it, and records without their event."""
    told = {
        str(event.fields["event_id"]): event
        for case in cases.by_id.values()
        for event in case.events
        if event.name == "EventEmitted"
    }
    records = Counter((one.saga_id, one.event_id, one.type) for one in evidence.log.emitted)
    for event_id, event in told.items():
        times = records.pop((event.saga_id, event_id, str(event.fields["type"])), 0)
        if times != 1 and (times or event.at_ms >= evidence.forgotten_before_ms):
            yield Finding("commands", (event.saga_id,), f"{event_id} was emitted, and is on the topic {times} times")
    for saga_id, event_id, kind in records:
        yield Finding("commands", (saga_id,), f"{kind} {event_id} is on the topic, and no event emitted it")
