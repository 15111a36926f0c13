"""What a batch of commands and completions means, in order and in memory: the rules of inbox, effect and undo."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic

from schemas.cloudevents import traceparent_of
from schemas.codec import Codec
from services.participant.answers import Answers, Outgoing
from services.participant.command import Command
from services.participant.effect import Effect, State, first_claim, next_claim, pack, unpack
from services.participant.handlers import Bulk, L, Local, LocalUndo, Provider, ProviderUndo, Service
from services.participant.job import Job, JobDone
from services.participant.journal import Journal
from services.participant.outcome import INVALID_COMMAND, SUPERSEDED, Done, Failed, FailureKind, Outcome, rejected
from services.participant.telemetry import Telemetry
from streams.record import Record

MAX_TRACE = 200
"""Characters of a trace context; the standard's has 55."""


@dataclass(slots=True)
class Harvest:
    """What the shell has to do once the batch is committed."""

    outgoing: list[Outgoing] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    settled: dict[str, Effect | None] = field(default_factory=dict)
    """Tokens whose job has ended, with their effect as it stands now."""
    lines: list[bytes] = field(default_factory=list)
    """What the log is told."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Tokens with a job at work, and those of them that an undo waits for."""

    running: Collection[str] = frozenset()
    undoing: Collection[str] = frozenset()


NOTHING_UNDER_WAY = UnderWay()


class Batch(Generic[L]):
    """Good for one transaction; nothing it does is visible before the journal and the ledger are saved."""

    def __init__(
        self,
        service: Service[L],
        answers: Answers,
        codec: Codec,
        journal: Journal,
        ledger: L,
        *,
        now_ms: int,
        under_way: UnderWay,
        telemetry: Telemetry | None,
    ) -> None:
        self._service = service
        self._telemetry = telemetry
        self._answers = answers
        self._codec = codec
        self._journal = journal
        self._ledger = ledger
        self._now_ms = now_ms
        self._under_way = under_way
        self._started: dict[str, Job] = {}
        self.harvest = Harvest()

    def accept(self, command: Command) -> None:
        """Handle one command: known, repeated under its token, or new."""
        meta = command.meta
        journal = self._journal
        effect = journal.effects.get(meta["token"])
        if meta["command_id"] in journal.replies:
            self._again(command, effect)
            return
        journal.add(command, self._now_ms)
        handler = self._service.handlers.get(command.name)
        if handler is None:
            self._reply(command, rejected(INVALID_COMMAND, f"{self._service.name} takes no {command.name}"))
        elif effect is not None:
            self._retry(command, effect)
        else:
            match handler:
                case Local() | Provider() | Bulk():
                    wrong = handler.check(command.fields)
                    if wrong is not None:
                        self._finish(command, rejected(INVALID_COMMAND, wrong))
                    elif isinstance(handler, Local):
                        self._finish(command, handler.apply(command, self._ledger))
                    else:
                        self._open(command, self._original(command))
                case LocalUndo():
                    self._undo_here(command, handler)
                case ProviderUndo():
                    self._undo_there(command, handler)

    def refuse(self, command: Command, failure: Failed) -> None:
        """Answer a command whose handler is broken, without any effect."""
        if command.meta["command_id"] in self._journal.replies:
            self._again(command, None)
        else:
            self._journal.add(command, self._now_ms)
            self._reply(command, failure)

    def settle(self, done: JobDone) -> None:
        """Apply the end of a job, unless the effect has ended or another job has taken it over."""
        token, outcome = done.job.token, done.outcome
        effect = self._journal.effects.get(token)
        if effect is not None and effect.state == State.OPEN and effect.claim == done.job.claim:
            match outcome:
                case Done():
                    self._record(done.job, outcome)
                    self._journal.put(effect._replace(state=State.DONE, result=pack(outcome), intent=None))
                    if done.job.undoes is not None:
                        self._close_original(done.job.undoes, outcome.undid)
                case Failed(kind=FailureKind.REJECTED):
                    self._journal.put(effect._replace(state=State.REFUSED, result=pack(outcome), intent=None))
                case Failed(kind=FailureKind.UNKNOWN):
                    pass
                case Failed():
                    if token in self._under_way.undoing:
                        self._journal.put(effect._replace(state=State.BARRED, intent=None))
                    else:
                        self._journal.drop(token)
            self._reply_later(effect, done.job, outcome)
        self.harvest.settled[token] = self._journal.effects.get(token)

    def _record(self, job: Job, outcome: Done) -> None:
        handler = self._service.handlers[job.name]
        if isinstance(handler, Provider | ProviderUndo | Bulk):
            handler.record(job, outcome, self._ledger)

    def _close_original(self, token: str, undid: bool) -> None:
        original = self._journal.effects.get(token)
        if original is not None and original.state != State.REFUSED:
            state = State.UNDONE if undid else State.BARRED
            self._journal.put(original._replace(state=state, intent=None))

    def _again(self, command: Command, effect: Effect | None) -> None:
        """Answer a command that came before: the stored reply, or none yet while its effect is in progress."""
        reply = self._journal.replies[command.meta["command_id"]]
        if reply is not None:
            trace = _trace(command.record)
            self.harvest.outgoing.append(self._answers.again(reply, trace))
            if self._telemetry is not None:
                line = self._telemetry.repeated(command.name, command.meta, self._now_ms, trace)
                self.harvest.lines.append(line)
        elif effect is not None and effect.state == State.OPEN:
            self._continue(command, effect)
        elif effect is not None:
            self._reply(command, _outcome_of(effect))

    def _retry(self, command: Command, effect: Effect) -> None:
        """Answer a new command for a known token; while the effect is in progress, the answer is for this one."""
        if effect.state != State.OPEN:
            self._reply(command, _outcome_of(effect))
            return
        trace = _trace(command.record)
        newest = effect._replace(
            command_id=command.meta["command_id"],
            intent=command.record.value,
            traceparent=trace,
        )
        self._journal.put(newest)
        if self._telemetry is not None:
            self.harvest.lines.append(self._telemetry.retried(command.name, command.meta, self._now_ms, trace))
        self._continue(command, newest)

    def _continue(self, command: Command, effect: Effect) -> None:
        under_way = effect.token in self._under_way.running and effect.token not in self.harvest.settled
        if not under_way and effect.token not in self._started:
            undoes = command.meta["undoes"]
            original = self._journal.effects.get(undoes) if undoes is not None else None
            claim = next_claim(effect.claim or first_claim(command.meta["command_id"]))
            self._journal.put(effect._replace(claim=claim))
            self._start(command, original, claim, resumed=True)

    def _undo_here(self, command: Command, handler: LocalUndo[L]) -> None:
        undoes = command.meta["undoes"]
        if undoes is None:
            self._reply(command, rejected(INVALID_COMMAND, "a compensation must say what it undoes"))
            return
        original = self._journal.effects.get(undoes)
        if original is None:
            self._bar(command, undoes)
        elif original.state == State.DONE:
            outcome = handler.apply(command, original, self._ledger)
            if isinstance(outcome, Done):
                self._journal.put(original._replace(state=State.UNDONE))
            self._finish(command, outcome)
            return
        self._finish(command, handler.nothing)

    def _undo_there(self, command: Command, handler: ProviderUndo[L]) -> None:
        original = self._original(command)
        if original is None:
            self._reply(command, rejected(INVALID_COMMAND, "a compensation must say what it undoes"))
        elif original.state in (State.REFUSED, State.UNDONE):
            self._finish(command, handler.nothing)
        else:
            self._open(command, original)

    def _original(self, command: Command) -> Effect | None:
        """Return the effect that a command undoes, barred where it has not come; None where it undoes none."""
        undoes = command.meta["undoes"]
        if undoes is None:
            return None
        return self._journal.effects.get(undoes) or self._bar(command, undoes)

    def _bar(self, command: Command, token: str) -> Effect:
        """Leave the mark that refuses a command which comes after its undo."""
        step = command.meta["step"]
        barred = Effect(token, command.meta["saga_id"], step, command.name, State.BARRED)
        self._journal.put(barred)
        return barred

    def _open(self, command: Command, original: Effect | None) -> None:
        meta, record = command.meta, command.record
        claim = first_claim(meta["command_id"])
        self._journal.put(
            Effect(
                meta["token"], meta["saga_id"], meta["step"], command.name, State.OPEN, None, meta["command_id"],
                record.partition, record.value, _trace(record), claim,
            )
        )  # fmt: skip
        self._start(command, original, claim, resumed=False)

    def _start(self, command: Command, original: Effect | None, claim: str, resumed: bool) -> None:
        meta = command.meta
        job = Job(
            meta["token"], command.name, command.fields, meta["deadline"], command.record.partition, claim, resumed,
            meta["undoes"], original,
        )  # fmt: skip
        self._started[job.token] = job
        self.harvest.jobs.append(job)

    def _finish(self, command: Command, outcome: Outcome) -> None:
        """Store the effect of a command that is over at once, and answer it."""
        meta = command.meta
        if isinstance(outcome, Done) or outcome.kind is FailureKind.REJECTED:
            state = State.DONE if isinstance(outcome, Done) else State.REFUSED
            self._journal.put(Effect(meta["token"], meta["saga_id"], meta["step"], command.name, state, pack(outcome)))
        self._reply(command, outcome)

    def _reply(self, command: Command, outcome: Outcome) -> None:
        meta = command.meta
        trace = _trace(command.record)
        value = self._encode(command.name, meta, outcome, trace)
        self._journal.answer(meta["command_id"], value)
        self.harvest.outgoing.append(
            self._answers.outgoing(meta["saga_id"], meta["command_id"], value, self._now_ms, trace)
        )

    def _reply_later(self, effect: Effect, job: Job, outcome: Outcome) -> None:
        """Answer the newest command of an effect: its offset is committed already, so the reply goes by the outbox."""
        if effect.intent is None or effect.command_id is None or effect.partition is None:
            return
        meta = job.fields["meta"]
        if meta["command_id"] != effect.command_id:
            meta = self._codec.decode(effect.intent).fields["meta"]
        trace = effect.traceparent or ""
        value = self._encode(job.name, meta, outcome, trace)
        self._journal.answer(effect.command_id, value)
        outgoing = self._answers.outgoing(effect.saga_id, effect.command_id, value, self._now_ms, trace)._replace(
            outbox_id=f"{effect.command_id}:reply"
        )
        self._journal.send_later(outgoing, effect.partition)
        self.harvest.outgoing.append(outgoing)

    def _encode(self, name: str, meta: Mapping[str, Any], outcome: Outcome, trace: str) -> bytes:
        """Return a reply, and have the log told of it."""
        answer = self._answers.encode(meta, outcome, self._now_ms)
        if self._telemetry is not None:
            line = self._telemetry.answered(name, meta, answer.outcome, self._now_ms, trace)
            self.harvest.lines.append(line)
        return answer.value


def _trace(record: Record) -> str:
    """Return the trace context of a command, if it can be stored."""
    trace = traceparent_of(record.headers)
    return trace if len(trace) <= MAX_TRACE and "\0" not in trace else ""


def _outcome_of(effect: Effect) -> Outcome:
    if effect.result is None or effect.state in (State.UNDONE, State.BARRED):
        return SUPERSEDED
    return unpack(effect.result)
