"""A deployed version of a definition, as the topic saga.definitions keeps it. Pure."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

import orjson

from orchestrator.definitions.errors import DefinitionError

MAX_DOCUMENT_BYTES = 100_000
"""The largest document, written as JSON: no message may be larger."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_FIELDS = ("name", "version", "semver", "document", "sha256", "deployed_at", "actor", "reason")


class NoDeployment(ValueError):
    """A record of the topic is not what a deployment writes."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """One version: it never changes. `version` is the major part of `semver`; `deployed_at` in ms since the epoch."""

    name: str
    version: int
    semver: str
    document: Any
    sha256: str
    deployed_at: int
    actor: str
    reason: str

    @property
    def key(self) -> bytes:
        """The key of its record."""
        return f"{self.name}/{self.version}".encode()

    def value(self) -> bytes:
        """Return the value of its record."""
        return orjson.dumps({name: getattr(self, name) for name in _FIELDS})


def plain(document: Any) -> Any:
    """Return a document as JSON has it. Raises DefinitionError for what JSON cannot hold, and for one too large."""
    try:
        written = orjson.dumps(document)
    except TypeError as error:
        raise DefinitionError("definition", f"cannot be written as JSON: {error}") from error
    if len(written) > MAX_DOCUMENT_BYTES:
        problem = f"has {len(written)} bytes as JSON; at most {MAX_DOCUMENT_BYTES} are allowed"
        raise DefinitionError("definition", problem)
    return orjson.loads(written)


def digest(document: Any) -> str:
    """Return the SHA-256 of what a plain document says, whatever its order of keys and its `x-` notes for others."""
    said = document
    if isinstance(document, dict):
        said = {key: part for key, part in document.items() if not key.startswith("x-")}
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def check_name(name: str) -> None:
    """Raise DefinitionError for a name that addresses, keys and saga ids cannot be made of."""
    if not _NAME.match(name):
        problem = f"is {name!r}; it must have 1 to 63 lower-case letters, digits and '-', none of them at an end"
        likely = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].strip("-")
        if likely:
            problem += f"; write {likely}"
        raise DefinitionError("document.name", problem)


def read_deployed(key: bytes | None, value: bytes) -> Deployed:
    """Return the version that a record holds. Raises NoDeployment."""
    try:
        fields = orjson.loads(value)
        found = Deployed(**{name: fields[name] for name in _FIELDS})
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise NoDeployment(f"{key!r}: {error!r}") from error
    if key != found.key or digest(found.document) != found.sha256:
        raise NoDeployment(f"{key!r}: the key or the SHA-256 is not that of the document")
    return found
