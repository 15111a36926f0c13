"""`workflow-orchestrator --mode execute`: start one saga on the running stack and follow it to its end."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import typer
from confluent_kafka import Consumer, KafkaException, TopicPartition

from cli.definition_files import Written
from cli.definition_reports import design_of
from cli.failure import ExitCode, Failure
from schemas import topics
from schemas.cloudevents import headers
from schemas.codec import Codec, TooLarge, Undecodable
from streams.errors import Fatal
from streams.kafka_config import KafkaConfig
from streams.kafka_security import connection
from streams.kafka_send import send
from streams.record import Outgoing

NOTHING_RUNS = 4
"""The exit code where no broker, or no orchestrator, answers."""

SAGA_ID = "$saga_id"
"""What an example input says where the id of the new saga belongs."""

_REMEDY = "Start the stack with `saga dev`; deploy a definition of your own with `saga definitions deploy`."
_ANSWER_S = 10.0
_POLL_S = 0.2
_SOURCE = "workflow-orchestrator"
_ENDS = {"saga.SagaCompleted": True, "saga.SagaRevoked": False, "saga.SagaSuspended": False}


class NothingRuns(Exception):
    """No stack takes the saga up; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Run:
    """What to run: `options` go before the definition's own, `wait_s` bounds the wait for the end."""

    definition: str
    data: Mapping[str, Any]
    options: Mapping[str, Any]
    wait_s: float


class Event(NamedTuple):
    """What happened to the saga."""

    name: str
    fields: Mapping[str, Any]

    @property
    def line(self) -> str:
        """One line for people: the event, its step, and the business state after it."""
        meta = self.fields["meta"]
        parts = [self.name.removeprefix("saga."), str(self.fields.get("step", ""))]
        if self.fields.get("undo"):
            parts.append("(undo)")
        signals = " or ".join(self.fields.get("signals") or ())
        detail = self.fields.get("code") or self.fields.get("branch") or self.fields.get("signal") or signals
        return f"{' '.join(part for part in (*parts, str(detail)) if part):48}  {meta['lifecycle']}, {meta['status']}"


def run_execute(
    written: Written, given: Path | None, address: Callable[[], str], options: Mapping[str, Any], wait_s: float
) -> int:
    """Run a process once on the Kafka at `address`, print what happens, and return the exit code. Raises Failure."""
    design = design_of(written)
    run = Run(design.name, input_of(design.document, given), options, wait_s)
    try:
        bootstrap = address()
    except Failure as failure:
        typer.echo(f"workflow-orchestrator: {failure.problem}\n      {failure.remedy}", err=True)
        return NOTHING_RUNS
    try:
        completed = execute(bootstrap, run, typer.echo)
    except NothingRuns as error:
        typer.echo(f"workflow-orchestrator: {error}.\n      {_REMEDY}", err=True)
        return NOTHING_RUNS
    return ExitCode.OK if completed else ExitCode.CHECK_FAILED


def input_of(document: Mapping[str, Any], file: Path | None) -> Mapping[str, Any]:
    """Return what to start the saga with: the file's JSON, or else the document's own example. Raises Failure."""
    if file is None:
        metadata = document["document"].get("metadata") or {}
        example = metadata.get("example", {})
        return example if isinstance(example, dict) else {}
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Failure(f"{file} holds no JSON: {error}.", "Write one JSON object.", ExitCode.USAGE) from error
    if not isinstance(given, dict):
        raise Failure(f"{file} holds no object.", "Write one JSON object.", ExitCode.USAGE)
    return given


def execute(bootstrap: str, run: Run, say: Callable[[str], None]) -> bool:
    """Start a saga and tell what happens until it ends. Returns whether it completed. Raises NothingRuns, Failure."""
    saga_id = f"run_{uuid.uuid4().hex}"
    began = time.monotonic()
    consumer = Consumer({**connection(bootstrap), "group.id": _SOURCE, "enable.auto.commit": False,
                         "isolation.level": "read_committed", "log_level": 0})  # fmt: skip
    try:
        _seek_to_end(consumer, bootstrap)
        _start(bootstrap, saga_id, run)
        say(f"{0:6.1f} s  {run.definition} started as {saga_id}")
        status = ""
        for event in _events(consumer, saga_id, began + run.wait_s):
            say(f"{time.monotonic() - began:6.1f} s  {event.line}")
            status = event.fields["meta"]["status"]
            if event.name in _ENDS:
                say(f"Final status: {status} ({event.fields['meta']['lifecycle']})")
                return _ENDS[event.name]
    finally:
        consumer.close()
    if not status:
        raise NothingRuns(f"no orchestrator took up {run.definition} within {time.monotonic() - began:.0f} s")
    say(f"Still {status} after {run.wait_s:.0f} s: it goes on without this command")
    return False


def _events(consumer: Consumer, saga_id: str, until: float) -> Iterator[Event]:
    """Yield the saga's events as they come; it ends at `until`, or where none comes at all."""
    codec = Codec()
    heard = False
    silent_until = time.monotonic() + _ANSWER_S
    while time.monotonic() < until and (heard or time.monotonic() < silent_until):
        for message in consumer.consume(500, _POLL_S):
            value = message.value()
            if message.error() is not None or message.key() != saga_id.encode() or value is None:
                continue
            try:
                decoded = codec.decode(value)
            except Undecodable as error:
                raise Failure(f"An event of {saga_id} cannot be read: {error}.", "Update this command.") from error
            heard = True
            yield Event(decoded.name, decoded.fields)


def _seek_to_end(consumer: Consumer, bootstrap: str) -> None:
    name = topics.EVENTS.name
    try:
        partitions = consumer.list_topics(name, timeout=_ANSWER_S).topics[name].partitions
        ends = [
            TopicPartition(name, number, consumer.get_watermark_offsets(TopicPartition(name, number), _ANSWER_S)[1])
            for number in partitions
        ]
    except KafkaException as error:
        raise NothingRuns(f"no Kafka cluster answers on {bootstrap}: {error.args[0].str()}") from error
    if not ends:
        raise NothingRuns(f"the cluster on {bootstrap} has no topic {name}")
    consumer.assign(ends)


def _start(bootstrap: str, saga_id: str, run: Run) -> None:
    at = time.time_ns() // 1_000_000
    input_id = uuid.uuid4().hex
    trace = f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01"
    fields = {
        "meta": {"saga_id": saga_id, "input_id": input_id, "at": at, "source": _SOURCE},
        "definition": run.definition,
        "version": None,
        "data": json.dumps(_named(run.data, saga_id)),
        "options": json.dumps(run.options),
        "parent": None,
    }
    try:
        value = Codec().encode("saga.StartSaga", fields)
        written = headers("saga.StartSaga", f"/{_SOURCE}", input_id, saga_id, at, input_id, trace)
        config = KafkaConfig(bootstrap, _SOURCE, _SOURCE)
        send(config, [Outgoing(topics.INPUTS.name, saga_id.encode(), value, written)], _ANSWER_S)
    except TooLarge as error:
        raise Failure(f"The input is too large: {error}.", "Give less data.", ExitCode.USAGE) from error
    except Fatal as error:
        raise NothingRuns(f"Kafka on {bootstrap} did not take the start: {error}") from error


def _named(value: Any, saga_id: str) -> Any:
    """Return the input with the saga's id where an example leaves a place for it."""
    if isinstance(value, dict):
        return {key: _named(part, saga_id) for key, part in value.items()}
    if isinstance(value, list):
        return [_named(part, saga_id) for part in value]
    return saga_id if value == SAGA_ID else value
