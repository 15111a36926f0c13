"""The orchestrator's stream processor: decodes inputs, asks the core, and writes what follows from it."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from orchestrator.core.decide import Decision, decide, start
from orchestrator.core.definition import Definition
from orchestrator.core.events import FailureKind, Recorded, SignalReceived, StepCompleted, StepScheduled
from orchestrator.core.inputs import Failed, Input, Start, Succeeded, TimerDue
from orchestrator.core.state import Phase, State, next_due
from orchestrator.definitions.registry import Registry
from orchestrator.outbound import Message, Outbound, UnsendableCommand
from orchestrator.serde import MAX_TEXT, Fields, cancel_of, origin_fields, reply_of, signal_of, state_fields, state_of
from schemas.cloudevents import traceparent_of
from schemas.codec import MAX_MESSAGE_BYTES, Codec, TooLarge, Undecodable, Unencodable
from streams.processor import Context
from streams.record import Record

ORIGIN_SUFFIX = b"/origin"
_CACHED_SAGAS = 20_000
_LARGE_RESULT = 2_000
_HEAVY_STATE = 50_000
"""Bytes from which on a saga's state is measured with every result."""
_BYTES_PER_STEP = 250
"""Room that is kept free in a state's record for what each step still adds to it: a saga must be able to end."""
_ROOM_FOR_REASONS = 10_000
UNSENDABLE = "unsendable_command"


@dataclass(slots=True)
class SagaProcessor:
    """One task's processor. It caches the sagas it has seen; the runtime replaces it after an abort."""

    registry: Registry
    codec: Codec
    outbound: Outbound
    retention_ms: int
    _sagas: dict[str, State] = field(default_factory=dict)
    _dirty: set[str] = field(default_factory=set)
    _heavy: set[str] = field(default_factory=set)

    def process(self, record: Record, now_ms: int, context: Context) -> None:
        """Handle one input or reply. What cannot be read or belongs to no saga becomes a dead letter."""
        try:
            name, fields = self.codec.decode(record.value)
            meta = fields.get("meta", {})
            saga_id = meta.get("saga_id", "")
            if record.key is None or record.key != saga_id.encode():
                context.dead_letter(record, "misrouted", f"the key is not the saga id {saga_id!r}")
            elif name == "saga.StartSaga":
                self._start(record, fields, now_ms, context)
            else:
                self._input(record, name, fields, saga_id, now_ms, context)
        except Undecodable as error:
            context.dead_letter(record, "undecodable", str(error))

    def fire(self, key: bytes, now_ms: int, context: Context) -> None:
        """Handle a saga's due timer; a finished saga whose time is up is forgotten."""
        saga_id = key.decode()
        state = self._load(saga_id, context)
        if state is None:
            return
        if state.phase is Phase.ENDED:
            self._forget(saga_id, context)
            return
        definition = self.registry.version(state.definition, state.version)
        if definition is None:
            raise LookupError(f"{saga_id} needs {state.definition} version {state.version}, which is not loaded")
        self._take(definition, state, TimerDue(), now_ms, context)
        self._dirty.discard(saga_id)
        self._put(saga_id, context)

    def flush(self, context: Context) -> None:
        """Write every saga that changed since the last commit, and forget the longest unused ones."""
        for saga_id in self._dirty:
            self._put(saga_id, context)
        self._dirty.clear()
        while len(self._sagas) > _CACHED_SAGAS:
            forgotten = next(iter(self._sagas))
            del self._sagas[forgotten]
            self._heavy.discard(forgotten)

    def _put(self, saga_id: str, context: Context) -> None:
        state = self._sagas[saga_id]
        value = self.codec.encode("saga.State", state_fields(state))
        if len(value) > _HEAVY_STATE:
            self._heavy.add(saga_id)
        context.put(saga_id.encode(), value, self._due(state))

    def _due(self, state: State) -> int | None:
        if state.phase is not Phase.ENDED:
            return next_due(state)
        return None if state.outcome == "SUSPENDED" else state.updated_at + self.retention_ms

    def _load(self, saga_id: str, context: Context) -> State | None:
        state = self._sagas.pop(saga_id, None)
        if state is None:
            key = saga_id.encode()
            value, origin = context.get(key), context.get(key + ORIGIN_SUFFIX)
            if value is None or origin is None:
                return None
            state = state_of(self.codec.decode(value).fields, self.codec.decode(origin).fields)
            if len(value) > _HEAVY_STATE:
                self._heavy.add(saga_id)
        self._sagas[saga_id] = state
        return state

    def _forget(self, saga_id: str, context: Context) -> None:
        key = saga_id.encode()
        context.delete(key)
        context.delete(key + ORIGIN_SUFFIX)
        self._sagas.pop(saga_id, None)
        self._dirty.discard(saga_id)
        self._heavy.discard(saga_id)

    def _start(self, record: Record, fields: Fields, now_ms: int, context: Context) -> None:
        saga_id: str = fields["meta"]["saga_id"]
        if not saga_id or "/" in saga_id or ":" in saga_id:
            context.dead_letter(record, "unusable_saga_id", f"{saga_id!r} is empty or holds '/' or ':'")
            return
        if self._load(saga_id, context) is not None:
            return
        wanted = fields["version"]
        name = fields["definition"]
        definition = self.registry.newest(name) if wanted is None else self.registry.version(name, wanted)
        if definition is None:
            context.dead_letter(record, "unknown_definition", f"{name} version {wanted or 'newest'} is not loaded")
            return
        try:
            data = orjson.loads(fields["data"])
        except orjson.JSONDecodeError as error:
            context.dead_letter(record, "undecodable", f"data: {error}")
            return
        if not isinstance(data, dict):
            context.dead_letter(record, "undecodable", "data: must be an object")
            return
        command = Start(
            fields["meta"]["input_id"], data, self.registry.parameters(definition), traceparent_of(record.headers)
        )
        decision = start(definition, saga_id, command, now_ms)
        try:
            origin = self.codec.encode("saga.Origin", origin_fields(decision.state))
            messages, decision = self._encode(definition, decision, now_ms)
        except (TooLarge, Unencodable, TypeError) as error:
            context.dead_letter(record, "unusable_data", str(error))
            return
        context.put(saga_id.encode() + ORIGIN_SUFFIX, origin)
        self._commit(decision, messages, None, context)

    def _input(self, record: Record, name: str, fields: Fields, saga_id: str, now_ms: int, context: Context) -> None:
        state = self._load(saga_id, context)
        if state is None:
            context.dead_letter(record, "unknown_saga", f"{saga_id} is not known here")
            return
        definition = self.registry.version(state.definition, state.version)
        if definition is None:
            raise LookupError(f"{saga_id} needs {state.definition} version {state.version}, which is not loaded")
        try:
            given = self._given(name, fields)
        except (ValueError, KeyError) as error:
            context.dead_letter(record, "undecodable", f"{name}: {error!r}")
            return
        if given is None:
            context.dead_letter(record, "unexpected_message", f"{name} is neither an input nor a reply")
            return
        self._take(definition, state, given, now_ms, context)

    def _given(self, name: str, fields: Fields) -> Input | None:
        if name == "saga.Signal":
            return signal_of(fields)
        if name == "saga.CancelSaga":
            return cancel_of(fields)
        if "command_id" in fields["meta"] and "participant" in fields["meta"]:
            return reply_of(name, fields)
        return None

    def _take(self, definition: Definition, state: State, given: Input, now_ms: int, context: Context) -> None:
        decision = decide(definition, state, given, now_ms)
        if not decision.events:
            return
        try:
            messages, decision = self._encode(definition, decision, now_ms)
        except TooLarge as error:
            if not isinstance(given, Succeeded):
                raise
            decision = decide(definition, state, _too_large(given, error), now_ms)
            messages, decision = self._encode(definition, decision, now_ms)
        self._commit(decision, messages, state, context)

    def _encode(self, definition: Definition, decision: Decision, now_ms: int) -> tuple[list[Message], Decision]:
        """Encode all that a decision leads to. A command that cannot be built or encoded fails its own step."""
        unsendable: set[str] = set()
        while True:
            try:
                messages = self.outbound.messages(definition, decision, unsendable)
            except UnsendableCommand as error:
                event = error.recorded.event
                assert isinstance(event, StepScheduled)
                unsendable.add(event.command_id)
                reason = error.reason[:MAX_TEXT]
                refused = Failed(
                    event.command_id, event.step, event.undo, FailureKind.REJECTED, UNSENDABLE, reason, (), None
                )
                after = decide(definition, decision.state, refused, now_ms)
                decision = Decision([*decision.events, *after.events], after.state)
            else:
                if self._may_outgrow(decision, messages):
                    self._measure(definition, decision.state)
                return messages, decision

    def _may_outgrow(self, decision: Decision, messages: list[Message]) -> bool:
        """Tell whether a result is new and it, or what was there already, could bring the state over the limit."""
        heavy = bool(self._heavy) and decision.state.saga_id in self._heavy
        if not heavy and all(len(message.value) <= _LARGE_RESULT for message in messages):
            return False
        return any(_adds_result(recorded) for recorded in decision.events)

    def _measure(self, definition: Definition, state: State) -> None:
        """Raise TooLarge where the state's record would leave no room for the steps that may still follow."""
        room = MAX_MESSAGE_BYTES - _ROOM_FOR_REASONS - _BYTES_PER_STEP * len(definition.nodes)
        size = len(self.codec.encode("saga.State", state_fields(state)))
        if size > room:
            raise TooLarge(f"the saga's state has {size} bytes; at most {room} are allowed")

    def _commit(self, decision: Decision, messages: list[Message], before: State | None, context: Context) -> None:
        for message in messages:
            context.forward(message.topic, message.key, message.value, message.headers)
        state = decision.state
        if before is None or before.lifecycle != state.lifecycle or before.status != state.status:
            status = self.outbound.status(state)
            context.forward(status.topic, status.key, status.value, status.headers)
        self._sagas[state.saga_id] = state
        self._dirty.add(state.saga_id)


def _too_large(given: Succeeded, error: TooLarge) -> Failed:
    """Return the failure that a result is which no record of the saga can hold: it happened, so it is undone."""
    return Failed(
        given.command_id,
        given.step,
        given.undo,
        FailureKind.UNKNOWN,
        "reply_too_large",
        str(error),
        (),
        None,
        retriable=False,
    )


def _adds_result(recorded: Recorded) -> bool:
    """Tell whether an event adds to the outputs that a state keeps."""
    match recorded.event:
        case StepCompleted(undo=False) | SignalReceived():
            return True
        case _:
            return False
