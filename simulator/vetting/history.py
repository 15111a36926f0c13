"""Recorded histories: the events of each saga with the messages that caused them, from topics or from a dump."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orchestrator.definitions.deployed import NoDeployment, read_deployed
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.registry import Registry
from schemas import topics
from schemas.codec import Codec

FORMAT = "sagaline-history/1"
TOPICS = (topics.DEFINITIONS.name, topics.EVENTS.name, topics.INPUTS.name, topics.REPLIES.name)
"""What histories are read from; the events alone are enough, but results that a step shaped need the replies."""
_IGNORED = "saga.InputIgnored"

Fields = Mapping[str, Any]


class UnreadableHistory(ValueError):
    """A record or a line is no part of a history."""


class Told(NamedTuple):
    """A message: its name without the context, such as `StepScheduled`, and its fields."""

    name: str
    fields: Fields

    @property
    def cause(self) -> str:
        """The id of what caused an event."""
        return str(self.fields["meta"]["cause"])

    @property
    def at(self) -> int:
        """When an event was decided, in milliseconds since the epoch."""
        return int(self.fields["meta"]["at"])


@dataclass(slots=True)
class History:
    """One saga: its events in their order, and the messages that came for it, by command id or input id."""

    saga_id: str
    events: list[Told] = field(default_factory=list)
    messages: dict[str, list[Told]] = field(default_factory=dict)


class Line(NamedTuple):
    """One record, decoded: of the topic of definitions `name` is empty and `fields` are the record itself."""

    topic: str
    name: str
    fields: Fields


def decoded(codec: Codec, topic: str, key: str, value: bytes | None) -> Line | None:
    """Return a record of one of TOPICS, None where it says nothing. Raises UnreadableHistory."""
    if value is None:
        return None
    try:
        if topic == topics.DEFINITIONS.name:
            read_deployed(key.encode(), value)
            return Line(topic, "", json.loads(value))
        # What a refused input was meant for is told since version 2: of an older event it is not known.
        name, fields = codec.decode(value)
        if name == _IGNORED:
            name, fields = codec.decode(value, as_written=True)
    except (NoDeployment, ValueError) as error:
        raise UnreadableHistory(str(error)) from error
    return Line(topic, name, fields)


def dumped(lines: Iterable[Line]) -> Iterator[str]:
    """Yield a dump line by line: JSON, the first one says the format."""
    yield json.dumps({"format": FORMAT})
    for line in lines:
        yield json.dumps(line._asdict(), ensure_ascii=False)


def undumped(text: Iterable[str]) -> Iterator[Line]:
    """Yield the records of a dump. Raises UnreadableHistory naming the line."""
    for number, line in enumerate(text, 1):
        try:
            found = json.loads(line)
            if number == 1:
                if found.get("format") != FORMAT:
                    raise UnreadableHistory(f"this is no dump: its first line does not say {FORMAT}")
            else:
                yield Line(found["topic"], found["name"], found["fields"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, UnreadableHistory):
                raise
            raise UnreadableHistory(f"line {number}: {error!r}") from error


def histories(
    lines: Iterable[Line], registry: Registry, definition: str | None = None, sagas: AbstractSet[str] = frozenset()
) -> list[History]:
    """Return the histories of all sagas, or of those of one definition or of these ids, the longest begun first.

    Definitions that were deployed join the registry. Raises UnreadableHistory.
    """
    found: dict[str, History] = {}
    for line in lines:
        if line.topic == topics.DEFINITIONS.name:
            _deploy(registry, line)
            continue
        told = Told(line.name.rpartition(".")[2], line.fields)
        meta = line.fields.get("meta", {})
        saga_id = str(meta.get("saga_id", ""))
        history = found.setdefault(saga_id, History(saga_id))
        if line.topic == topics.EVENTS.name:
            history.events.append(told)
        else:
            history.messages.setdefault(str(meta.get("command_id", meta.get("input_id", ""))), []).append(told)
    chosen = found.values() if not sagas else [one for one in found.values() if one.saga_id in sagas]
    wanted = [one for one in chosen if one.events and definition in (None, _definition(one))]
    for history in wanted:
        history.events.sort(key=lambda told: int(told.fields["meta"]["sequence"]))
    return sorted(wanted, key=lambda one: (one.events[0].at, one.saga_id))


def _definition(history: History) -> str:
    return str(history.events[0].fields["meta"]["definition"])


def _deploy(registry: Registry, line: Line) -> None:
    value = json.dumps(line.fields).encode()
    key = f"{line.fields.get('name')}/{line.fields.get('version')}".encode()
    try:
        registry.deploy(read_deployed(key, value))
    except (DefinitionError, ValueError) as error:
        raise UnreadableHistory(f"a deployed definition cannot be loaded: {error}") from error
