"""The `workflow-orchestrator` command: design, validate or execute one process; `saga` runs and watches them."""

# Every body imports what it needs when it runs: `workflow-orchestrator --help` must not pay for the compiler.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.failure import ExitCode, Failure
from cli.options import DEFAULT_DATA, BootstrapOption, DataOption, OutputFormat, OutputOption, bootstrap_of

app = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


class Mode(StrEnum):
    """What to do with the process."""

    DESIGN = "design"
    VALIDATE = "validate"
    EXECUTE = "execute"


class Switch(StrEnum):
    """On or off, written as a word."""

    TRUE = "true"
    FALSE = "false"


class Engine(StrEnum):
    """What runs the process."""

    CUSTOM = "custom"
    TEMPORAL = "temporal"
    STEP_FUNCTIONS = "step-functions"
    AIRFLOW = "airflow"


class Persistence(StrEnum):
    """Where the state of a process is kept."""

    EVENT_LOG = "event-log"
    DATABASE = "database"
    WORKFLOW_ENGINE = "workflow-engine"


class Strategy(StrEnum):
    """What answers an error of a step that says nothing else."""

    RETRY_THEN_COMPENSATE = "retry-then-compensate"
    RETRY = "retry"
    COMPENSATE = "compensate"
    DEAD_LETTER = "dead-letter"


StrategyOption = Annotated[
    Strategy, typer.Option("--error-strategy", "--error_strategy", help="What answers an error.")
]
EngineOption = Annotated[Engine, typer.Option("--orchestrator", help="What runs the process; only custom is there.")]
PersistenceOption = Annotated[
    Persistence,
    typer.Option("--state-persistence", "--state_persistence", help="Where state is kept; only event-log is there."),
]


def main() -> None:
    """Run the command line; a Failure becomes two lines on stderr and its exit code."""
    try:
        app()
    except Failure as failure:
        typer.echo(f"workflow-orchestrator: {failure.problem}\n      {failure.remedy}", err=True)
        sys.exit(failure.code)
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)


@app.command()
def workflow(
    context: typer.Context,
    *,
    process: Annotated[str, typer.Option("--process", help="The process: the name of a definition, or its file.")],
    mode: Annotated[Mode, typer.Option("--mode", help="What to do with it.")] = Mode.DESIGN,
    max_retries: Annotated[
        int,
        typer.Option("--max-retries", "--max_retries", min=0, max=1000, help="Retries after the first try of a step."),
    ] = 3,
    timeout: Annotated[
        str, typer.Option("--timeout", "--timeout-default", "--timeout_default", help="Time-out of one attempt.")
    ] = "30s",
    audit: Annotated[Switch, typer.Option("--audit", help="Keep the audit trail of the process.")] = Switch.TRUE,
    error_strategy: StrategyOption = Strategy.RETRY_THEN_COMPENSATE,
    orchestrator: EngineOption = Engine.CUSTOM,
    state_persistence: PersistenceOption = Persistence.EVENT_LOG,
    definitions: Annotated[
        Path | None,
        typer.Option(
            envvar="SAGA_DEFINITIONS", file_okay=False, exists=True, help="A directory of further definitions."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(file_okay=False, help="Where design writes its files.")] = Path("workflows"),
    strict: Annotated[bool, typer.Option("--strict", help="Validate: warnings fail as well.")] = False,
    output: OutputOption = OutputFormat.TABLE,
    given: Annotated[
        Path | None, typer.Option("--input", dir_okay=False, exists=True, help="Execute: the input, a file with JSON.")
    ] = None,
    wait: Annotated[float, typer.Option(min=0, help="Execute: seconds to wait for the end.")] = 60.0,
    bootstrap: BootstrapOption = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Design, validate or execute a process.

    Exit codes: 0 done, 1 the check failed or the process did not complete, 2 wrong command line, 4 nothing is running.
    """
    _refuse_others(orchestrator, state_persistence)
    from cli.definition_files import find
    from orchestrator.design.options import Options, timeout_ms

    try:
        options = Options(max_retries, timeout_ms(timeout), audit is Switch.TRUE, error_strategy.value)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--timeout") from error
    written = find(process, definitions)
    match mode:
        case Mode.DESIGN:
            from cli.design import run_design

            run_design(written, options, out)
        case Mode.VALIDATE:
            from cli.definition_reports import report
            from cli.printing import shaped

            said, good = report(written, strict=strict, as_json=output is not OutputFormat.TABLE)
            _tell(shaped(said, output), good)
        case Mode.EXECUTE:
            from cli.execute import run_execute

            settings = {"max_retries": options.max_retries, "timeout_ms": options.timeout_ms, "audit": options.audit}
            address = partial(bootstrap_of, bootstrap, data)
            raise typer.Exit(run_execute(written, given, address, _chosen(context, settings), wait))


def _tell(said: str, good: bool) -> None:
    typer.echo(said)
    if not good:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def _chosen(context: typer.Context, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that were given on the command line: they go before those of the definition."""
    chosen: dict[str, Any] = {}
    for name, value in settings.items():
        source = context.get_parameter_source(name.removesuffix("_ms"))
        if source is not None and source.name != "DEFAULT":
            chosen[name] = value
    return chosen


def _refuse_others(orchestrator: Engine, state_persistence: Persistence) -> None:
    if orchestrator is not Engine.CUSTOM:
        raise typer.BadParameter(
            f"{orchestrator.value} is known, but not built in: the process is run by this product's own engine. "
            "Write custom, or leave it out.",
            param_hint="--orchestrator",
        )
    if state_persistence is not Persistence.EVENT_LOG:
        raise typer.BadParameter(
            f"{state_persistence.value} is known, but not built in: state is kept as events in Kafka's log. "
            "Write event-log, or leave it out.",
            param_hint="--state-persistence",
        )


if __name__ == "__main__":
    main()
