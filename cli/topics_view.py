"""Prints the topics of a cluster, who may use them, and their records, for people or for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

import typer

from cli.kafka_access import described
from cli.options import OutputFormat
from cli.printing import Columns, cell, put_list, written
from cli.topics import TopicState

HOUR_MS = 3_600_000
_COLUMNS: Columns = {
    "topic": lambda topic: topic["topic"],
    "partitions": lambda topic: str(topic["partitions"]),
    "copies": lambda topic: str(topic["copies"]),
    "kept": lambda topic: _kept(topic["compacted"], topic["retention_ms"]),
    "format": lambda topic: topic["format"],
    "holds": lambda topic: topic["holds"],
}
_VALUE_WIDTH = 100


def put_topics(states: Sequence[TopicState], output: OutputFormat) -> None:
    """Print a row a topic, and for people below them a line for every difference from the table."""
    put_list("topics", [_document(state) for state in states], _COLUMNS, output)
    if output is OutputFormat.TABLE:
        for state in states:
            for difference in state.drift:
                typer.echo(f"{state.topic.name}: {difference}")


def put_acls(output: OutputFormat) -> None:
    """Print a row an entry of the access list."""
    entries = list(described())
    columns: Columns = {name: itemgetter(name) for name in entries[0]}
    if output is OutputFormat.JSON:
        typer.echo(written(entries, output))
    else:
        put_list("acls", entries, columns, output)


def put_records(lines: Iterable[str], output: OutputFormat) -> None:
    """Print records, each given as one JSON object: so, on a short line each, or all as one array."""
    match output:
        case OutputFormat.JSON:
            typer.echo(written([json.loads(line) for line in lines], output))
        case OutputFormat.JSONL:
            for line in lines:
                typer.echo(line)
        case OutputFormat.TABLE:
            for line in _short(lines):
                typer.echo(line)


def _short(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        record = json.loads(line)
        place = f"{record['partition']}:{record['offset']}"
        value = cell(record.get("value"))
        told = value if len(value) <= _VALUE_WIDTH else f"{value[: _VALUE_WIDTH - 1]}…"
        yield f"{place:10} {record['time']}  {cell(record['key']):30}  {cell(record['type']):28}  {told}"


def _document(state: TopicState) -> dict[str, object]:
    topic = state.topic
    return {
        "topic": topic.name,
        "partitions": state.partitions,
        "copies": state.replication,
        "compacted": topic.compacted,
        "retention_ms": topic.retention_ms,
        "format": topic.format.value,
        "holds": topic.holds,
        "drift": list(state.drift),
    }


def _kept(compacted: bool, retention_ms: int) -> str:
    if compacted:
        return "newest a key"
    return "for ever" if retention_ms < 0 else f"{retention_ms / HOUR_MS / 24:g} days"
