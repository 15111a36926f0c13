"""Trace contexts for what came without one."""

from __future__ import annotations

import random
from collections.abc import Callable


def trace_source(seed: bytes) -> Callable[[], str]:
    """Return a maker of trace contexts; they must be unlike each other, not secret."""
    bits = random.Random(seed).getrandbits  # noqa: S311 - not a secret, and a system call each costs more than all else
    return lambda: f"00-{bits(127) + 1:032x}-{bits(63) + 1:016x}-01"
