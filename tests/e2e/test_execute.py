"""`workflow-orchestrator --mode execute` on a running installation: final status, exit code, design files run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns.installation import Installation

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "orchestrator" / "definitions"
TIMEOUT_S = 240.0
ORDER = {
    "order_id": "$saga_id",
    "customer_id": "17850",
    "currency": "GBP",
    "total_minor": 1_530,
    "payment_method": "pm_card_ok",
    "lines": [{"sku": "85123A", "description": "a heart", "quantity": 6, "unit_price_minor": 255}],
    "shipping": {"method": "express", "country": "France", "address": "1 Rue Haute"},
    "reference": "536365",
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the data directory of an installation that runs."""
    directory = tmp_path_factory.mktemp("installation")
    with Installation(directory):
        yield directory


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def executed(directory: Path, process: str, *arguments: str) -> tuple[int, str]:
    done = run("cli.workflow", "--process", process, "--mode", "execute", "--data", str(directory), *arguments)
    return done.returncode, done.stdout.splitlines()[-1]


def test_a_process_runs_to_its_end_from_its_own_example(directory: Path) -> None:
    assert executed(directory, "order-fulfillment") == (0, "Final status: COMPLETED (shipped)")


def test_a_process_that_is_revoked_says_so(directory: Path, tmp_path: Path) -> None:
    given = tmp_path / "order.json"
    given.write_text(json.dumps({**ORDER, "payment_method": "pm_card_declined"}), encoding="utf-8")

    ended = executed(directory, "order-fulfillment", "--input", str(given))

    assert ended == (1, "Final status: TRANSACTION_REVOKED (cancelled)")


def test_a_process_that_waits_for_a_person_is_left_waiting(directory: Path) -> None:
    code, said = executed(directory, "two-approver-chain", "--wait", "5")

    assert (code, said.split(":")[0]) == (1, "Still AWAITING_APPROVAL after 5 s")


def test_the_engine_runs_the_file_that_design_wrote(directory: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    shipped = (SHIPPED / "order-fulfillment.yaml").read_text(encoding="utf-8")
    mine.write_text(shipped.replace("name: order-fulfillment\n", "name: my-process\n"), encoding="utf-8")
    assert run("cli.workflow", "--process", str(mine), "--out", str(tmp_path)).returncode == 0
    machine = str(tmp_path / "my-process.state-machine.json")

    deployed = run("cli.app", "definitions", "deploy", machine, "--data", str(directory))

    assert deployed.returncode == 0, deployed.stderr
    assert executed(directory, machine) == (0, "Final status: COMPLETED (shipped)")
