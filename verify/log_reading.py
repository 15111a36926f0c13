"""Turn raw records into the log that the checks judge; what decodes as nothing needs a dead letter."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from schemas import topics
from schemas.codec import Codec, Undecodable
from verify.evidence import (
    ORDER_DEFINITIONS,
    Command,
    DeadLetter,
    Emitted,
    Event,
    Line,
    Log,
    Place,
    Request,
    Start,
    Status,
)
from verify.topics import Raw

COMMAND_TOPICS = (
    topics.INVENTORY_COMMANDS.name,
    topics.PAYMENT_COMMANDS.name,
    topics.SHIPPING_COMMANDS.name,
    topics.NOTIFICATION_COMMANDS.name,
    topics.TASKS_COMMANDS.name,
)
READ = (
    topics.INPUTS.name,
    topics.REPLIES.name,
    topics.EVENTS.name,
    topics.CHANGELOG.name,
    topics.STATUS.name,
    topics.DEAD_LETTERS.name,
    topics.EMITTED.name,
    *COMMAND_TOPICS,
)
"""Every topic the evidence is taken from."""

_OF_CHILDREN = frozenset({"saga.StartSaga", "saga.UndoSaga"})
_REQUESTS = {
    "saga.Signal": "signal",
    "saga.CancelSaga": "cancellation",
    "saga.ResolveSaga": "decision",
    "saga.MigrateSaga": "migration",
    "saga.UndoSaga": "undo",
}
"""What a saga that runs can be told, and what each is called; every one of them leads to an event of the saga."""
_ORCHESTRATOR = "/sagaline/orchestrator"
"""The source of inputs that sagas send to each other."""
_UNDO = ":undo"
_REDRIVEN = "redriven-of"
"""The header of a command that a person had put back: it is the one that was sent, once more."""
_DECISION = "decides"
"""The header of what lies among the dead letters and is none, but what was decided about one."""


class LogBuilder:
    """Collects records in the order they come; each partition must come in its own order."""

    def __init__(self, codec: Codec) -> None:
        self.next_offsets: dict[tuple[str, int], int] = {}
        self._codec = codec
        self._starts: list[Start] = []
        self._begun: dict[str, Start] = {}
        self._events: dict[str, list[Event]] = {}
        self._commands: list[Command] = []
        self._emitted: list[Emitted] = []
        self._requests: list[Request] = []
        self._states: dict[str, Mapping[str, Any]] = {}
        self._expired: set[str] = set()
        self._statuses: dict[str, Status] = {}
        self._dead: list[DeadLetter] = []
        self._unreadable: dict[str, str] = {}
        self._by_topic: Mapping[str, Callable[[Raw], None]] = {
            topics.INPUTS.name: self._input,
            topics.REPLIES.name: self._reply,
            topics.EVENTS.name: self._event,
            topics.CHANGELOG.name: self._state,
            topics.STATUS.name: self._status,
            topics.DEAD_LETTERS.name: self._dead_letter,
            topics.EMITTED.name: self._told,
            **dict.fromkeys(COMMAND_TOPICS, self._command),
        }

    def add(self, records: Iterable[Raw]) -> None:
        """Take records in; those that cannot be read are remembered with their place.

        What is on a topic of somebody else is a command of ours, or nothing to us.
        """
        for record in records:
            self.next_offsets[record.topic, record.partition] = record.offset + 1
            try:
                self._by_topic.get(record.topic, self._command)(record)
            except (Undecodable, KeyError, TypeError, ValueError) as error:
                if record.topic in self._by_topic:
                    self._unreadable[str(_place(record))] = f"{type(error).__name__}: {error}"

    @property
    def further_topics(self) -> Sequence[str]:
        """The topics of participants that are none of ours, to which sagas sent commands."""
        scheduled = (event for events in self._events.values() for event in events if event.name == "StepScheduled")
        return sorted({str(event.fields["topic"]) for event in scheduled} - self._by_topic.keys())

    def build(self) -> Log:
        """Return the log; an unreadable record that was dead-lettered is no longer held against anybody."""
        explained = {letter.origin for letter in self._dead}
        return Log(
            self._starts,
            self._begun,
            self._events,
            self._commands,
            self._emitted,
            self._requests,
            self._states,
            self._statuses,
            self._dead,
            frozenset(self._expired),
            [f"{place}: {why}" for place, why in self._unreadable.items() if place not in explained],
        )

    def _input(self, record: Raw) -> None:
        name, fields = self._codec.decode(record.value)
        if name == "saga.StartSaga":
            started = _start(fields["meta"]["saga_id"], fields["definition"], fields["data"], _place(record))
            self._starts.append(started)
        elif name in _REQUESTS:
            self._requests.append(_request(record, name, fields))
        if name in _OF_CHILDREN and fields["meta"]["source"] == _ORCHESTRATOR:
            self._commands.append(_child_command(record, name, fields))

    def _reply(self, record: Raw) -> None:
        self._codec.decode(record.value)

    def _event(self, record: Raw) -> None:
        name, fields = self._codec.decode(record.value)
        meta = fields.pop("meta")
        event = Event(
            meta["saga_id"],
            meta["sequence"],
            name.partition(".")[2],
            meta["lifecycle"],
            meta["status"],
            meta["at"],
            meta["definition"],
            meta["version"],
            fields,
            _place(record),
            meta["cause"],
        )
        self._events.setdefault(event.saga_id, []).append(event)
        if event.name == "SagaStarted" and event.saga_id not in self._begun:
            self._begun[event.saga_id] = _start(event.saga_id, event.definition, fields["data"], event.place)

    def _command(self, record: Raw) -> None:
        name, fields = self._codec.decode(record.value)
        if _REDRIVEN in record.headers:
            return
        meta = fields.pop("meta")
        self._commands.append(
            Command(
                meta["saga_id"],
                meta["sequence"],
                meta["command_id"],
                meta["token"],
                meta["undoes"],
                meta["step"],
                meta["attempt"],
                (str(fields["type"]) if name == "saga.GenericCommand" else name).rpartition(".")[2],
                fields,
                _place(record),
            )
        )

    def _state(self, record: Raw) -> None:
        if "/" in record.key:
            # What a saga was started with, a schedule, a record that waits: no saga's id holds a '/'.
            return
        if record.value is None:
            self._states.pop(record.key, None)
            self._expired.add(record.key)
        else:
            self._expired.discard(record.key)
            self._states[record.key] = self._codec.decode(record.value).fields

    def _status(self, record: Raw) -> None:
        if record.value is None:
            self._statuses.pop(record.key, None)
            return
        value = json.loads(record.value)
        self._statuses[record.key] = Status(value["saga_id"], value["sequence"], value["lifecycle"], value["status"])

    def _told(self, record: Raw) -> None:
        about = record.headers
        self._emitted.append(Emitted(record.key, about["ce_id"], about["ce_type"], _place(record)))

    def _dead_letter(self, record: Raw) -> None:
        told = record.headers
        if _DECISION in told:
            return
        origin = f"{told.get('origin_topic')}/{told.get('origin_partition')}@{told.get('origin_offset')}"
        self._dead.append(DeadLetter(record.key, origin, told.get("error_code", ""), told.get("error_detail", "")))


def _child_command(record: Raw, name: str, fields: Mapping[str, Any]) -> Command:
    """Return the command that an input of a child saga is; its id names the saga and the step that sent it."""
    command_id = str(fields["meta"]["input_id"])
    token = command_id.rpartition(":")[0]
    saga_id, _, path = token.partition(":")
    sequence = record.headers.get("causationid", "").rpartition(":")[2]
    forward = token.removesuffix(_UNDO)
    return Command(
        saga_id,
        int(sequence) if sequence.isdecimal() else 0,
        command_id,
        token,
        None if forward == token else forward,
        path.removesuffix(_UNDO),
        None,
        name.partition(".")[2],
        fields,
        _place(record),
    )


def _request(record: Raw, name: str, fields: Mapping[str, Any]) -> Request:
    meta = fields["meta"]
    said = f"signal {fields['name']}" if name == "saga.Signal" else _REQUESTS[name]
    return Request(meta["saga_id"], meta["input_id"], said, _place(record))


def _start(saga_id: str, definition: str, text: str, place: Place) -> Start:
    if definition not in ORDER_DEFINITIONS:
        return Start(saga_id, definition, 0, "", (), place)
    data = json.loads(text)
    try:
        lines = tuple(Line(line["sku"], line["quantity"], line["unit_price_minor"]) for line in data["lines"])
        return Start(saga_id, definition, data["total_minor"], data["currency"], lines, place)
    except (KeyError, TypeError):  # operators may start any definition with any data: this order can be worth nothing
        return Start(saga_id, definition, 0, "", (), place)


def _place(record: Raw) -> Place:
    return Place(record.topic, record.partition, record.offset)
