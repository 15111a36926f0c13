"""`saga explore` and `saga simulate` of definitions that strangers bring: their children, signals and `x-explore`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.failure import ExitCode, Failure

USE = {
    "functions": {
        "hold": {"call": "command", "with": {"topic": "yard.commands", "message": "yard.Hold"}},
        "free": {"call": "command", "with": {"topic": "yard.commands", "message": "yard.Free"}},
    }
}
HELD = {"call": "hold", "compensate": {"call": "free"}}


def written(folder: Path, name: str, *tasks: Mapping[str, Any], **more: Any) -> str:
    """Write a definition of these tasks. Returns its path."""
    head = {"dsl": "1.0.3", "namespace": "yard", "name": name, "version": "1.0.0"}
    document = {"document": head, "use": USE, "timeout": {"after": {"hours": 1}}, "do": list(tasks), **more}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document))
    return str(path)


def child(name: str, **more: Any) -> Mapping[str, Any]:
    return {"run": {"workflow": {"namespace": "yard", "name": name}, **more}}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_a_child_that_nobody_waits_for_stands_on_its_own_when_its_parent_is_taken_back(tmp_path: Path) -> None:
    """So says the language: that it is still there is no violation, whenever the parent turns round."""
    path = written(tmp_path, "parent", {"held": HELD}, {"gift": child("notify-customer", **{"await": False})})

    result = run("explore", path)

    assert result.exit_code == ExitCode.OK, result.stdout
    assert "REVOKED" in result.stdout


def test_a_child_that_is_waited_for_is_undone_with_its_parent(tmp_path: Path) -> None:
    path = written(tmp_path, "parent", {"held": HELD}, {"gift": child("notify-customer")})

    assert run("explore", path, "--depth", "single").exit_code == ExitCode.OK


def test_an_undo_that_goes_to_somebody_else_is_found_and_its_run_runs_again(tmp_path: Path) -> None:
    """Who has not done something cannot undo it; the run is shown again from its file."""
    away = {"call": "command", "with": {"topic": "dock.commands", "message": "dock.Free"}}
    held = {"call": "hold", "compensate": {"call": "away"}}
    use = {"functions": {**USE["functions"], "away": away}}
    path = written(tmp_path, "elsewhere", {"held": held}, {"more": HELD}, use=use)
    trace = str(tmp_path / "trace.json")

    found = run("explore", path, "--depth", "single", "--trace", trace)
    again = run("explore", "--replay", trace)

    assert found.exit_code == ExitCode.CHECK_FAILED
    assert "held is still in place (balance)" in found.stdout
    assert again.exit_code == ExitCode.CHECK_FAILED
    assert again.stdout.splitlines()[-1] == "the same violation again: balance"


def test_an_input_from_which_no_run_completes_is_pointed_out(tmp_path: Path) -> None:
    """No property is broken, for all is undone; but an author has to see it."""
    wrong = {"call": "hold", "with": {"n": "${ .sum | keys }"}, "compensate": {"call": "free"}}

    result = run("explore", written(tmp_path, "never", {"held": HELD}, {"sum": {"set": {"sum": 5}}}, {"more": wrong}))

    assert "NO RUN COMPLETES" in result.stdout
    assert "NO RUN COMPLETES" not in run("explore", written(tmp_path, "ever", {"held": HELD})).stdout


def test_a_signal_for_a_saga_that_there_is_not_changes_nothing(tmp_path: Path) -> None:
    ping = {"emit": {"event": {"with": {"type": "ping", "subject": "sag_nowhere", "data": {}}}}}
    path = written(tmp_path, "pinging", {"held": HELD}, {"ping": ping})

    result = run("simulate", path, "--sagas", "40", "--seed", "3")

    assert result.exit_code == ExitCode.OK
    assert result.stdout.splitlines()[-1] == "every invariant held"


@pytest.mark.parametrize("parent_first", [True, False])
def test_children_are_found_among_all_definitions_that_are_named(tmp_path: Path, parent_first: bool) -> None:
    paths = [written(tmp_path, "parent", {"run": child("part")}), written(tmp_path, "part", {"held": HELD})]

    result = run("simulate", *(paths if parent_first else reversed(paths)), "--sagas", "40")

    assert result.exit_code == ExitCode.OK
    failure = run("simulate", paths[0], "--sagas", "40").exception
    assert isinstance(failure, Failure)
    assert "part, which is not known" in failure.problem


@pytest.mark.parametrize(
    ("name", "value"),
    [("definition", 7), ("scenario", None), ("data", 5), ("faults", "x"), ("violation", 5), ("violation", {}),
     ("moves", 1), ("moves", [1]), ("moves", [{"kind": "strt", "subject": "", "fates": []}])],
)  # fmt: skip
def test_a_trace_that_somebody_has_edited_is_run_again_or_refused(tmp_path: Path, name: str, value: Any) -> None:
    trace = {
        "format": "sagaline-trace/1", "definition": "etl", "version": 1, "scenario": "example", "data": {}, "faults": 1,
        "violation": {"property": "balance"}, "moves": [{"kind": "start", "subject": "", "fates": ["fine"]}],
    }  # fmt: skip
    path = tmp_path / "trace.json"
    path.write_text(json.dumps({**trace, name: value}))

    failure = run("explore", "--replay", str(path)).exception

    assert isinstance(failure, Failure)
    assert failure.code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("explore", "says"),
    [
        (5, "x-explore: must be an object"),
        ({"input": {}}, "x-explore.input: is not known here"),
        ({"inputs": 5}, "x-explore.inputs"),
        ({"inputs": {}}, "x-explore.inputs"),
        ({"inputs": [1]}, "x-explore.inputs"),
        ({"results": [1]}, "x-explore.results: must be an object"),
        ({"results": {"hold": []}}, "x-explore.results.hold"),
        ({"results": {"held": 5}}, "x-explore.results.held"),
        ({"results": {"heldd": {}}}, "x-explore.results.heldd: is not known here; known are held, yard.Hold"),
        ({"signals": {"go": {}}}, "x-explore.signals.go: is not known here"),
    ],
)
def test_what_an_x_explore_says_is_understood_or_refused(tmp_path: Path, explore: Any, says: str) -> None:
    failure = run("explore", written(tmp_path, "held", {"held": HELD}, **{"x-explore": explore})).exception

    assert isinstance(failure, Failure)
    assert says in failure.problem
    assert failure.code == ExitCode.USAGE


@pytest.mark.parametrize(
    "explore",
    [
        {"inputs": [{"a": 1}, {"a": 2}], "results": {"held": [{"b": 1}, {"b": 2}]}, "signals": {"go": {"c": 1}}},
        {"results": {"yard.Hold": {"b": 1}}},
        {},
    ],
)
def test_an_x_explore_names_steps_commands_and_signals_of_the_document(tmp_path: Path, explore: Any) -> None:
    go = {"listen": {"to": {"one": {"with": {"type": "go"}}}}}

    result = run(
        "explore", "--depth", "single", written(tmp_path, "h", {"held": HELD}, {"go": go}, **{"x-explore": explore})
    )

    assert result.exit_code == ExitCode.OK
