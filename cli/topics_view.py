"""Renders the topics of a cluster, and who may use them, for the terminal or a program."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cli.kafka_access import described
from cli.topics import TopicState

HEADINGS = ("topic", "partitions", "copies", "kept", "format", "holds")
HOUR_MS = 3_600_000


def render_topics(states: Sequence[TopicState]) -> str:
    """Return one row a topic, and below them a line for every difference from the table."""
    lines = _table([HEADINGS, *(_row(state) for state in states)])
    lines += [f"{state.topic.name}: {difference}" for state in states for difference in state.drift]
    return "\n".join(lines)


def render_acls(*, as_json: bool) -> str:
    """Return one row an entry of the access list."""
    entries = list(described())
    if as_json:
        return json.dumps(entries, indent=2)
    return "\n".join(_table([tuple(entries[0]), *(tuple(entry.values()) for entry in entries)]))


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _row(state: TopicState) -> tuple[str, ...]:
    topic = state.topic
    return (
        topic.name,
        str(state.partitions),
        str(state.replication),
        _kept(topic.compacted, topic.retention_ms),
        topic.format.value,
        topic.holds,
    )


def _kept(compacted: bool, retention_ms: int) -> str:
    if compacted:
        return "newest a key"
    return "for ever" if retention_ms < 0 else f"{retention_ms / HOUR_MS / 24:g} days"
