"""Reading a retry policy: delay, backoff, limit and jitter of the DSL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.core.definition import Backoff, RetryPolicy
from orchestrator.definitions.document import duration_ms, length_ms, mapping, whole
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import predicate

_WORDS = ("delay", "backoff", "limit", "jitter", "max", "when", "exceptWhen")


def retry_policy(value: Any, where: str, default: int, variables: frozenset[str] = frozenset()) -> RetryPolicy:
    """Return a retry policy, with the `default` limit where it says none. Raises DefinitionError.

    Conditions see the error that was caught.
    """
    parts = mapping(value, where, _WORDS)
    shortest, longest = _jitter(parts.get("jitter", {}), f"{where}.jitter")
    defaults = RetryPolicy()
    conditions = {
        word: predicate(parts[word], f"{where}.{word}", variables) for word in ("when", "exceptWhen") if word in parts
    }
    limit = _limit(parts.get("limit"), f"{where}.limit")
    delay_ms = length_ms(parts["delay"], f"{where}.delay") if "delay" in parts else defaults.base_ms
    # Whoever says how long to wait, and nothing of growth, waits as long each time.
    backoff = Backoff.CONSTANT if "delay" in parts else defaults.backoff
    return RetryPolicy(
        limit=default if limit is None else limit,
        base_ms=delay_ms,
        jitter_ms=longest,
        max_ms=duration_ms(parts["max"], f"{where}.max") if "max" in parts else max(defaults.max_ms, delay_ms),
        backoff=_backoff(parts["backoff"], f"{where}.backoff") if "backoff" in parts else backoff,
        jitter_from_ms=shortest,
        when=conditions.get("when"),
        except_when=conditions.get("exceptWhen"),
        is_default=limit is None,
    )


def is_conditional(value: Any) -> bool:
    """Tell whether a retry policy has conditions, which see the error by the name that each catch gives to it."""
    return isinstance(value, dict) and not {"when", "exceptWhen"}.isdisjoint(value)


def _limit(value: Any, where: str) -> int | None:
    """Return how many retries may follow the first try, None where that is not said."""
    if value is None:
        return None
    limit = mapping(value, where, ("attempt", "duration"))
    if "duration" in limit:
        raise DefinitionError(f"{where}.duration", "is not supported; bound the step or the try by its timeout")
    attempt = mapping(limit.get("attempt", {}), f"{where}.attempt", ("count", "duration"))
    if "duration" in attempt:
        raise DefinitionError(f"{where}.attempt.duration", "is not supported; write the step's timeout.after")
    return whole(attempt["count"], f"{where}.attempt.count") if "count" in attempt else None


def _backoff(value: Any, where: str) -> Backoff:
    kinds = mapping(value, where, tuple(Backoff))
    if len(kinds) != 1:
        raise DefinitionError(where, f"must be one of {', '.join(Backoff)}")
    kind: str = next(iter(kinds))
    mapping(kinds[kind], f"{where}.{kind}", ())
    return Backoff(kind)


def _jitter(value: Any, where: str) -> tuple[int, int]:
    """Return the shortest and the longest jitter, in milliseconds."""
    parts: Mapping[str, Any] = mapping(value, where, ("from", "to"))
    shortest = length_ms(parts.get("from", {}), f"{where}.from")
    longest = length_ms(parts.get("to", {}), f"{where}.to")
    if shortest > longest:
        raise DefinitionError(where, "goes from the longer wait to the shorter; write the shorter one as from")
    return shortest, longest
