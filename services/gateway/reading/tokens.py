"""Consistency tokens: what a 202 gives to be shown at the next read, so that it sees what was written. Pure."""

from __future__ import annotations

from typing import NamedTuple

from services.gateway import opaque

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
    return opaque.written(*token)


def read(text: str) -> Token | None:
    """Return what a token of ours says, None for anything else."""
    match opaque.read(text, _MOST):
        case [str(saga_id), str(input_id), int(at_ms)]:
            return Token(saga_id, input_id, at_ms)
        case _:
            return None
