"""Consistency tokens: what a 202 gives to be shown at the next read, so that it sees what was written. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

import orjson

HEADER = "Consistency-Token"
"""The header of an answer that carries a token."""
_MOST = 1_000


class Token(NamedTuple):
    """The saga, the input that was written, and when (ms): a start is equal in every repetition of its request."""

    saga_id: str
    input_id: str
    at_ms: int


def written(token: Token) -> str:
    """Return a token as clients see it: opaque to them."""
    return base64.urlsafe_b64encode(orjson.dumps(tuple(token))).decode().rstrip("=")


def read(text: str) -> Token | None:
    """Return what a token of ours says, None for anything else."""
    try:
        fields = orjson.loads(base64.urlsafe_b64decode(text[:_MOST] + "=" * (-len(text) % 4)))
        saga_id, input_id, at_ms = fields
    except (binascii.Error, ValueError, TypeError):
        return None
    usable = all(isinstance(part, str) and part.isprintable() for part in (saga_id, input_id))
    return Token(saga_id, input_id, at_ms) if usable and isinstance(at_ms, int) and abs(at_ms) < 2**62 else None
