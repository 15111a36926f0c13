"""The three forms of output, of commands that ask no gateway."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.options import OutputFormat
from cli.topics import TopicState
from cli.topics_view import put_records, put_topics
from orchestrator import definitions
from schemas.topics import ALL
from tests.unit.cli.conftest import Saga

RECORD = {
    "partition": 3,
    "offset": 9,
    "time": "2026-11-21T18:00:00.000Z",
    "key": "ord_a",
    "type": "t",
    "value": {"n": 1},
}


def test_the_access_list_has_three_forms(saga: Saga) -> None:
    array = json.loads(saga("topics", "acls", "--output", "json").stdout)
    lines = saga("topics", "acls", "--output", "jsonl").stdout.splitlines()
    header, *rows = saga("topics", "acls").stdout.splitlines()

    assert [json.loads(line) for line in lines] == array
    assert header.split() == ["PRINCIPAL", "RESOURCE", "NAME", "PATTERN", "OPERATION"]
    assert [row.split() for row in rows] == [list(entry.values()) for entry in array]


def test_topics_tell_programs_how_they_differ(capsys: pytest.CaptureFixture[str]) -> None:
    states = [TopicState(ALL[0], 4, 1, ()), TopicState(ALL[1], 0, 0, ("missing",))]

    put_topics(states, OutputFormat.JSONL)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    put_topics(states, OutputFormat.TABLE)
    shown = capsys.readouterr().out.splitlines()

    assert [(one["topic"], one["drift"]) for one in told] == [(ALL[0].name, []), (ALL[1].name, ["missing"])]
    assert shown[-1] == f"{ALL[1].name}: missing"


def test_records_have_three_forms(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [json.dumps(RECORD), json.dumps({**RECORD, "key": None, "value": "x" * 200})]

    put_records(lines, OutputFormat.JSONL)
    assert capsys.readouterr().out.splitlines() == lines
    put_records(lines, OutputFormat.JSON)
    assert json.loads(capsys.readouterr().out)[0] == RECORD
    put_records(lines, OutputFormat.TABLE)
    first, second = capsys.readouterr().out.splitlines()
    assert first.split() == ["3:9", RECORD["time"], "ord_a", "t", '{"n":', "1}"]
    assert second.endswith("xx…")


def test_a_stream_without_an_end_is_no_document(saga: Saga) -> None:
    result = saga("topics", "tail", "saga.events", "--follow", "--output", "json")

    assert result.exit_code == 2
    assert "jsonl" in result.stderr


def test_findings_come_on_one_line_where_lines_are_asked_for(saga: Saga) -> None:
    file = str(Path(definitions.__file__).with_name("order-fulfillment.yaml"))

    whole = json.loads(saga("definitions", "validate", file, "-o", "json").stdout)
    [line] = saga("definitions", "validate", file, "-o", "jsonl").stdout.splitlines()

    assert json.loads(line) == whole
