"""The ids of what clients start: told from the client and its idempotency key, so that a repetition has the same."""

from __future__ import annotations

import hashlib

_DIGITS = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_SHIFTS = range(120, -1, -10)


def keyed_id(prefix: str, client: str, idempotency_key: str) -> str:
    """Return the prefix and 26 characters of base32: 128 bits of a digest, with two bits of nothing at the end."""
    told = hashlib.blake2b(f"{len(client)}:{client}{idempotency_key}".encode(), digest_size=16, salt=prefix.encode())
    number = int.from_bytes(told.digest()) << 2
    return prefix + "".join([_PAIRS[number >> shift & 1_023] for shift in _SHIFTS])
