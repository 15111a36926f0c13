"""What a decision makes the orchestrator write: events, commands, the business state, reports to a person."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from orchestrator.core.decide import Decision
from orchestrator.core.definition import Definition
from orchestrator.core.events import Recorded, StepScheduled
from orchestrator.core.react import ReportUndone, SendCommand, react
from orchestrator.core.state import State
from orchestrator.serde import Fields, event_message, to_json
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
                out.append(self._message(state, recorded, effect, event_id))
        return out

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

    def _effect(self, definition: Definition, state: State, recorded: Recorded) -> SendCommand | ReportUndone | None:
        try:
            return react(definition, state, recorded)
        except (AttributeError, KeyError, TypeError) as error:
            raise UnsendableCommand(recorded, f"the arguments cannot be computed: {error!r}") from error

    def _message(self, state: State, recorded: Recorded, effect: SendCommand | ReportUndone, cause: str) -> Message:
        key = state.saga_id.encode()
        if isinstance(effect, ReportUndone):
            details = [
                ("error_code", b"compensation_failed"),
                ("error_detail", f"{effect.step}: {effect.code}: {effect.message}".encode()),
                ("causationid", cause.encode()),
            ]
            value = {"saga_id": state.saga_id, "step": effect.step, "code": effect.code, "message": effect.message}
            return Message(topics.DEAD_LETTERS.name, key, orjson.dumps(value), details)
        try:
            name, fields = self._command(state, recorded, effect)
            value_bytes = self.codec.encode(name, fields)
        except (Unencodable, TooLarge, TypeError) as error:
            raise UnsendableCommand(recorded, str(error)) from error
        trace = state.origin.traceparent
        sent = headers(effect.command, _SOURCE, effect.command_id, state.saga_id, recorded.at, cause, trace)
        return Message(effect.topic, key, value_bytes, sent)

    def _command(self, state: State, recorded: Recorded, effect: SendCommand) -> tuple[str, Fields]:
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
        if self.codec.publishes(effect.command):
            return effect.command, {**effect.arguments, "meta": meta}
        return _GENERIC, {"meta": meta, "type": effect.command, "data": to_json(effect.arguments)}
