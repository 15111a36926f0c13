"""What the log is told of requests: one line for each input to a saga that Kafka has confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import orjson

from schemas.telemetry import REQUEST, Kind, trace_id
from services.gateway.inputs import Input
from streams.logs import WriteLines

_GATHERED_S = 0.02
"""How long lines are gathered, so that many requests share one call of the system."""
_PRODUCT = "sagaline."


class Telemetry:
    """Makes and writes the lines of one process, on the thread of its event loop."""

    def __init__(self, process: str, write_lines: WriteLines, now_ms: Callable[[], int]) -> None:
        """Write in the name of a process."""
        self._process = process
        self._write_lines = write_lines
        self._now_ms = now_ms
        self._held: list[tuple[int, Input]] = []

    def accepted(self, record: Input) -> None:
        """Tell of an input that is confirmed, in a moment, together with others."""
        if not self._held:
            asyncio.get_running_loop().call_later(_GATHERED_S, self.flush)
        self._held.append((self._now_ms(), record))

    def flush(self) -> None:
        """Write what is gathered."""
        held, self._held = self._held, []
        if held:
            self._write_lines(b"".join(self._line(at_ms, record) for at_ms, record in held))

    def write(self, records: Iterable[Input]) -> None:
        """Tell of inputs that are confirmed, at once."""
        now_ms = self._now_ms()
        lines = b"".join(self._line(now_ms, record) for record in records)
        if lines:
            self._write_lines(lines)

    def _line(self, at_ms: int, record: Input) -> bytes:
        saga_id, about = record.key.decode(), dict(record.headers)
        line = {
            "at_ms": at_ms,
            "level": "INFO",
            "process": self._process,
            "logger": REQUEST,
            "message": about["ce_type"].decode().removeprefix(_PRODUCT),
            "kind": Kind.ACCEPTED.value,
            "correlation_id": saga_id,
            "saga_id": saga_id,
        }
        trace = trace_id(about.get("traceparent", b"").decode())
        if trace is not None:
            line["trace_id"] = trace
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def tell_nobody(_inputs: object) -> None:
    """Leave inputs out of the log."""
