"""Manners of `saga` at a terminal and away from it: colours, exit codes, who reads the output, what is imported."""

from __future__ import annotations

import ast
import io
import os
import re
import sys
from pathlib import Path

import pytest

from cli import app as command_line
from cli.failure import ExitCode, Failure
from cli.options import gateway_of
from cli.progress import bar, printed_later, waiting
from cli.terminal_table import fits
from tests.unit.cli.conftest import Saga
from tests.unit.cli.stub_gateway import ORDER, Answer, StubGateway

GREEN = "\x1b[32m"
ROOT = Path(command_line.__file__).parent.parent
FIRST_PARTY = {"orchestrator", "schemas", "services", "streams", "simulator", "verify", "architect"}


@pytest.fixture
def done(gateway: StubGateway) -> None:
    """Have the gateway list an order that is done."""
    page = {"orders": [{**ORDER, "status": "COMPLETED"}], "next_cursor": None}
    gateway.on("GET /v1/orders", Answer(200, page))


@pytest.mark.usefixtures("done")
def test_away_from_a_terminal_a_table_is_plain_and_as_wide_as_it_needs(
    saga: Saga, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")

    stdout = saga("order", "list").stdout

    assert "\x1b" not in stdout
    assert len(stdout.splitlines()) == 2


@pytest.mark.usefixtures("done")
def test_at_a_terminal_a_table_has_colours_unless_they_are_not_wanted(
    saga: Saga, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    assert f"{GREEN}COMPLETED" in saga("order", "list").stdout

    monkeypatch.setenv("NO_COLOR", "1")
    stdout = saga("order", "list").stdout
    assert "COMPLETED" in stdout
    assert GREEN not in stdout


@pytest.mark.usefixtures("done")
@pytest.mark.parametrize("width", [40, 80])
def test_a_narrow_terminal_shows_every_field_whole(saga: Saga, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": str(width)}.items():
        monkeypatch.setenv(name, value)

    lines = re.sub(r"\x1b\[[0-9;]*m", "", saga("order", "list").stdout).splitlines()

    assert lines[0].strip() == ORDER["order_id"]
    assert all(len(line.rstrip()) <= width for line in lines)
    for shown in ("status COMPLETED", f"customer {ORDER['customer_id']}", f"created {ORDER['created_at']}"):
        assert sum(shown in line for line in lines) == 1, lines


def test_a_table_is_as_wide_as_its_columns_but_the_last_one_may_go_to_further_lines() -> None:
    rows = [["ID", "WHY"], ["ord_1", "x" * 200]]
    assert fits(rows, 30)
    assert not fits(rows, 26)
    assert fits([["ID", "WHY"], ["ord_1", "no"]], 10)


@pytest.mark.usefixtures("done")
def test_programs_never_get_colours(saga: Saga, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert "\x1b" not in saga("order", "list", "-o", "jsonl").stdout


@pytest.mark.usefixtures("done")
def test_a_reader_that_goes_away_is_no_error_and_has_a_code(
    gateway: StubGateway, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with io.TextIOWrapper(io.FileIO(write_end, "w"), write_through=True) as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        monkeypatch.setattr(sys, "argv", ["saga", "order", "list", "--gateway", gateway.url])
        with pytest.raises(SystemExit) as ended:
            command_line.main()

    assert ended.value.code == ExitCode.OUTPUT_CLOSED
    assert capfd.readouterr().err == ""


class Terminal(io.StringIO):
    """What looks like a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_bar_is_for_a_terminal_and_takes_nothing_from_the_data(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    data, words = io.StringIO(), Terminal() if is_terminal else io.StringIO()
    monkeypatch.setattr(sys, "stdout", data)
    monkeypatch.setattr(sys, "stderr", words)

    with printed_later() as put, bar("orders", 2) as done:
        for order_id in ("ord_a", "ord_b"):
            put(order_id)
            done()

    assert data.getvalue() == "ord_a\nord_b\n"
    assert ("2/2" in words.getvalue()) is is_terminal


def test_lines_do_not_run_into_a_bar_on_the_same_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)

    with printed_later() as put, bar("orders", 2) as done:
        put("ord_a")
        done()
        shown_meanwhile = screen.getvalue()

    assert "ord_a" not in shown_meanwhile
    assert screen.getvalue().endswith("ord_a\n")


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_sign_of_waiting_is_for_a_terminal(monkeypatch: pytest.MonkeyPatch, is_terminal: bool) -> None:
    words = Terminal() if is_terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", words)

    with waiting("ord_a is taken"):
        pass

    assert bool(words.getvalue()) is is_terminal


def test_the_demo_takes_the_place_of_the_command(saga: Saga, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(os, "execv", lambda _program, arguments: became.append(arguments[1:]))

    assert saga("demo", "--keep", "--data", str(tmp_path)).exit_code == 0
    assert became == [["-m", "campaigns.demo", "--keep", "--data", str(tmp_path)]]


def test_a_failure_is_two_lines_on_stderr_and_its_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["saga", "order", "list", "--gateway", "http://127.0.0.1:1"])

    with pytest.raises(SystemExit) as ended:
        command_line.main()

    assert ended.value.code == ExitCode.CLUSTER_UNREACHABLE
    told = capsys.readouterr()
    assert told.out == ""
    problem, remedy = told.err.splitlines()
    assert problem.startswith("saga: No gateway answers at http://127.0.0.1:1: ")
    assert remedy == "      Start one with `saga dev`, or name its address with --gateway."


def test_ctrl_c_ends_quietly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_about: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.order_requests.shown", interrupt)
    monkeypatch.setattr(sys, "argv", ["saga", "order", "show", "ord_a", "--gateway", "http://127.0.0.1:1"])

    with pytest.raises(SystemExit) as ended:
        command_line.main()

    assert ended.value.code == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", ["SAGA_GATEWAY", "SAGA_GATEWAY_URL"])
@pytest.mark.usefixtures("done")
def test_the_gateway_is_named_by_either_variable(
    saga: Saga, gateway: StubGateway, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv("SAGA_GATEWAY")
    monkeypatch.setenv(name, gateway.url)

    assert saga("order", "list").exit_code == 0


def test_without_any_address_the_next_step_is_said(tmp_path: Path) -> None:
    with pytest.raises(Failure) as refused:
        gateway_of(None, tmp_path)

    assert "--gateway" in refused.value.remedy


def test_what_is_forbidden_says_which_key_is_needed(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/orders", Answer(403, {"title": "Forbidden", "detail": "operators only"}))

    failure = saga("order", "list").exception

    assert isinstance(failure, Failure)
    assert "saga keys list" in failure.remedy


def test_the_version_is_told(saga: Saga) -> None:
    result = saga("--version")

    assert result.exit_code == 0
    assert result.stdout.startswith("saga 0.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_shell_can_complete(saga: Saga, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")

    shown = saga("--show-completion", shell)

    assert shown.exit_code == 0
    assert "_SAGA_COMPLETE" in shown.stdout or "_ROOT_COMPLETE" in shown.stdout


def test_help_pays_for_no_client() -> None:
    allowed = sys.stdlib_module_names | {"typer", "cli", "__future__"}
    reached: set[str] = set()

    def visit(name: str) -> None:
        path = ROOT.joinpath(*name.split(".")).with_suffix(".py")
        if name in reached or not path.is_file():
            return
        reached.add(name)
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            match node:
                case ast.Import():
                    imported = [alias.name for alias in node.names]
                case ast.ImportFrom():
                    imported = [str(node.module)]
                case _:
                    continue
            for one in imported:
                visit(one)
                others.update({one} if one.partition(".")[0] not in allowed | FIRST_PARTY else ())

    others: set[str] = set()
    visit("cli.app")

    assert {"cli.orders", "cli.sagas", "cli.topic_commands"} <= reached
    assert others == set()
