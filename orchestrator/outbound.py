"""What a decision makes the orchestrator write: events, commands, the business state, reports to a person."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from orchestrator.core.decide import Decision
from orchestrator.core.definition import Definition
from orchestrator.core.events import Json, Recorded, StepFailed, StepScheduled
from orchestrator.core.react import (
    Effect,
    PublishEvent,
    ReplyToParent,
    Report,
    SendCommand,
    StartChild,
    UndoChild,
    react,
)
from orchestrator.core.scope import UNREADABLE
from orchestrator.core.state import State
from orchestrator.serde import Fields, event_message, reply_to_parent, to_json
from schemas import topics
from schemas.cloudevents import headers
from schemas.codec import Codec, TooLarge, Unencodable
from streams.record import Headers

_GENERIC = "saga.GenericCommand"
_SOURCE = "/sagaline/orchestrator"


class Message(NamedTuple):
    """A record to write."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


class _About(NamedTuple):
    """Where a message goes and what its headers say."""

    topic: str
    key: str
    type: str
    message_id: str
    cause: str


class UnsendableCommand(Exception):
    """A command's arguments cannot be built or do not fit its schema: its step cannot succeed."""

    def __init__(self, recorded: Recorded, reason: str) -> None:
        super().__init__(reason)
        self.recorded = recorded
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Outbound:
    """Encodes decisions."""

    codec: Codec

    def messages(self, definition: Definition, decision: Decision, unsendable: AbstractSet[str]) -> list[Message]:
        """Return the records of a decision, without the commands whose ids are unsendable.

        Raises UnsendableCommand, and TooLarge where an event does not fit a record.
        """
        state = decision.state
        saga_id, trace = state.saga_id, state.origin.traceparent
        key, topic, encode = saga_id.encode(), topics.EVENTS.name, self.codec.encode
        out: list[Message] = []
        for recorded in decision.events:
            name, fields = event_message(state, recorded)
            event_id = f"{saga_id}:{recorded.sequence}"
            about = headers(name, _SOURCE, event_id, saga_id, recorded.at, recorded.cause, trace)
            out.append(Message(topic, key, encode(name, fields), about))
            event = recorded.event
            if unsendable and isinstance(event, StepScheduled) and event.command_id in unsendable:
                continue
            effect = self._effect(definition, state, recorded)
            if effect is not None:
                out += self._messages(decision, recorded, effect, event_id)
        return out

    def answer(self, parent: Json, child_id: str, at: int, refusal: tuple[str, str]) -> Message:
        """Return what a saga is told of a child that is not there: the code and the message of a refusal."""
        code, message = refusal
        name, fields = reply_to_parent(ReplyToParent(parent, {}, code, message, True), at)
        saga_id: str = parent["saga_id"]
        about = headers(name, _SOURCE, f"{child_id}:refused", child_id, at, parent["command_id"], "")
        return Message(topics.REPLIES.name, saga_id.encode(), self.codec.encode(name, fields), about)

    def status(self, state: State) -> Message:
        """Return the record of a saga's business state, plain JSON for tools that know no Avro."""
        value = orjson.dumps(
            {
                "saga_id": state.saga_id,
                "definition": state.definition,
                "version": state.version,
                "sequence": state.sequence,
                "lifecycle": state.lifecycle,
                "status": state.status,
                "at": state.updated_at,
                "reason": state.code,
            }
        )
        return Message(topics.STATUS.name, state.saga_id.encode(), value, [])

    def _effect(self, definition: Definition, state: State, recorded: Recorded) -> Effect | None:
        try:
            return react(definition, state, recorded)
        except UNREADABLE as error:
            raise UnsendableCommand(recorded, f"the arguments cannot be computed: {error!r}") from error

    def _messages(self, decision: Decision, recorded: Recorded, effect: Effect, cause: str) -> list[Message]:
        state = decision.state
        match effect:
            case SendCommand():
                return [self._command(state, recorded, effect, cause)]
            case StartChild() | UndoChild():
                return [self._child(state, recorded, effect, cause)]
            case ReplyToParent():
                return [self._reply(state, recorded, effect, cause)]
            case PublishEvent():
                return list(self._events(state, recorded, effect, cause))
            case Report():
                return [_report(decision, effect, cause)]

    def _command(self, state: State, recorded: Recorded, effect: SendCommand, cause: str) -> Message:
        meta: dict[str, Any] = {
            "saga_id": state.saga_id,
            "sequence": effect.sequence,
            "command_id": effect.command_id,
            "token": effect.token,
            "undoes": effect.undoes,
            "step": effect.step,
            "attempt": effect.attempt,
            "issued_at": recorded.at,
            "deadline": effect.deadline,
        }
        about = _About(topics.here(effect.topic), state.saga_id, effect.command, effect.command_id, cause)
        try:
            if self.codec.publishes(effect.command):
                return self._message(state, recorded, about, effect.command, {**effect.arguments, "meta": meta})
            fields = {"meta": meta, "type": effect.command, "data": to_json(effect.arguments)}
            return self._message(state, recorded, about, _GENERIC, fields)
        except (Unencodable, TooLarge, TypeError) as error:
            raise UnsendableCommand(recorded, str(error)) from error

    def _child(self, state: State, recorded: Recorded, effect: StartChild | UndoChild, cause: str) -> Message:
        parent = None if effect.parent is None else to_json(effect.parent)
        meta = _input_meta(effect.child_id, effect.command_id, recorded.at)
        if isinstance(effect, UndoChild):
            name = "saga.UndoSaga"
            fields: Fields = {"meta": meta, "actor": f"saga:{state.saga_id}", "reason": effect.reason, "parent": parent}
        else:
            name = "saga.StartSaga"
            options = {**state.origin.options}
            fields = {
                "meta": meta,
                "definition": effect.definition,
                "version": effect.version,
                "data": to_json(effect.data),
                "options": to_json(options),
                "parent": parent,
            }
        about = _About(topics.INPUTS.name, effect.child_id, name, effect.command_id, cause)
        try:
            return self._message(state, recorded, about, name, fields)
        except (Unencodable, TooLarge, TypeError) as error:
            raise UnsendableCommand(recorded, str(error)) from error

    def _reply(self, state: State, recorded: Recorded, effect: ReplyToParent, cause: str) -> Message:
        name, fields = reply_to_parent(effect, recorded.at)
        parent: str = effect.parent["saga_id"]
        about = _About(topics.REPLIES.name, parent, name, f"{state.saga_id}:{recorded.sequence}:end", cause)
        return self._message(state, recorded, about, name, fields)

    def _events(self, state: State, recorded: Recorded, effect: PublishEvent, cause: str) -> Iterator[Message]:
        trace, source = state.origin.traceparent, f"{_SOURCE}/{state.definition}"
        made = headers(effect.type, source, effect.event_id, state.saga_id, recorded.at, recorded.cause, trace)
        # The type is the author's own: only the product's messages have its name before theirs.
        about = [(name, effect.type.encode() if name == "ce_type" else value) for name, value in made]
        value = to_json(effect.data).encode()
        yield Message(topics.EMITTED.name, state.saga_id.encode(), value, about)
        if effect.subject is not None:
            meta = _input_meta(effect.subject, effect.event_id, recorded.at)
            data = effect.data if isinstance(effect.data, dict) else {"value": effect.data}
            signal = {"meta": meta, "name": effect.type, "actor": f"saga:{state.saga_id}", "data": to_json(data)}
            to = _About(topics.INPUTS.name, effect.subject, "saga.Signal", effect.event_id, cause)
            yield self._message(state, recorded, to, "saga.Signal", signal)

    def _message(self, state: State, recorded: Recorded, about: _About, name: str, fields: Fields) -> Message:
        value = self.codec.encode(name, fields)
        trace = state.origin.traceparent
        sent = headers(about.type, _SOURCE, about.message_id, state.saga_id, recorded.at, about.cause, trace)
        return Message(about.topic, about.key.encode(), value, sent)


def _input_meta(saga_id: str, input_id: str, at: int) -> Fields:
    return {"saga_id": saga_id, "input_id": input_id, "at": at, "source": _SOURCE}


def _report(decision: Decision, effect: Report, cause: str) -> Message:
    saga_id = decision.state.saga_id
    details = [
        ("error_code", effect.kind.encode()),
        ("error_detail", f"{effect.step}: {effect.code}: {effect.message}".encode()),
        ("causationid", cause.encode()),
    ]
    events = (recorded.event for recorded in decision.events)
    causes = [list(one.causes) for one in events if isinstance(one, StepFailed) and one.step == effect.step]
    value = {"saga_id": saga_id, "step": effect.step, "code": effect.code, "message": effect.message}
    chain = {"causes": causes[-1] if causes else []}
    return Message(topics.DEAD_LETTERS.name, saga_id.encode(), orjson.dumps({**value, **chain}), details)
