"""The demonstration, as a new user runs it: every scene holds and the books are proved."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCENES = (
    "real orders",
    "card declined",
    "out of stock",
    "PSP charges and never answers",
    "carrier is down",
    "customer cancels in mid-flight",
    "approval: one yes, one no",
    "poison records",
    "kill -9 of the orchestrator in mid-flight",
)


def test_the_demonstration_holds(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "campaigns.demo", "--data", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for scene in SCENES:
        assert f"✓ scene: {scene}" in done.stdout
    assert "The books hold" in done.stdout
    assert "kcat -b" in done.stdout
