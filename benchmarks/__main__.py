"""`scripts/bench`: measures all subjects on one embedded broker and prints the figures."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path

from benchmarks import report, subjects
from benchmarks.command import Tell, add_options, run
from benchmarks.measuring import Bench, Figures
from benchmarks.plan import LOW, SATURATED, STEADY, loads, warming
from cli.broker import EmbeddedBroker

LOADS = (LOW, STEADY, SATURATED)
NAMES = {subject.name: subject for subject in subjects.ALL}


def main(arguments: list[str]) -> int:
    """Measure and print. Returns 0, or the exit code of what did not run."""
    options = _options(arguments)
    return run(options, partial(_measure, options), report.as_text, report.as_json)


def _options(arguments: list[str]) -> Namespace:
    parser = ArgumentParser(prog="scripts/bench", description="Measure sagas beside a bare loop on the same broker.")
    parser.add_argument("--only", default=",".join(NAMES), help="of these, by comma: %(default)s")
    parser.add_argument("--loads", default=",".join(LOADS), help="of these, by comma: %(default)s")
    add_options(parser, "every Python process")
    options = parser.parse_args(arguments)
    for chosen, known in (("only", tuple(NAMES)), ("loads", LOADS)):
        names = getattr(options, chosen).split(",")
        for name in names:
            if name not in known:
                parser.error(f"--{chosen}: there is no {name!r}; there are {', '.join(known)}")
        setattr(options, chosen, names)
    return options


def _measure(options: Namespace, directory: Path, tell: Tell) -> list[Figures]:
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
