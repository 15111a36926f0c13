"""Which Java runs the broker: JAVA_HOME before PATH before the wheel, and none that is too old."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.failure import Failure
from cli.java import find_java, read_java_version


def install(home: Path, release: str) -> Path:
    """Lay out what a Java installation looks like; return its executable."""
    (home / "bin").mkdir(parents=True)
    executable = home / "bin" / "java"
    executable.write_text("#!/bin/sh\nexit 1\n")
    executable.chmod(0o755)
    (home / "release").write_text(release)
    return executable


def test_java_home_comes_before_the_path(tmp_path: Path) -> None:
    at_home = install(tmp_path / "home", 'JAVA_VERSION="21.0.2"\n')
    on_path = install(tmp_path / "path", 'JAVA_VERSION="17.0.1"\n')

    java = find_java({"JAVA_HOME": str(tmp_path / "home"), "PATH": str(on_path.parent)})

    assert (java.executable, java.version, java.origin) == (at_home, 21, "JAVA_HOME")


def test_a_java_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    install(tmp_path / "home", 'JAVA_VERSION="1.8.0_402"\n')
    on_path = install(tmp_path / "path", 'JAVA_VERSION="17.0.1"\n')

    java = find_java({"JAVA_HOME": str(tmp_path / "home"), "PATH": str(on_path.parent)})

    assert java.executable == on_path


def test_without_a_usable_java_the_error_says_what_was_found_and_what_to_do(tmp_path: Path) -> None:
    install(tmp_path / "home", 'JAVA_VERSION="11.0.2"\n')

    with pytest.raises(Failure) as failure:
        find_java({"JAVA_HOME": str(tmp_path / "home"), "PATH": ""}, read_version=lambda _: 11)

    assert "is Java 11" in failure.value.problem
    assert "scripts/bootstrap --java" in failure.value.remedy


def test_a_program_that_is_no_java_has_no_version(tmp_path: Path) -> None:
    assert read_java_version(install(tmp_path, "")) is None
