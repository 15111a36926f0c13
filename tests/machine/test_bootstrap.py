"""scripts/bootstrap before it reaches any network: what it needs is named, and a finished .venv is left alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAMS = ("bash", "cat", "cmp", "dirname", "sed")


def run(script: Path, path: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a bootstrap script with a PATH of the test's choice and nothing else from this environment."""
    bash = shutil.which("bash")
    assert bash is not None
    return subprocess.run(
        [bash, str(script), *arguments], env={"PATH": path}, capture_output=True, text=True, timeout=180, check=False
    )


def checkout(directory: Path) -> Path:
    """Lay out the part of a checkout that the script reads; return the script."""
    (directory / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "bootstrap", directory / "scripts")
    (directory / "requirements.lock").write_text("thing==1.0\n")
    return directory / "scripts" / "bootstrap"


def without_python(directory: Path) -> str:
    """Return a PATH with the programs the script uses, and no Python."""
    directory.mkdir()
    for program in PROGRAMS:
        found = shutil.which(program)
        assert found is not None
        (directory / program).symlink_to(found)
    return str(directory)


def test_a_machine_without_a_recent_python_is_told_so(tmp_path: Path) -> None:
    done = run(checkout(tmp_path / "checkout"), without_python(tmp_path / "bin"))

    assert done.returncode == 3
    assert "no Python >= 3.11 found" in done.stderr


def test_an_old_python_is_named_with_its_version(tmp_path: Path) -> None:
    path = without_python(tmp_path / "bin")
    old = Path(path) / "python3"
    old.write_text("#!/bin/sh\necho 3.9.2\nexit 1\n")
    old.chmod(0o755)

    done = run(checkout(tmp_path / "checkout"), path)

    assert done.returncode == 3
    assert "python3 is 3.9.2" in done.stderr


def test_an_environment_that_equals_the_locks_is_left_alone(tmp_path: Path) -> None:
    script = checkout(tmp_path / "checkout")
    root = script.parents[1].resolve()
    installed = root / ".venv" / "installed"
    installed.mkdir(parents=True)
    (root / ".venv" / "bin").mkdir()
    os.symlink("/bin/true", root / ".venv" / "bin" / "python")
    (installed / "root").write_text(str(root))
    shutil.copy(root / "requirements.lock", installed)

    done = run(script, without_python(tmp_path / "bin"))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_lock_is_noticed(tmp_path: Path) -> None:
    script = checkout(tmp_path / "checkout")
    root = script.parents[1].resolve()
    installed = root / ".venv" / "installed"
    installed.mkdir(parents=True)
    (installed / "root").write_text(str(root))
    (installed / "requirements.lock").write_text("thing==0.9\n")

    assert run(script, without_python(tmp_path / "bin")).returncode == 3


def test_an_unknown_option_shows_the_usage() -> None:
    done = run(ROOT / "scripts" / "bootstrap", os.environ["PATH"], "--no-such-option")

    assert done.returncode == 2
    assert "usage: scripts/bootstrap" in done.stderr
