"""Whatever a process writes to stderr is one JSON object a line, and nothing that happens to stderr ends it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from schemas.json_schema import json_schema
from streams.logs import JsonLines

ROOT = Path(__file__).parents[3]
BEGIN = (
    "from streams.logs import configure; log = configure('orchestrator-0'); import logging, sys, threading, warnings\n"
)


def run(code: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
    """Run code in a process that logs."""
    return subprocess.run([sys.executable, "-c", BEGIN + code], cwd=ROOT, timeout=180, check=False, **more)


def lines_of(code: str) -> list[dict[str, Any]]:
    """Return the lines that a process leaves, each of them one of the published schema."""
    schema = json_schema("telemetry")
    assert schema is not None
    lines = [json.loads(line) for line in run(code, stderr=subprocess.PIPE).stderr.splitlines()]
    for line in lines:
        Draft7Validator(schema).validate(line)
    return lines


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise ValueError('planted')", "ended by what nobody caught"),
        (
            "def work(): raise ValueError('planted')\nthreading.Thread(target=work).start()",
            "a thread was ended by what nobody caught",
        ),
        (
            "class A:\n  def __del__(self): raise ValueError('planted')\na = A(); del a",
            "raised where nothing can catch it",
        ),
    ],
    ids=["process", "thread", "finalizer"],
)
def test_what_nobody_catches_is_one_line_with_its_trace(code: str, said: str) -> None:
    [line] = lines_of(code)

    assert line["message"].startswith(said)
    assert "ValueError: planted" in line["error"]


def test_a_warning_is_one_line() -> None:
    [line] = lines_of("warnings.warn('planted\\nin two lines')")

    assert (line["level"], "planted\nin two lines" in line["message"]) == ("WARNING", True)


@pytest.mark.parametrize(
    "said",
    [
        "'planted %d', 'text'",
        "'planted', extra={'number': 2**70}",
        "'planted', extra={'text': chr(0xd800)}",
        "'planted', extra={'level': 7, 'thing': object()}",
    ],
)
def test_what_does_not_fit_into_json_is_told_all_the_same(said: str) -> None:
    [line] = lines_of(f"logging.getLogger('a').error({said})")

    assert "planted" in line["message"]
    assert line["level"] == "ERROR"


def test_a_caller_cannot_take_the_place_of_what_every_line_has() -> None:
    record = logging.getLogger("a").makeRecord("a", logging.INFO, "f", 1, "said", (), None, extra={"at_ms": "never"})

    assert isinstance(json.loads(JsonLines("p").format(record))["at_ms"], int)


def test_a_process_whose_stderr_is_closed_goes_on() -> None:
    code = "logging.getLogger('a').error('lost'); print(log.output.lost)"
    closed = ["sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, BEGIN + code]
    done = subprocess.run(closed, cwd=ROOT, stdout=subprocess.PIPE, timeout=180, check=False)

    assert (done.returncode, done.stdout) == (0, b"1\n")


def test_a_process_whose_stderr_nobody_reads_goes_on() -> None:
    code = "[logging.getLogger('a').error('x' * 1000) for _ in range(500)]; print(log.output.lost > 400)"
    with subprocess.Popen(
        [sys.executable, "-c", BEGIN + code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read() == b"True\n"
        assert process.wait(60) == 0


@pytest.mark.parametrize(("level", "wanted"), [("INFO", True), ("DEBUG", True), ("WARNING", False), ("ERROR", False)])
def test_the_level_turns_the_telling_of_sagas_on_and_off(level: str, wanted: bool) -> None:
    code = f"print(configure('p', {level!r}).tells_info)"
    assert run(code, stdout=subprocess.PIPE).stdout == f"{wanted}\n".encode()
