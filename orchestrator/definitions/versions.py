"""The version by which sagas are pinned: the major part of a definition's semantic version."""

from __future__ import annotations

import re
from typing import Any

from orchestrator.definitions.document import text
from orchestrator.definitions.errors import DefinitionError

_VERSION = re.compile(r"^([1-9]\d{0,8})\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?\Z")


def is_version(text: str) -> bool:
    """Tell whether a text is a version that sagas can be pinned to."""
    return _VERSION.match(text) is not None


def major_of(value: Any, where: str) -> int:
    """Return the major part. Raises DefinitionError."""
    version = _VERSION.match(text(value, where))
    if version is None:
        raise DefinitionError(where, "must be a semantic version from 1.0.0 on")
    return int(version.group(1))
