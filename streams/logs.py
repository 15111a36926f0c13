"""Logging of every process: one JSON object a line on stderr."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import orjson

LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR"})
"""What LOG_LEVEL may say."""

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """Formats a record as one JSON object; what a caller passes in `extra` becomes fields of it."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return one line without its end."""
        line: dict[str, Any] = {
            "at_ms": int(record.created * 1000),
            "level": record.levelname,
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update((name, value) for name, value in vars(record).items() if name not in _OWN)
        if record.exc_info:
            line["error"] = "".join(traceback.format_exception(*record.exc_info))
        return orjson.dumps(line, default=str).decode()


def configure(process: str, level: str = "INFO") -> None:
    """Send the logs of this process to stderr. Raises ValueError for a level that is none of LEVELS."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
