"""Turns what the core decided into what the oracle reads: through the published schemas, as the log would hold it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from orchestrator.core.events import Recorded
from orchestrator.core.state import State
from orchestrator.serde import event_message, state_fields
from schemas.codec import Codec
from tests.orchestrator_world import World
from verify.evidence import Command, Emitted, Event, Evidence, Ledgers, Log, Place, Start, Status, Tables
from verify.log_reading import READ, LogBuilder
from verify.topics import Raw

_CODEC = Codec()


def published(state: State, recorded: Iterable[Recorded]) -> list[Event]:
    """Return events of a saga as they are read from saga.events; `state` is any state of it of the same version."""
    return [_published(state, one) for one in recorded]


def _published(state: State, recorded: Recorded) -> Event:
    name, fields = _CODEC.decode(_CODEC.encode(*event_message(state, recorded)))
    meta = fields.pop("meta")
    return Event(
        meta["saga_id"],
        meta["sequence"],
        name.partition(".")[2],
        meta["lifecycle"],
        meta["status"],
        meta["at"],
        meta["definition"],
        meta["version"],
        fields,
        Place("saga.events", 0, meta["sequence"]),
    )


def stored(state: State) -> Mapping[str, Any]:
    """Return the state as it is read from the changelog."""
    return _CODEC.decode(_CODEC.encode("saga.State", state_fields(state))).fields


def evidence_of(state: State, events: Sequence[Event], definition: str = "of-a-test") -> Evidence:
    """Return all that an honest installation has on its topics of one saga; a `definition` of orders makes it one."""
    saga_id = state.saga_id
    last = events[0]
    for before, event in pairwise(events):
        if (before.lifecycle, before.status) != (event.lifecycle, event.status):
            last = event
    return Evidence(
        Log(
            starts=[Start(saga_id, definition, 0, "", (), Place("saga.inputs", 0, 0))],
            events={saga_id: events},
            commands=[_command(event) for event in events if event.name == "StepScheduled"],
            emitted=[
                Emitted(saga_id, event.fields["event_id"], event.fields["type"], event.place)
                for event in events
                if event.name == "EventEmitted"
            ],
            states={saga_id: stored(state)},
            statuses={saga_id: Status(saga_id, last.sequence, last.lifecycle, last.status)},
        ),
        Ledgers(),
        Tables(),
    )


def _command(event: Event) -> Command:
    fields = event.fields
    return Command(
        event.saga_id,
        event.sequence,
        fields["command_id"],
        fields["token"],
        fields["token"].removesuffix(":undo") if event.undo else None,
        event.step,
        fields["attempt"],
        fields["command"].rpartition(".")[2],
        {"template": event.step},
        Place(fields["topic"], 0, event.sequence),
    )


def evidence(world: World) -> Evidence:
    """Return all that an orchestrator in memory wrote, as the oracle reads it."""
    builder = LogBuilder(_CODEC)
    for topic in READ:
        builder.add(
            Raw(
                topic,
                record.partition,
                record.offset,
                record.timestamp_ms,
                (record.key or b"").decode(),
                record.value,
                {name: held.decode(errors="backslashreplace") for name, held in record.headers},
            )
            for record in world.records(topic)
        )
    return Evidence(builder.build(), Ledgers(), Tables())
