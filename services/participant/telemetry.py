"""What the log is told of commands: one line for each answer, with the ids of its saga, and nothing of its data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from schemas.telemetry import COMMAND, Kind, told_code, trace_id
from services.participant.outcome import Done, Outcome


class Telemetry:
    """Makes the lines of one process; whoever asks for one writes it, once what it tells is committed."""

    __slots__ = ("_process",)

    def __init__(self, process: str) -> None:
        """Make lines in the name of a process."""
        self._process = process

    def answered(self, name: str, meta: Mapping[str, Any], outcome: Outcome, now_ms: int, trace: str) -> bytes:
        """Return the line of a command that has its answer."""
        took_ms = now_ms - meta["issued_at"]
        if isinstance(outcome, Done):
            more: dict[str, Any] = {"outcome": "DONE", "took_ms": took_ms}
            return self._line("done", Kind.COMPLETED, name, meta, now_ms, trace, more)
        kind = outcome.kind.value
        more = {"outcome": kind, "code": told_code(outcome.code), "took_ms": took_ms}
        message = "refused" if kind == "REJECTED" else "failed"
        return self._line(message, Kind.FAILED, name, meta, now_ms, trace, more)

    def repeated(self, name: str, meta: Mapping[str, Any], now_ms: int, trace: str) -> bytes:
        """Return the line of a command that came again and has the answer of before."""
        return self._line("answered again", Kind.REPEATED, name, meta, now_ms, trace, {})

    def retried(self, name: str, meta: Mapping[str, Any], now_ms: int, trace: str) -> bytes:
        """Return the line of a command that joins the effect of an earlier one: the answer to both is for this one."""
        return self._line("joined", Kind.RETRIED, name, meta, now_ms, trace, {})

    def _line(
        self,
        message: str,
        kind: Kind,
        name: str,
        meta: Mapping[str, Any],
        now_ms: int,
        trace: str,
        more: Mapping[str, Any],
    ) -> bytes:
        saga_id = meta["saga_id"]
        line = {
            "at_ms": now_ms,
            "level": "INFO",
            "process": self._process,
            "logger": COMMAND,
            "message": message,
            "kind": kind.value,
            "correlation_id": saga_id,
            "saga_id": saga_id,
            "command": name,
            "command_id": meta["command_id"],
            "step": meta["step"],
            "undo": meta["undoes"] is not None,
            "attempt": meta["attempt"],
            **more,
        }
        found = trace_id(trace)
        if found is not None:
            line["trace_id"] = found
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
