"""`scripts/bench`: measures all subjects on one embedded broker and prints the figures."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmarks import report, subjects
from benchmarks.measuring import Bench, Figures, Report
from benchmarks.plan import LOW, SATURATED, STEADY, loads, warming
from cli.broker import EmbeddedBroker
from cli.failure import Failure

LOADS = (LOW, STEADY, SATURATED)
NAMES = {subject.name: subject for subject in subjects.ALL}


def main(arguments: list[str]) -> int:
    """Measure and print. Returns 0, or the exit code of what did not run; missed thresholds are only shown."""
    options = _options(arguments)
    started = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {line}", file=sys.stderr, flush=True)  # noqa: T201 - news for the person who waits

    try:
        if options.keep is not None:
            figures = _measure(options, options.keep, tell)
        else:
            with tempfile.TemporaryDirectory(prefix="saga-bench-") as directory:
                figures = _measure(options, Path(directory), tell)
    except Failure as failure:
        print(f"bench: {failure.problem}\n       {failure.remedy}", file=sys.stderr)  # noqa: T201 - as above
        return failure.code
    if options.json:
        machine = {"cpus": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
        print(json.dumps(report.as_json(figures, machine), indent=2))  # noqa: T201 - the result
    else:
        print(report.as_text(figures))  # noqa: T201 - the result
    return 0


def _options(arguments: list[str]) -> Namespace:
    parser = ArgumentParser(prog="scripts/bench", description="Measure sagas beside a bare loop on the same broker.")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--quick", action="store_true", help="a third of the time: rough figures")
    parser.add_argument("--only", default=",".join(NAMES), help="of these, by comma: %(default)s")
    parser.add_argument("--loads", default=",".join(LOADS), help="of these, by comma: %(default)s")
    parser.add_argument("--keep", type=Path, help="keep data and logs in this directory")
    parser.add_argument("--profile", type=Path, help="profile every Python process into this directory: figures suffer")
    options = parser.parse_args(arguments)
    for chosen, known in (("only", tuple(NAMES)), ("loads", LOADS)):
        names = getattr(options, chosen).split(",")
        for name in names:
            if name not in known:
                parser.error(f"--{chosen}: there is no {name!r}; there are {', '.join(known)}")
        setattr(options, chosen, names)
    return options


def _measure(options: Namespace, directory: Path, tell: Report) -> list[Figures]:
    broker = EmbeddedBroker(directory / "kafka", report=tell)
    with broker as bootstrap:
        tell(f"broker at {bootstrap}")
        bench = Bench(bootstrap, broker.pid or 0, directory, options.profile, tell)
        bench.measure(subjects.BARE, [warming(quick=options.quick)])
        figures: list[Figures] = []
        for name in options.only:
            subject = NAMES[name]
            planned = loads(subject.events_per_saga, subject.low_sagas, quick=options.quick)
            figures += bench.measure(subject, [load for load in planned if load.name in options.loads])
        return figures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
