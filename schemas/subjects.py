"""The published schemas as a schema registry knows them: subjects, each with its versions.

A subject is the full name of a record (RecordNameStrategy), as topics carry many messages. A topic with one message
has a subject `TOPIC-value` too (TopicNameStrategy), and each message of a topic is found under `TOPIC-RECORD`
(TopicRecordNameStrategy).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from schemas import catalogue
from schemas.carried import CARRIED
from schemas.catalogue import MessageSchema

NAMESPACE = "sagaline"

Versions = Mapping[int, MessageSchema]
"""The versions of one subject by their numbers, the newest last."""


class Subjects:
    """All subjects of the published schemas. Immutable."""

    __slots__ = ("_by_topic", "_listed", "_of_id")

    def __init__(self, root: Path = catalogue.ROOT) -> None:
        self._of_id = catalogue.load(root)
        by_record: dict[str, dict[int, MessageSchema]] = {}
        for schema in sorted(self._of_id.values(), key=lambda schema: schema.version):
            by_record.setdefault(f"{NAMESPACE}.{schema.name}", {})[schema.version] = schema
        self._listed: dict[str, Versions] = dict(by_record)
        self._by_topic: dict[str, Versions] = {}
        for topic, names in CARRIED.items():
            records = [f"{NAMESPACE}.{name}" for name in names]
            self._by_topic.update({f"{topic.name}-{record}": by_record[record] for record in records})
            if len(records) == 1:
                self._listed[f"{topic.name}-value"] = by_record[records[0]]

    def names(self, prefix: str = "") -> Sequence[str]:
        """Return the subjects that begin with a prefix, in order."""
        return sorted(name for name in self._listed if name.startswith(prefix))

    def versions(self, subject: str) -> Versions | None:
        """Return the versions of a subject, None where there is no such subject."""
        return self._listed.get(subject) or self._by_topic.get(subject)

    def schema(self, schema_id: int) -> MessageSchema | None:
        """Return the schema of an id on the wire."""
        return self._of_id.get(schema_id)

    def uses_of(self, schema: MessageSchema) -> Sequence[tuple[str, int]]:
        """Return each listed subject and version that is this schema."""
        found = [(name, schema.version) for name, versions in self._listed.items() if schema in versions.values()]
        return sorted(found)
