"""How a command tells its task to behave: how long it takes, how often it fails; nothing is left to chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.participant.job import Job
from services.participant.keyed import Patience
from services.participant.outcome import Done, Failed, FailureKind, transient

REPLY = "saga.GenericReply"
MAX_TEXT = 200
MAX_DELAY_MS = 600_000
MAX_WHOLE = 1_000_000_000
_SLICE_MS = 100
_RETRY_AFTER_MS = 1_000
_KINDS = frozenset(FailureKind)


def whole(fields: Mapping[str, Any], name: str, lowest: int, default: int | None = None) -> str | None:
    """Say what is wrong with a whole number of a command, or None."""
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= MAX_WHOLE:
        return f"{name} is {value!r}; it must be a whole number from {lowest} to {MAX_WHOLE}"
    return None


def text(fields: Mapping[str, Any], name: str) -> str | None:
    """Say what is wrong with a text of a command, or None."""
    value = fields.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or not value.isprintable():
        return f"{name} must be a text of 1 to {MAX_TEXT} printable characters"
    return None


def check_conduct(fields: Mapping[str, Any], *, may_wait: bool) -> str | None:
    """Say what is wrong with `fail: {kind, times, code}` and `delay_ms`, both optional, or None."""
    delay = fields.get("delay_ms", 0)
    if isinstance(delay, bool) or not isinstance(delay, int) or not 0 <= delay <= (MAX_DELAY_MS if may_wait else 0):
        limit = f"must be from 0 to {MAX_DELAY_MS}" if may_wait else "is not for this task, which is done at once"
        return f"delay_ms is {delay!r}; it {limit}"
    fail = fields.get("fail")
    if fail is None:
        return None
    if not isinstance(fail, dict) or fail.keys() - {"kind", "times", "code"} or fail.get("kind") not in _KINDS:
        return f"fail must be {{kind, times, code}} with a kind of {', '.join(sorted(_KINDS))}"
    if "code" in fail and (wrong := text(fail, "code")) is not None:
        return f"fail.{wrong}"
    wrong = whole(fail, "times", 1, default=1)
    return None if wrong is None else f"fail.{wrong}"


def scripted(fields: Mapping[str, Any]) -> Failed | None:
    """Return the failure that the command demands of this attempt; without `times`, of every one."""
    fail = fields.get("fail")
    if fail is None or fields["meta"]["attempt"] >= fail.get("times", MAX_WHOLE):
        return None
    kind = FailureKind(fail["kind"])
    wait_ms = _RETRY_AFTER_MS if kind is FailureKind.UNAVAILABLE else None
    return Failed(kind, fail.get("code", "scripted"), "the command demands this failure", (), wait_ms)


async def take_time(job: Job, patience: Patience) -> Failed | None:
    """Let `delay_ms` pass; a task that is undone meanwhile ends without an effect."""
    left = int(job.fields.get("delay_ms", 0))
    while left > 0 and not job.stop.requested:
        part = min(left, _SLICE_MS)
        await patience.pause(part / 1000)
        left -= part
    return transient("stopped", "the task was undone before it had an effect") if left > 0 else None


def result(data: bytes, *, undid: bool = True) -> Done:
    """Return the outcome whose reply holds this JSON text."""
    return Done(REPLY, {"data": data.decode()}, undid=undid)
