"""`saga architect`: where requirements come from, where the answer goes, and the exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.unit.architect.asked import MICRO_TRADING, ORDER_FULFILMENT, ORDER_PROCESSING, designed

ROOT = Path(__file__).resolve().parents[3]
REFUSAL = b'{"error": "SLA conflicts with distributed consistency requirements"}'


def saga(*arguments: str, stdin: bytes = b"", seed: str = "0") -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "cli.app", "architect", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed, "NO_COLOR": "1"},
        input=stdin,
        capture_output=True,
        check=False,
        timeout=180,
    )


def options(texts: dict[str, str]) -> list[str]:
    """Return free texts as options."""
    return [word for name, text in texts.items() for word in (f"--{name.replace('_', '-')}", text)]


@pytest.mark.parametrize("asked", [ORDER_FULFILMENT, ORDER_PROCESSING], ids=["workflow", "business"])
def test_three_texts_on_the_command_line_get_a_design_on_stdout(asked: dict[str, str]) -> None:
    found = saga(*options(asked))

    assert (found.returncode, found.stderr) == (0, b"")
    assert found.stdout.decode() == designed(asked)


def test_processes_with_different_hash_seeds_write_the_same_bytes() -> None:
    runs = [
        saga(*options(ORDER_PROCESSING), "--format", form, seed=seed).stdout
        for form in ("markdown", "json")
        for seed in "12"
    ]

    assert runs[0] == runs[1]
    assert runs[2] == runs[3]
    assert json.loads(runs[2])["pattern"] == "Saga Pattern"


def test_requirements_come_from_yaml_json_or_standard_input_alike(tmp_path: Path) -> None:
    as_yaml, as_json = tmp_path / "r.yaml", tmp_path / "r.json"
    as_yaml.write_text(yaml.safe_dump(ORDER_FULFILMENT))
    as_json.write_text(json.dumps(ORDER_FULFILMENT))

    found = [
        saga("--requirements", str(as_yaml)).stdout,
        saga("--requirements", str(as_json)).stdout,
        saga("--requirements", "-", stdin=as_yaml.read_bytes()).stdout,
    ]

    assert [text.decode() for text in found] == [designed(ORDER_FULFILMENT)] * 3


def test_a_design_goes_to_a_file_when_asked(tmp_path: Path) -> None:
    found = saga(*options(ORDER_FULFILMENT), "--output", str(tmp_path / "design.md"))

    assert (found.returncode, found.stdout) == (0, b"")
    assert (tmp_path / "design.md").read_text() == designed(ORDER_FULFILMENT)


@pytest.mark.parametrize("form", ["markdown", "json"])
def test_a_contradiction_is_one_line_of_json_exit_2_and_no_file(tmp_path: Path, form: str) -> None:
    found = saga(*options(MICRO_TRADING), "--format", form, "--output", str(tmp_path / "design.md"))

    assert (found.returncode, found.stdout, found.stderr) == (2, REFUSAL, b"")
    assert list(tmp_path.iterdir()) == []


def test_a_contradiction_leaves_a_file_that_is_there_as_it_was(tmp_path: Path) -> None:
    kept = tmp_path / "design.md"
    kept.write_text("an earlier design")
    before = kept.stat()

    found = saga(*options(MICRO_TRADING), "--output", str(kept))

    after = kept.stat()
    assert (found.returncode, found.stdout) == (2, REFUSAL)
    assert (kept.read_text(), after.st_mtime_ns, after.st_ino) == (
        "an earlier design",
        before.st_mtime_ns,
        before.st_ino,
    )


def test_who_asks_is_told_on_stderr_which_demands_clash() -> None:
    found = saga(*options(MICRO_TRADING), "--explain")

    assert (found.returncode, found.stdout) == (2, REFUSAL)
    assert found.stderr.decode().count("\n") == 1
    assert "strong consistency (" in found.stderr.decode()
    assert "clashes with zero or near-zero latency (" in found.stderr.decode()
    assert saga(*options(ORDER_PROCESSING), "--explain").stderr == b""


@pytest.mark.parametrize("missing", list(ORDER_PROCESSING))
def test_a_missing_text_is_named_on_stderr_with_exit_2(missing: str) -> None:
    found = saga(*options({name: text for name, text in ORDER_PROCESSING.items() if name != missing}))

    assert (found.returncode, found.stdout) == (2, b"")
    assert f"{missing} is missing or empty".encode() in found.stderr
    assert b"all of" in found.stderr.lower()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [", b"neither YAML nor JSON"),
        (b"\xff\xfe\xff", b"not UTF-8"),
        (b"just text", b"no object"),
        (b"steps: []", b"steps"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_to_do(tmp_path: Path, content: bytes, said: bytes) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(content)

    found = saga("--requirements", str(path))

    assert (found.returncode, found.stdout) == (2, b"")
    assert said in found.stderr


def test_a_file_that_is_not_there_is_named() -> None:
    found = saga("--requirements", "nowhere.yaml")

    assert (found.returncode, found.stdout) == (2, b"")
    assert b"nowhere.yaml cannot be read" in found.stderr


@pytest.mark.parametrize("option", [("--orchestrator", "temporal"), ("--state-persistence", "database")])
def test_choices_that_are_not_built_are_refused_by_name(option: tuple[str, str]) -> None:
    found = saga(*options(ORDER_FULFILMENT), *option)

    assert (found.returncode, found.stdout) == (2, b"")
    assert f"{option[1]} is known and not supported".encode() in found.stderr
