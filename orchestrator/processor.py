"""The orchestrator's stream processor: decodes inputs, asks the core, and writes what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from orchestrator.audit import audit
from orchestrator.core.decide import Decision, decide, start
from orchestrator.core.definition import Definition
from orchestrator.core.events import (
    ContextExported,
    EventEmitted,
    FailureKind,
    Recorded,
    ScopeEntered,
    SignalReceived,
    StepCompleted,
    StepScheduled,
)
from orchestrator.core.inputs import Failed, GiveUp, Input, Migrate, Succeeded, TimerDue
from orchestrator.core.state import Phase, State
from orchestrator.definitions.registry import Registry
from orchestrator.definitions.schedule import After
from orchestrator.outbound import Message, Outbound, UnsendableCommand
from orchestrator.sagas import ORIGIN_SUFFIX, Sagas
from orchestrator.schedules import SOURCE, Schedules, is_schedule
from orchestrator.serde import (
    MAX_TEXT,
    Fields,
    cancel_of,
    origin_fields,
    reply_of,
    resolve_of,
    signal_of,
    state_fields,
    undo_of,
)
from orchestrator.starting import NotStartable, Starting, check_id
from schemas.codec import MAX_MESSAGE_BYTES, Codec, TooLarge, Undecodable, Unencodable
from streams.processor import Context
from streams.record import Record

_LARGE_RESULT = 2_000
_BYTES_PER_STEP = 250
"""Room that is kept free in a state's record for what each step still adds to it: a saga must be able to end."""
_BYTES_PER_UNDO = 100
"""The same for undoing a step that is in it already: loops have more steps than their definition has nodes."""
_MANY_STEPS = 200
_ROOM_FOR_REASONS = 10_000
UNSENDABLE = "unsendable_command"


class SagaProcessor:
    """One task's processor. It caches the sagas it has seen; the runtime replaces it after an abort."""

    __slots__ = ("_codec", "_outbound", "_registry", "_sagas", "_schedules", "_starting")

    def __init__(self, registry: Registry, codec: Codec, outbound: Outbound, retention_ms: int) -> None:
        """Work with these definitions; a saga stays in the store for `retention_ms` after its end."""
        self._registry = registry
        self._codec = codec
        self._outbound = outbound
        self._sagas = Sagas(codec, retention_ms)
        self._schedules = Schedules(codec)
        self._starting = Starting(registry)

    def process(self, record: Record, now_ms: int, context: Context) -> None:
        """Handle one input or reply. What cannot be read or belongs to no saga becomes a dead letter."""
        try:
            name, fields = self._codec.decode(record.value)
            meta = fields.get("meta", {})
            saga_id = meta.get("saga_id", "")
            if record.key is None or record.key != saga_id.encode():
                context.dead_letter(record, "misrouted", f"the key is not the saga id {saga_id!r}")
                return
            match name:
                case "saga.StartSaga":
                    self._start(record, fields, now_ms, context)
                case "saga.ArmSchedule":
                    self._schedules.arm(record, fields, now_ms, context)
                case "saga.RunEnded":
                    self._schedules.ended(fields, context)
                case _:
                    self._input(record, name, fields, saga_id, now_ms, context)
        except Undecodable as error:
            context.dead_letter(record, "undecodable", str(error))

    def fire(self, key: bytes, now_ms: int, context: Context) -> None:
        """Handle a due timer, a schedule's or a saga's; a finished saga whose time is up is forgotten."""
        if is_schedule(key):
            self._schedules.fire(key, now_ms, context)
            return
        saga_id = key.decode()
        state = self._sagas.load(saga_id, context)
        if state is None:
            return
        if state.phase is Phase.ENDED:
            self._sagas.forget(saga_id, context)
            return
        self._take(self._definition_of(state), state, TimerDue(), now_ms, context)
        self._sagas.write(saga_id, context)

    def flush(self, context: Context) -> None:
        """Write every saga that changed since the last commit."""
        self._sagas.flush(context)

    def _definition_of(self, state: State) -> Definition:
        """Return the version that a saga is pinned to. Raises LookupError, Abortable."""
        definition = self._registry.version(state.definition, state.version)
        if definition is None:
            raise LookupError(f"{state.saga_id} needs {state.definition} version {state.version}, which is not loaded")
        return definition

    def _start(self, record: Record, fields: Fields, now_ms: int, context: Context) -> None:
        saga_id: str = fields["meta"]["saga_id"]
        try:
            check_id(saga_id)
            if self._sagas.load(saga_id, context) is None:
                self._begin(saga_id, record, fields, now_ms, context)
        except NotStartable as error:
            context.dead_letter(record, error.code, error.detail)
            self._tell_parent(fields, now_ms, context, (error.code, error.detail[:MAX_TEXT]))
            if fields["meta"]["source"] == SOURCE:
                self._schedules.report_end(fields["definition"], saga_id, now_ms, context)

    def _begin(self, saga_id: str, record: Record, fields: Fields, now_ms: int, context: Context) -> None:
        definition, command = self._starting.read(record, fields)
        decision = start(definition, saga_id, command, now_ms)
        try:
            origin = self._codec.encode("saga.Origin", origin_fields(decision.state))
            messages, decision = self._encode(definition, decision, now_ms)
        except (TooLarge, Unencodable, TypeError) as error:
            raise NotStartable("unusable_data", str(error)) from error
        context.put(saga_id.encode() + ORIGIN_SUFFIX, origin)
        self._commit(definition, decision, messages, None, context)

    def _input(self, record: Record, name: str, fields: Fields, saga_id: str, now_ms: int, context: Context) -> None:
        state = self._sagas.load(saga_id, context)
        if state is None:
            if name == "saga.UndoSaga" and fields["parent"] is not None:
                # It was there: its start would have been refused otherwise. What it did can no longer be told.
                forgotten = f"{saga_id} ended so long ago that it is forgotten"
                self._tell_parent(fields, now_ms, context, ("forgotten", forgotten))
            else:
                context.dead_letter(record, "unknown_saga", f"{saga_id} is not known here")
            return
        definition = self._definition_of(state)
        try:
            given = self._migration(state, fields) if name == "saga.MigrateSaga" else _given(name, fields)
        except (ValueError, KeyError) as error:
            context.dead_letter(record, "undecodable", f"{name}: {error!r}")
            return
        except LookupError as error:
            context.dead_letter(record, "unknown_definition", str(error))
            return
        if given is None:
            context.dead_letter(record, "unexpected_message", f"{name} is neither an input nor a reply")
            return
        self._take(definition, state, given, now_ms, context)

    def _migration(self, state: State, fields: Fields) -> Migrate:
        """Return the request to go over to another version. Raises LookupError where that is not loaded, Abortable."""
        target = self._registry.version(state.definition, fields["version"])
        if target is None:
            raise LookupError(f"{state.definition} version {fields['version']} is not loaded")
        return Migrate(fields["meta"]["input_id"], target, fields["actor"][:MAX_TEXT])

    def _tell_parent(self, fields: Fields, now_ms: int, context: Context, refusal: tuple[str, str]) -> None:
        """Answer a saga whose child is not there, with a code and a message."""
        if fields["parent"] is not None:
            parent = orjson.loads(fields["parent"])
            context.forward(*self._outbound.answer(parent, fields["meta"]["saga_id"], now_ms, refusal))

    def _take(self, definition: Definition, state: State, given: Input, now_ms: int, context: Context) -> None:
        decision = decide(definition, state, given, now_ms)
        if not decision.events:
            return
        if isinstance(given, Migrate) and decision.state.version != state.version:
            definition = given.target
        try:
            messages, decision = self._encode(definition, decision, now_ms)
        except TooLarge as error:
            decision = decide(definition, state, _too_large(given, error), now_ms)
            if not decision.events:
                raise
            messages, decision = self._encode(definition, decision, now_ms)
        self._commit(definition, decision, messages, state, context)

    def _encode(self, definition: Definition, decision: Decision, now_ms: int) -> tuple[list[Message], Decision]:
        """Encode all that a decision leads to. A command that cannot be built or encoded fails its own step."""
        unsendable: set[str] = set()
        while True:
            try:
                messages = self._outbound.messages(definition, decision, unsendable)
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

    def _may_outgrow(self, decision: Decision, messages: Sequence[Message]) -> bool:
        """Tell whether a result is new and it, or what was there already, could bring the state over the limit."""
        heavy = self._sagas.is_heavy(decision.state.saga_id) or len(decision.state.steps) > _MANY_STEPS
        if not heavy and all(len(message.value) <= _LARGE_RESULT for message in messages):
            return False
        return any(_adds_result(recorded) for recorded in decision.events)

    def _measure(self, definition: Definition, state: State) -> None:
        """Raise TooLarge where the state's record would leave no room for the steps that may still follow."""
        ahead = _BYTES_PER_STEP * len(definition.nodes) + _BYTES_PER_UNDO * len(state.steps)
        room = MAX_MESSAGE_BYTES - _ROOM_FOR_REASONS - ahead
        size = len(self._codec.encode("saga.State", state_fields(state)))
        if size > room:
            raise TooLarge(f"the saga's state has {size} bytes; at most {room} are allowed")

    def _commit(
        self,
        definition: Definition,
        decision: Decision,
        messages: Sequence[Message],
        before: State | None,
        context: Context,
    ) -> None:
        for message in messages:
            context.forward(*message)
        state = decision.state
        for message in audit(decision, before):
            context.forward(*message)
        if before is None or before.lifecycle != state.lifecycle or before.status != state.status:
            context.forward(*self._outbound.status(state))
        if _is_over(state) and (before is None or not _is_over(before)):
            self._ended(definition, state, context)
        self._sagas.keep(state)

    def _ended(self, definition: Definition, state: State, context: Context) -> None:
        """Tell the schedule that waits for a saga's end."""
        if isinstance(self._registry.schedule(definition), After) and state.saga_id.startswith(f"{state.definition}."):
            self._schedules.report_end(state.definition, state.saga_id, state.updated_at, context)


def _given(name: str, fields: Fields) -> Input | None:
    """Return the input that a message is, None for one that is none. Raises ValueError, KeyError."""
    if name == "saga.Signal":
        return signal_of(fields)
    if name == "saga.CancelSaga":
        return cancel_of(fields)
    if name == "saga.UndoSaga":
        return undo_of(fields)
    if name == "saga.ResolveSaga":
        return resolve_of(fields)
    if "command_id" in fields["meta"] and "participant" in fields["meta"]:
        return reply_of(name, fields)
    return None


def _is_over(state: State) -> bool:
    """Tell whether a saga has ended and waits for nobody."""
    return state.phase is Phase.ENDED and state.outcome != "SUSPENDED"


def _too_large(given: Input, error: TooLarge) -> Failed | GiveUp:
    """Return what follows from an input after which no record could hold the saga.

    A result is a failure of its step: it happened, so it is undone. After anything else the saga turns round.
    """
    if not isinstance(given, Succeeded):
        return GiveUp("saga_too_large", str(error))
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
        case StepCompleted(undo=False) | SignalReceived() | ScopeEntered() | ContextExported() | EventEmitted():
            return True
        case _:
            return False
