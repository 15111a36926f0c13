"""`saga replay` on real topics: what processes wrote through a kill -9 is decided again by the code as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from typer.testing import CliRunner

from cli.app import app
from cli.failure import ExitCode
from schemas import topics
from tests.kafka.orchestrator_fleet import PATIENCE_S, Fleet
from tests.kafka.test_orchestrator_kill import declining_some


@pytest.fixture
def fleet(broker: str, tmp_path: Path) -> Iterator[Fleet]:
    """Give a fleet without a process yet."""
    made = Fleet(broker, tmp_path)
    yield made
    made.close()


def test_the_log_of_orders_that_were_killed_replays_and_a_dump_of_it_does_so_offline(
    fleet: Fleet, tmp_path: Path
) -> None:
    """Rows M116 and M117; poison that lies beside the orders is named and left out."""
    fleet.answer = declining_some
    process = fleet.start()
    ids = fleet.begin(20)
    fleet.pump_until(lambda: len(fleet.commands) >= 60, "60 commands")
    fleet.kill(process)
    fleet.start()
    fleet.finish(ids)
    poison = Producer({"bootstrap.servers": fleet.bootstrap})
    poison.produce(topics.REPLIES.name, b"\xde\xad", f"{ids[0]}_nobody")
    assert poison.flush(PATIENCE_S) == 0
    dump = tmp_path / "log.jsonl"

    only = [*(f"--saga={one}" for one in ids), "--output", "json"]
    live = CliRunner().invoke(app, ["replay", "--bootstrap", fleet.bootstrap, "--export", str(dump), *only])
    offline = CliRunner().invoke(app, ["replay", "--file", str(dump), *only])

    assert live.exit_code == ExitCode.OK, live.stdout
    report = json.loads(live.stdout)
    assert report["sagas"] == len(ids)
    assert report["diverging"] == 0
    assert "cannot be read and are left out" in live.stderr
    assert json.loads(offline.stdout) == report
