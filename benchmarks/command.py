"""What the benchmarks do alike as commands: their common options, where they keep data, news, and the result."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from cli.failure import Failure

F = TypeVar("F")
Tell = Callable[[str], None]
"""Takes a line of news for the person who waits."""


def add_options(parser: ArgumentParser, profiled: str) -> None:
    """Add the options that every benchmark has; `profiled` says what --profile is about."""
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--quick", action="store_true", help="a third of the time: rough figures")
    parser.add_argument("--keep", type=Path, help="keep data and logs in this directory")
    parser.add_argument("--profile", type=Path, help=f"profile {profiled} into this directory: figures suffer")


def run(
    options: Namespace,
    measure: Callable[[Path, Tell], Sequence[F]],
    as_text: Callable[[Sequence[F]], str],
    as_json: Callable[[Sequence[F], Mapping[str, object]], dict[str, object]],
) -> int:
    """Measure in a directory and print. Returns 0, or the exit code of what did not run.

    Missed thresholds are only shown.
    """
    started = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {line}", file=sys.stderr, flush=True)  # noqa: T201 - news for the person who waits

    try:
        if options.keep is not None:
            options.keep.mkdir(parents=True, exist_ok=True)
            found = measure(options.keep, tell)
        else:
            with tempfile.TemporaryDirectory(prefix="saga-bench-") as directory:
                found = measure(Path(directory), tell)
    except Failure as failure:
        print(f"bench: {failure.problem}\n       {failure.remedy}", file=sys.stderr)  # noqa: T201 - as above
        return failure.code
    machine = {"cpus": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    print(json.dumps(as_json(found, machine), indent=2) if options.json else as_text(found))  # noqa: T201 - the result
    return 0
