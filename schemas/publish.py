"""Publishes schemas: `python -m schemas.publish [new message…]` gives new versions ids and locks what they say."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from schemas.catalogue import ROOT, Published, Types, fingerprint, read_lock, read_types, whole
from schemas.compatibility import problems

Lock = Mapping[str, Mapping[int, Published]]


class Unpublishable(ValueError):
    """A schema would break what is published already; the text says how."""


def published(types: Types, lock: Lock, new_messages: Sequence[str]) -> Lock:
    """Return the lock with every version that is not in it yet. Raises Unpublishable.

    A version that is there must say what it said; one without a fingerprint gets it.
    """
    after = {name: dict(versions) for name, versions in lock.items()} | {
        name: {} for name in new_messages if name not in lock
    }
    for name, versions in after.items():
        if name not in types:
            raise Unpublishable(f"there is no schema of {name}")
        for version in sorted(types[name]):
            versions[version] = _publish(name, version, types, after)
    return after


def _publish(name: str, version: int, types: Types, lock: Lock) -> Published:
    known = lock[name].get(version)
    schema, uses = whole(name, version, types, known.uses if known else {})
    print_of = fingerprint(schema)
    if known is not None and known.sha256 not in {"", print_of}:
        raise Unpublishable(
            f"{name} version {version} is published and was changed: undo that, and write version {version + 1}"
        )
    for older, entry in lock[name].items():
        if older < version:
            found = problems(schema, whole(name, older, types, entry.uses)[0])
            if found:
                raise Unpublishable(f"{name} version {version} cannot read version {older}: {'; '.join(found)}")
    return Published(known.schema_id if known else _next_id(name, lock), print_of, uses)


def _next_id(name: str, lock: Lock) -> int:
    """Return the next free id in the context's hundred, or after all others."""
    context = name.partition(".")[0]
    ids = {entry.schema_id: of.partition(".")[0] for of, entries in lock.items() for entry in entries.values()}
    own = [number for number, owner in ids.items() if owner == context]
    following = max(own, default=max(ids, default=100) // 100 * 100 + 100) + 1
    return following if following not in ids else max(ids) + 1


def text_of(lock: Lock) -> str:
    """Return the lock as the text of `ids.json`, one line a version."""
    messages = []
    for name, versions in lock.items():
        lines = [
            f"    {json.dumps(str(version))}: "
            + json.dumps({"id": entry.schema_id, "sha256": entry.sha256, "uses": dict(sorted(entry.uses.items()))})
            for version, entry in sorted(versions.items())
        ]
        messages.append(f"  {json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n  }")
    return "{\n" + ",\n".join(messages) + "\n}\n"


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Publish what is new and return 0, or say what is wrong and return 1; nothing is written then."""
    try:
        after = published(read_types(root), read_lock(root), arguments)
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command talks to its user
        return 1
    (root / "ids.json").write_text(text_of(after))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
