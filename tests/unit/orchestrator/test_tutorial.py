"""The sagas of the tutorial: each can be deployed, holds when explored, and does what the pages say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.app import app
from tests.orchestrator_world import World
from tests.scripted_participants import Reply, success

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "tutorial" / "2-first-saga.md").read_text(encoding="utf-8")
CRANE = next(iter(re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)))
LOYALTY = (ROOT / "examples" / "loyalty.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [CRANE, LOYALTY], ids=["crane", "loyalty"])
def test_a_definition_of_the_tutorial_is_valid_and_holds_in_every_run(text: str, tmp_path: Path) -> None:
    path = tmp_path / "tutorial.yaml"
    path.write_text(text, encoding="utf-8")
    assert CliRunner().invoke(app, ["definitions", "validate", "--strict", str(path)]).exit_code == 0
    assert CliRunner().invoke(app, ["explore", str(path), "--depth", "single"]).exit_code == 0


def test_without_its_compensation_the_crane_is_refused_with_the_line_and_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "crane.yaml"
    broken = CRANE.replace("      compensate: { call: free, retry: patiently }\n", "", 1)
    path.write_text(broken, encoding="utf-8")
    done = CliRunner().invoke(app, ["definitions", "validate", str(path)])
    assert done.exit_code == 1
    assert "crane" in done.output


def test_the_crane_is_held_or_freed_again() -> None:
    world = World()
    assert world.deploy(CRANE)

    def no_crew(name: str, fields: Mapping[str, Any]) -> Reply | None:
        reply = success(name, fields)
        if fields["meta"]["step"] != "crew" or fields["meta"]["undoes"] or fields["meta"]["saga_id"] != "sag_b":
            return reply
        why: dict[str, Any] = {"code": "no_crew", "message": "", "causes": [], "retry_after_ms": None}
        refused: dict[str, Any] = {"kind": "REJECTED", **why}
        return "saga.CommandFailed", {"meta": reply[1]["meta"], **refused}

    for saga_id in ("sag_a", "sag_b"):
        world.start_saga(saga_id, "crane", {"crew": 3})
    world.run(no_crew)
    ended = {key[1]: value for key, value in sorted(world.counts.ended.items())}
    assert ended == {"COMPLETED": 1, "REVOKED": 1}
