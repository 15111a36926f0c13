"""The cost of telemetry is measured on the lines that processes write."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from benchmarks.telemetry_cost import answers, decisions, requests, transitions
from orchestrator.definitions.registry import compiled

FOUR_STEPS = Path(__file__).parents[3] / "benchmarks" / "definitions" / "four-steps.yaml"


def test_what_is_measured_is_written_in_one_piece_and_counted() -> None:
    known = decisions(compiled(yaml.safe_load(FOUR_STEPS.read_text())).definition)
    written: list[bytes] = []
    counted = [transitions(written.append, known), answers(written.append), requests(written.append)]

    assert counted == [piece.count(b"\n") for piece in written] == [200, 100, 20]
    assert {json.loads(line)["logger"] for piece in written for line in piece.splitlines()} == {
        "transition",
        "command",
        "request",
    }
