"""The `saga` command: its sub-commands and options; what they do is imported when they run."""

# Every body imports its command when it runs: `saga --help` must not pay for Kafka and SQL clients.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from cli.approvals import approvals_app
from cli.architect import architect
from cli.dead_letters import dead_letters_app
from cli.definitions import definitions_app
from cli.ending import EndsWithItsReader
from cli.failure import MEANINGS, ExitCode, Failure
from cli.keys import keys_app
from cli.options import DEFAULT_DATA, DataOption, OutputFormat, OutputOption
from cli.orders import orders_app
from cli.sagas import sagas_app
from cli.topic_commands import topics_app
from cli.trials import explore, replay, simulate
from streams.kafka_security import SecurityUnusable

app = typer.Typer(
    cls=EndsWithItsReader,
    help="Event-sourced sagas on Apache Kafka.\n\nExit codes: "
    + ", ".join(f"{code.value} {meaning}" for code, meaning in MEANINGS.items())
    + ".",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(topics_app, name="topics")
app.add_typer(orders_app, name="order")
app.add_typer(approvals_app, name="approval")
app.add_typer(definitions_app, name="definitions")
app.add_typer(sagas_app, name="saga")
app.add_typer(dead_letters_app, name="dlq")
app.add_typer(keys_app, name="keys")
app.command("architect")(architect)
app.command("explore")(explore)
app.command("simulate")(simulate)
app.command("replay")(replay)


def _version(wanted: bool) -> None:
    if wanted:
        from cli.version import version

        typer.echo(f"saga {version()}")
        raise typer.Exit


def main() -> None:
    """Run the command line; a Failure becomes two lines on stderr and its exit code."""
    try:
        app()
    except Failure as failure:
        typer.echo(f"saga: {failure.problem}\n      {failure.remedy}", err=True)
        sys.exit(failure.code)
    except SecurityUnusable as error:
        typer.echo(f"saga: {error}", err=True)
        sys.exit(ExitCode.USAGE)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


@app.callback()
def saga(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Hold the options of `saga` itself."""


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running until Ctrl-C.")] = False,
    data: Annotated[
        Path | None, typer.Option("--data", help="Directory for the data; what is in it is deleted.")
    ] = None,
) -> None:
    """Send real orders through an installation of its own, break things, and prove the books."""
    from cli.demonstration import run_demo

    run_demo(keep=keep, data=data)


@app.command()
def dev(
    data: DataOption = DEFAULT_DATA,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The gateway's port.")] = 8080,
    kafka_port: Annotated[int, typer.Option(min=1, max=65_535, help="The embedded broker's port.")] = 9092,
    orchestrators: Annotated[int, typer.Option(min=1, max=8, help="How many orchestrators share the partitions.")] = 1,
    reset: Annotated[bool, typer.Option("--reset", help="Delete the data of earlier runs first.")] = False,
    auth: Annotated[
        bool, typer.Option("--auth", help="Let the gateway ask for keys; one for this command line is made.")
    ] = False,
    secure: Annotated[
        bool,
        typer.Option("--secure", help="Kafka with TLS, passwords and least rights; --auth and --vault with it."),
    ] = False,
    vault: Annotated[
        bool, typer.Option("--vault", help="Seal personal data, so that it can be erased by destroying its key.")
    ] = False,
) -> None:
    """Run Kafka, every service and the gateway on this machine until Ctrl-C.

    With KAFKA_BOOTSTRAP_SERVERS set, that cluster is used and no broker is started.
    """
    from cli.dev import DevOptions, run_dev

    cluster = os.environ.get("KAFKA_BOOTSTRAP_SERVERS") or None
    options = DevOptions(data, port, kafka_port, orchestrators, reset, cluster, auth, secure, vault)
    started = time.monotonic()
    say = _reporter(started)
    run_dev(options, say)
    say("stopped")


@app.command()
def verify(
    data: Annotated[Path | None, typer.Option("--data", help="Data directory of a `saga dev`; default: .saga.")] = None,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait for sagas to end; not for those that wait longer themselves.")
    ] = 0.0,
    ended: Annotated[
        bool, typer.Option("--ended", help="Every saga has to end: one that waits within its time is a finding, too.")
    ] = False,
    accepted: Annotated[Path | None, typer.Option(help="File with the order ids that were answered 202.")] = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Prove from topics, databases and providers' ledgers that every order ended right, or name those that did not.

    A saga that waits for a signal, a time or a person, and is not past its time, is listed and is no finding.

    Without --data, the addresses come from KAFKA_BOOTSTRAP_SERVERS, PAYMENT_DATABASE_URL and so on, where set.
    """
    from cli.verify import run_verify

    if not run_verify(data, accepted, wait, must_end=ended, output=output):
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _reporter(started: float) -> Callable[[str], None]:
    def say(line: str) -> None:
        typer.echo(f"{time.monotonic() - started:6.1f} s  {line}")

    return say


if __name__ == "__main__":
    main()
