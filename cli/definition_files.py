"""Finding a definition's file: by its path, or by the name that it gives itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orchestrator.definitions
from cli.failure import ExitCode, Failure
from orchestrator.core.definition import Definition
from orchestrator.definitions.positions import Unreadable, read
from orchestrator.definitions.registry import compiled

ENDINGS = (".yaml", ".yml", ".json")


class Written(NamedTuple):
    """A definition as it stands in a file; `shown` is how the file is called in messages."""

    shown: str
    text: str


def compile_document(document: Any) -> Definition:
    """Compile a document with the functions of this product. Raises DefinitionError."""
    return compiled(document).definition


def read_file(path: Path) -> Written:
    """Read a definition's file. Raises Failure."""
    try:
        return Written(_shown(path), path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Failure(
            f"{path} cannot be read: {error.strerror}.", "Name a file that exists.", ExitCode.USAGE
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise Failure(
            f"{path}:{line}: the byte 0x{error.object[error.start]:02x} is no UTF-8.", "Write the definition in UTF-8.",
            ExitCode.CHECK_FAILED,
        ) from error  # fmt: skip


def find(process: str, directory: Path | None) -> Written:
    """Return the definition with this name, the newest version of it; or the file, where it is one. Raises Failure."""
    path = Path(process)
    if path.suffix in ENDINGS and path.is_file():
        return read_file(path)
    known = dict(_by_name(directory))
    if process not in known:
        names = ", ".join(sorted(known))
        raise Failure(f"There is no process {process}.", f"Name one of {names}, or a file.", ExitCode.USAGE)
    return known[process]


def _by_name(directory: Path | None) -> Iterator[tuple[str, Written]]:
    """Yield each name with its file; of several versions the newest comes last."""
    shipped = Path(orchestrator.definitions.__file__).parent
    found: list[tuple[str, int, Written]] = []
    for folder in (shipped, directory):
        for path in sorted(folder.iterdir()) if folder is not None else []:
            if path.suffix in ENDINGS:
                written = read_file(path)
                head = _head(written.text)
                found.append((head[0], head[1], written))
    for name, _, written in sorted(found, key=lambda one: one[1]):
        yield name, written


def _head(text: str) -> tuple[str, int]:
    """Return the name and the major version that a document gives itself; an empty name where it gives none."""
    try:
        document = read(text).document
    except Unreadable:
        return "", 0
    head = document.get("document") if isinstance(document, dict) else None
    name, version = (head.get("name"), head.get("version")) if isinstance(head, dict) else (None, None)
    major = str(version).partition(".")[0]
    return str(name or ""), int(major) if major.isdecimal() else 0


def _shown(path: Path) -> str:
    """Return a path as short as it can be said from here."""
    absolute = path.resolve()
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(path)
