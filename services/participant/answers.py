"""Encoding replies and dead letters, and sending a stored reply again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas import catalogue
from schemas.cloudevents import headers
from schemas.codec import Codec, TooLarge
from schemas.topics import DEAD_LETTERS, REPLIES
from services.participant.command import Poison
from services.participant.metering import CommandCounts
from services.participant.outcome import Done, Failed, Outcome, unknown
from streams.dead_letter import dead_letter_headers, dead_letter_value
from streams.record import Headers

FAILED = "saga.CommandFailed"


class Outgoing(NamedTuple):
    """A record to write; with an `outbox_id` it is kept in SQL until Kafka has it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    outbox_id: str | None = None


class Answer(NamedTuple):
    """An encoded reply, and the outcome that it tells: another one where the first was too large to be told."""

    value: bytes
    outcome: Outcome


class Answers:
    """Writes the replies of one participant."""

    __slots__ = ("_codec", "_counts", "_names", "_participant")

    def __init__(self, codec: Codec, participant: str, counts: CommandCounts) -> None:
        self._codec = codec
        self._counts = counts
        self._participant = participant
        self._names = {schema.schema_id: schema.name for schema in catalogue.load().values()}

    def encode(self, command: Mapping[str, Any], outcome: Outcome, now_ms: int) -> Answer:
        """Return the reply to a command, given its meta. A reply over the size limit becomes a failure."""
        meta = {
            "saga_id": command["saga_id"],
            "command_id": command["command_id"],
            "token": command["token"],
            "step": command["step"],
            "attempt": command["attempt"],
            "participant": self._participant,
            "completed_at": now_ms,
        }
        try:
            value = self._encode(meta, outcome)
        except TooLarge as error:
            outcome = unknown("reply_too_large", str(error))
            value = self._encode(meta, outcome)
        self._counts.answered(command["step"], outcome, now_ms - command["issued_at"])
        return Answer(value, outcome)

    def _encode(self, meta: Mapping[str, Any], outcome: Outcome) -> bytes:
        match outcome:
            case Done():
                return self._codec.encode(outcome.reply, {"meta": meta, **outcome.fields})
            case Failed():
                fields = {
                    "meta": meta,
                    "kind": outcome.kind.value,
                    "code": outcome.code,
                    "message": outcome.message,
                    "causes": list(outcome.causes),
                    "retry_after_ms": outcome.retry_after_ms,
                }
                return self._codec.encode(FAILED, fields)

    def outgoing(self, saga_id: str, command_id: str, value: bytes, at_ms: int, traceparent: str) -> Outgoing:
        """Return the record of an encoded reply."""
        name = self._names[int.from_bytes(value[1:5], "big")]
        about = headers(name, self._participant, f"{command_id}:reply", saga_id, at_ms, command_id, traceparent)
        return Outgoing(REPLIES.name, saga_id.encode(), value, about)

    def again(self, value: bytes, traceparent: str) -> Outgoing:
        """Return the record of a reply stored earlier: the same value, the same time."""
        self._counts.duplicates += 1
        meta = self._codec.decode(value).fields["meta"]
        return self.outgoing(meta["saga_id"], meta["command_id"], value, meta["completed_at"], traceparent)


def letter(poison: Poison) -> Outgoing:
    """Return the dead letter of a record."""
    record = poison.record
    about = dead_letter_headers(record, poison.code, poison.detail)
    return Outgoing(DEAD_LETTERS.name, record.key, dead_letter_value(record), about)
