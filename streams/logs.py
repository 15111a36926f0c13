"""Logging of every process: one JSON object a line on stderr."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from prometheus_client.core import Metric

from streams.log_output import LineOutput
from streams.metrics import count

LEVELS = frozenset({"DEBUG", "INFO", "WARNING", "ERROR"})
"""What LOG_LEVEL may say."""

CLIENT_LOG = logging.getLogger("librdkafka")
"""For the setting `logger` of every Kafka client: without it, the client writes to stderr itself, and no JSON."""

_STDERR = 2
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_log = logging.getLogger(__name__)

WriteLines = Callable[[bytes], None]
"""Writes lines of a log, each with its end, in one piece."""


def discard(_lines: bytes) -> None:
    """Write lines nowhere."""


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
            "message": _message(record),
        }
        for name, value in vars(record).items():
            if name not in _OWN:
                line.setdefault(name, value)
        if record.exc_info:
            line["error"] = "".join(traceback.format_exception(*record.exc_info))
        try:
            return orjson.dumps(line, default=str).decode()
        except TypeError:
            # A number too great, or a text that is no Unicode: better told as text than not at all.
            return orjson.dumps({name: _told(value) for name, value in line.items()}).decode()


def _message(record: logging.LogRecord) -> str:
    """Return the message, or the pieces of it where they do not fit together."""
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg!r} {record.args!r}"


def _told(value: object) -> int | str:
    if isinstance(value, int) and abs(value) < 2**63:
        return value
    return str(value).encode(errors="replace").decode()


class _Lines(logging.Handler):
    """Hands formatted records to the output of the process."""

    def __init__(self, write: WriteLines) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        self._write(self.format(record).encode() + b"\n")


@dataclass(frozen=True, slots=True)
class Log:
    """The log of a process, for those who write many lines at once and make them themselves."""

    process: str
    output: LineOutput
    tells_info: bool
    """Whether lines of level INFO are wanted."""

    def read(self) -> Iterator[Metric]:
        """Yield the metrics of the log."""
        yield count("log_lines_lost", "Lines of the log that could not be written", self.output.lost)


def configure(process: str, level: str = "INFO") -> Log:
    """Send the logs of this process to stderr, with what is thrown and caught by nobody, and warnings of Python.

    Raises ValueError for a level that is none of LEVELS.
    """
    if level not in LEVELS:
        raise ValueError(f"LOG_LEVEL must be one of {', '.join(sorted(LEVELS))}")
    output = LineOutput(_STDERR, _gap_in(process))
    handler = _Lines(output.write)
    handler.setFormatter(JsonLines(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable
    return Log(process, output, root.isEnabledFor(logging.INFO))


def _gap_in(process: str) -> Callable[[int], bytes]:
    def gap(lost: int) -> bytes:
        line: Mapping[str, Any] = {
            "at_ms": time.time_ns() // 1_000_000,
            "level": "WARNING",
            "process": process,
            "logger": __name__,
            "message": "lines are missing here: they could not be written",
            "lost": lost,
        }
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)

    return gap


def _uncaught(_kind: object, error: BaseException, _trace: object) -> None:
    _log.critical("ended by what nobody caught", exc_info=error)


def _uncaught_in_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None and not isinstance(ended.exc_value, SystemExit):
        name = None if ended.thread is None else ended.thread.name
        _log.error("a thread was ended by what nobody caught", exc_info=ended.exc_value, extra={"of_thread": name})


def _unraisable(ignored: Any) -> None:
    _log.error("%s", ignored.err_msg or "raised where nothing can catch it", exc_info=ignored.exc_value)
