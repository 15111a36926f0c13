"""The sources of the product as syntax trees, read once for all tidy tests."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "architect",
    "benchmarks",
    "campaigns",
    "cli",
    "orchestrator",
    "schemas",
    "services",
    "simulator",
    "streams",
    "verify",
)


class Source(NamedTuple):
    """One Python file: its path from the root of the repository, and its syntax tree."""

    path: str
    tree: ast.Module


@cache
def tracked() -> tuple[str, ...]:
    """Return the path of every file that git knows and the work tree has."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(path for path in listed.stdout.splitlines() if (ROOT / path).is_file())


@cache
def sources() -> tuple[Source, ...]:
    """Return every Python file of the repository."""
    return tuple(
        Source(path, ast.parse((ROOT / path).read_text(encoding="utf-8"), path))
        for path in tracked()
        if path.endswith(".py")
    )


def product() -> Iterator[Source]:
    """Yield the files that are the product itself: no tests, no scripts."""
    yield from (source for source in sources() if source.path.split("/", 1)[0] in PACKAGES)


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of each module or name a file imports, wherever the import stands."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from ((node.lineno, alias.name) for alias in node.names)
            case ast.ImportFrom(module=str(module), level=0):
                yield node.lineno, module
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
