"""Size: what has to fit into one record of the log."""

from __future__ import annotations

import json
from collections.abc import Iterator

from orchestrator.definitions.findings import Finding
from orchestrator.definitions.outline import Outline

MOST_DOCUMENT_BYTES = 100_000
MOST_ARGUMENT_BYTES = 100_000


def check(outline: Outline, document_bytes: int) -> Iterator[Finding]:
    """Yield a finding where the document or what it sends is larger than a record may be."""
    if document_bytes > MOST_DOCUMENT_BYTES:
        yield Finding(
            "",
            f"the document has {document_bytes} bytes; at most {MOST_DOCUMENT_BYTES} fit into a record",
            "Move a part into a definition of its own and call it by `run: { workflow: ... }`",
            rule="too-large",
        )
    for task in outline.tasks.every():
        for key in ("with", "set", "emit"):
            size = len(json.dumps(task.body.get(key), default=str).encode())
            if size > MOST_ARGUMENT_BYTES:
                yield Finding(
                    f"{task.where}.{key}",
                    f"{task.name} would send {size} bytes; at most {MOST_ARGUMENT_BYTES} fit into a record",
                    "Send a reference to the data instead of the data",
                    rule="too-large",
                )
