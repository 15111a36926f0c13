"""The orchestrator's stream processor: decodes inputs, asks the core, and writes what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import orjson

from orchestrator import parking
from orchestrator.audit import audit
from orchestrator.core.decide import NO_DEFINITION, Decision, decide, start
from orchestrator.core.definition import Definition
from orchestrator.core.events import BEHIND
from orchestrator.core.inputs import DROP, REDRIVE, Input, Migrate, Park, TimerDue, Unpark
from orchestrator.core.state import Phase, State
from orchestrator.definitions.registry import Registry
from orchestrator.definitions.schedule import After
from orchestrator.fitting import Fitting, too_large
from orchestrator.metering import SagaCounts
from orchestrator.outbound import Message, Outbound
from orchestrator.sagas import ORIGIN_SUFFIX, Sagas
from orchestrator.schedules import SOURCE, Schedules, is_schedule
from orchestrator.serde import MAX_TEXT, Fields, input_of, migration_of, origin_fields, redrive_of
from orchestrator.starting import NotStartable, Starting, check_id
from orchestrator.telemetry import Telemetry
from schemas.codec import Codec, TooLarge, Undecodable, Unencodable, UnknownSchema
from streams.processor import Context
from streams.record import Record

UNDECODABLE = "undecodable"
"""The code of a record that no build can read."""


class SagaProcessor:
    """One task's processor. It caches the sagas it has seen; the runtime replaces it after an abort."""

    __slots__ = (
        "_codec", "_counts", "_fitting", "_outbound", "_registry", "_sagas", "_schedules", "_starting", "_telemetry",
    )  # fmt: skip

    def __init__(
        self,
        registry: Registry,
        codec: Codec,
        outbound: Outbound,
        retention_ms: int,
        counts: SagaCounts | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        """Work with these definitions; a saga stays in the store for `retention_ms` after its end.

        Without `telemetry` the log is told nothing of what happens to sagas.
        """
        self._counts = SagaCounts() if counts is None else counts
        self._telemetry = telemetry
        self._registry = registry
        self._codec = codec
        self._outbound = outbound
        self._fitting = Fitting(codec, outbound)
        self._sagas = Sagas(codec, retention_ms)
        self._schedules = Schedules(codec)
        self._starting = Starting(registry)

    def process(self, record: Record, now_ms: int, context: Context) -> None:
        """Handle one input or reply. What cannot be read or belongs to no saga becomes a dead letter."""
        try:
            name, fields = self._codec.decode(record.value)
        except UnknownSchema as error:
            self._unusable(record, parking.UNKNOWN_SCHEMA, str(error), now_ms, context)
        except Undecodable as error:
            self._unusable(record, UNDECODABLE, str(error), now_ms, context)
        else:
            self._dispatch(record, name, fields, now_ms, context)

    def _dispatch(self, record: Record, name: str, fields: Fields, now_ms: int, context: Context) -> None:
        saga_id = fields.get("meta", {}).get("saga_id", "")
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
            case "saga.RedriveSaga":
                self._redrive(record, fields, now_ms, context)
            case _:
                self._input(record, name, fields, saga_id, now_ms, context)

    def bury(self, record: Record, code: str, detail: str, now_ms: int, context: Context) -> None:
        """Dead-letter a record that this build cannot process; what its saga sends from now on waits behind it."""
        try:
            is_redrive = self._codec.decode(record.value).name == "saga.RedriveSaga"
        except Undecodable:
            is_redrive = False
        if is_redrive:
            context.dead_letter(record, code, detail)
        else:
            self._unusable(record, code, detail, now_ms, context)

    def _unusable(self, record: Record, code: str, detail: str, now_ms: int, context: Context) -> None:
        """Dead-letter a record; where it belongs to a running saga, that one stands still until a person decides."""
        context.dead_letter(record, code, detail)
        state = self._sagas.load((record.key or b"").decode(errors="replace"), context)
        if state is not None and state.phase is not Phase.ENDED and parking.may_wait(record):
            self._park(state, record, code, detail[:MAX_TEXT], now_ms, context)

    def _park(self, state: State, record: Record, code: str, detail: str, now_ms: int, context: Context) -> None:
        if len(state.parked) >= parking.MOST:
            context.dead_letter(record, "too_many_wait", f"{parking.MOST} records of {state.saga_id} wait already")
            return
        given = Park(parking.place(record), record.topic, record.partition, record.offset, code, detail)
        definition = self._registry.version(state.definition, state.version) or NO_DEFINITION
        self._take(definition, state, given, now_ms, context)
        parking.keep(context, state.saga_id, self._loaded(state.saga_id, context).parked[-1][0], record)

    def _loaded(self, saga_id: str, context: Context) -> State:
        state = self._sagas.load(saga_id, context)
        assert state is not None
        return state

    def _redrive(self, record: Record, fields: Fields, now_ms: int, context: Context) -> None:
        """Handle the records of a saga that wait, in order, as far as they can be used."""
        saga_id: str = fields["meta"]["saga_id"]
        state = self._sagas.load(saga_id, context)
        if state is None:
            context.dead_letter(record, "unknown_saga", f"{saga_id} is not known here")
            return
        asked = redrive_of(fields)
        if state.parked and fields["first"] not in (None, parking.place(self._first_parked(state, context))):
            asked = replace(asked, refused=f"{fields['first'][:MAX_TEXT]} is not the first record that waits")
        if asked.refused is not None or not state.parked:
            self._take(self._definition_of(state), state, asked, now_ms, context)
        else:
            self._redrive_all(saga_id, asked, now_ms, context)

    def _first_parked(self, state: State, context: Context) -> Record:
        return parking.kept(context, state.saga_id, state.parked[0][0])

    def _redrive_all(self, saga_id: str, asked: Unpark, now_ms: int, context: Context) -> None:
        while (state := self._loaded(saga_id, context)).parked:
            definition, number = self._definition_of(state), state.parked[0][0]
            waiting = self._first_parked(state, context)
            objection = None if asked.action == DROP else self._still_unusable(waiting)
            if objection is not None:
                refused = f"record {number} still cannot be read: {objection}"[:MAX_TEXT]
                self._take(definition, state, replace(asked, refused=refused), now_ms, context)
                return
            self._take(definition, state, asked, now_ms, context)
            parking.let_go(context, saga_id, number)
            if asked.action != DROP:
                name, message = self._codec.decode(waiting.value)
                self._input(waiting, name, message, saga_id, now_ms, context, redriven=True)
            asked = replace(asked, action=REDRIVE)

    def _still_unusable(self, record: Record) -> str | None:
        """Return why a record would be parked again, at the end this time; None where it would not."""
        try:
            name, fields = self._codec.decode(record.value)
            if name != "saga.MigrateSaga":
                input_of(name, fields)
        except Undecodable as error:
            return str(error)
        except (ValueError, KeyError) as error:
            return f"{name}: {error!r}"
        return None

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
        if state.parked:
            self._look_again(state, now_ms, context)
            return
        self._take(self._definition_of(state), state, TimerDue(), now_ms, context)
        self._sagas.write(saga_id, context)

    def _look_again(self, state: State, now_ms: int, context: Context) -> None:
        """Redrive a saga whose record waits for its schema, where that is known by now."""
        is_loaded = self._registry.version(state.definition, state.version) is not None
        if not is_loaded or self._still_unusable(self._first_parked(state, context)) is not None:
            self._sagas.push_back(state.saga_id, now_ms + parking.RETRY_MS, context)
            return
        asked = Unpark(f"{state.saga_id}:schema", REDRIVE, "orchestrator", "the schema is known now")
        self._redrive_all(state.saga_id, asked, now_ms, context)
        self._sagas.write(state.saga_id, context)

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
            messages, decision = self._messages(definition, decision, now_ms)
        except (TooLarge, Unencodable, TypeError) as error:
            raise NotStartable("unusable_data", str(error)) from error
        context.put(saga_id.encode() + ORIGIN_SUFFIX, origin)
        self._commit(definition, decision, messages, None, context)

    def _input(
        self,
        record: Record,
        name: str,
        fields: Fields,
        saga_id: str,
        now_ms: int,
        context: Context,
        *,
        redriven: bool = False,
    ) -> None:
        state = self._sagas.load(saga_id, context)
        if state is None:
            if name == "saga.UndoSaga" and fields["parent"] is not None:
                # It was there: its start would have been refused otherwise. What it did can no longer be told.
                forgotten = f"{saga_id} ended so long ago that it is forgotten"
                self._tell_parent(fields, now_ms, context, ("forgotten", forgotten))
            else:
                context.dead_letter(record, "unknown_saga", f"{saga_id} is not known here")
            return
        if state.parked and not redriven:
            self._park(state, record, BEHIND, "", now_ms, context)
            return
        definition = self._registry.version(state.definition, state.version)
        if definition is None:
            missing = f"{saga_id} needs {state.definition} version {state.version}, which is not loaded"
            self._unusable(record, parking.UNKNOWN_DEFINITION, missing, now_ms, context)
            return
        try:
            given = self._migration(state, fields) if name == "saga.MigrateSaga" else input_of(name, fields)
        except (ValueError, KeyError) as error:
            self._unusable(record, UNDECODABLE, f"{name}: {error!r}", now_ms, context)
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
        return migration_of(fields, target)

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
            messages, decision = self._messages(definition, decision, now_ms)
        except TooLarge as error:
            decision = decide(definition, state, too_large(given, error), now_ms)
            if not decision.events:
                raise
            messages, decision = self._messages(definition, decision, now_ms)
        self._commit(definition, decision, messages, state, context)

    def _messages(self, definition: Definition, decision: Decision, now_ms: int) -> tuple[list[Message], Decision]:
        is_heavy = self._sagas.is_heavy(decision.state.saga_id)
        return self._fitting.messages(definition, decision, now_ms, is_heavy=is_heavy)

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
        self._counts.note(state.definition, decision.events)
        if self._telemetry is not None:
            self._telemetry.tell(decision, context)
        for message in audit(decision, before):
            context.forward(*message)
        if before is None or before.lifecycle != state.lifecycle or before.status != state.status:
            context.forward(*self._outbound.status(state))
        if _is_over(state) and (before is None or not _is_over(before)):
            self._ended(definition, state, context)
        self._sagas.keep(state)

    def _ended(self, definition: Definition, state: State, context: Context) -> None:
        """Count a saga's end, and tell the schedule that waits for it."""
        self._counts.note_end(state)
        if isinstance(self._registry.schedule(definition), After) and state.saga_id.startswith(f"{state.definition}."):
            self._schedules.report_end(state.definition, state.saga_id, state.updated_at, context)


def _is_over(state: State) -> bool:
    """Tell whether a saga has ended and waits for nobody."""
    return state.phase is Phase.ENDED and state.outcome != "SUSPENDED"
