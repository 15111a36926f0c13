"""What a stranger does wrong at first: each error says what to do next, with the exit code that is documented."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import Result

from cli.failure import ExitCode, Failure
from tests.unit.cli.conftest import Saga
from tests.unit.cli.stub_gateway import Answer, StubGateway

NOWHERE = "http://127.0.0.1:1"


def failure_of(result: Result) -> Failure:
    assert isinstance(result.exception, Failure), (result.exception, result.output)
    return result.exception


@pytest.fixture(autouse=True)
def nothing_is_set(saga: Saga, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Begin in an empty directory with no settings."""
    del saga  # it is asked for because it makes the settings that are taken away here
    for name in ("SAGA_GATEWAY", "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("order", "list"), "--gateway"),
        (("saga", "show", "x"), "--gateway"),
        (("approval", "list"), "--gateway"),
        (("dlq", "list"), "--gateway"),
        (("topics", "list"), "--bootstrap"),
        (("definitions", "list"), "--bootstrap"),
        (("verify",), "--data"),
    ],
)
def test_without_an_installation_it_says_how_to_start_or_name_one(
    saga: Saga, arguments: tuple[str, ...], option: str
) -> None:
    failure = failure_of(saga(*arguments))
    assert failure.code is ExitCode.CLUSTER_UNREACHABLE
    assert "no `saga dev` has run on .saga" in failure.problem
    assert option in failure.remedy
    assert failure.remedy.startswith("Start ")
    assert not ({"--gateway", "--bootstrap"} - {option}) & set(failure.remedy.replace(".", "").split())


@pytest.mark.parametrize("content", ["", "[]", "\x00"])
def test_a_state_file_that_says_nothing_is_named(saga: Saga, tmp_path: Path, content: str) -> None:
    (tmp_path / ".saga").mkdir()
    (tmp_path / ".saga" / "dev.json").write_text(content)
    for arguments in (("order", "list"), ("verify",)):
        failure = failure_of(saga(*arguments))
        assert failure.code is ExitCode.CLUSTER_UNREACHABLE
        assert "dev.json" in failure.problem


@pytest.mark.parametrize(
    "address",
    [
        "foo",
        "http://",
        "http://:80",
        "http://h:abc",
        "http://h:99999",
        "http://[::1",
        "ftp://h",
        "http://h/a b",
        "http://h?x",
    ],
)
def test_what_is_no_address_of_a_gateway_is_refused_as_it_was_written(saga: Saga, address: str) -> None:
    failure = failure_of(saga("order", "list", "--gateway", address))
    assert (failure.code, failure.problem) == (ExitCode.USAGE, f"{address} is no address of a gateway.")
    assert "http://HOST:PORT" in failure.remedy


@pytest.mark.parametrize("arguments", [("order", "show", "x"), ("order", "follow", "x"), ("approval", "approve", "x")])
def test_a_gateway_that_does_not_answer_has_a_code_of_its_own(saga: Saga, arguments: tuple[str, ...]) -> None:
    failure = failure_of(saga(*arguments, "--gateway", NOWHERE))
    assert failure.code is ExitCode.CLUSTER_UNREACHABLE
    assert NOWHERE in failure.problem
    assert "saga dev" in failure.remedy


@pytest.mark.parametrize("key", ["sk_1 secret", "sk_1\nsecret", "sk_ü_secret"])
def test_a_key_that_can_be_none_is_not_shown(
    saga: Saga, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str
) -> None:
    monkeypatch.setenv("SAGA_API_KEY", key)
    first = failure_of(saga("order", "list", "--gateway", NOWHERE))
    monkeypatch.delenv("SAGA_API_KEY")
    (tmp_path / "key").write_text(key, encoding="utf-8")
    monkeypatch.setenv("SAGA_API_KEY_FILE", str(tmp_path / "key"))
    second = failure_of(saga("order", "list", "--gateway", NOWHERE))
    for failure in (first, second):
        assert failure.code is ExitCode.USAGE
        assert "secret" not in failure.problem + failure.remedy


@pytest.mark.parametrize("port", ["--port", "--kafka-port"])
@pytest.mark.parametrize("number", ["0", "65536", "eighty"])
def test_a_port_that_is_none_is_a_wrong_command_line(saga: Saga, port: str, number: str) -> None:
    assert saga("dev", port, number).exit_code == ExitCode.USAGE


def test_a_file_of_accepted_orders_is_looked_at_before_anything_else(saga: Saga) -> None:
    failure = failure_of(saga("verify", "--accepted", "nothing.txt"))
    assert (failure.code, failure.problem) == (
        ExitCode.USAGE,
        "nothing.txt cannot be read: No such file or directory.",
    )


@pytest.mark.parametrize(
    "arguments",
    [("signal", "sag_x", "go"), ("cancel", "sag_x"), ("resolve", "sag_x", "retry"), ("migrate", "sag_x", "2")],
)
def test_what_is_done_to_a_saga_that_is_not_there_says_where_to_look(
    saga: Saga, gateway: StubGateway, arguments: tuple[str, ...]
) -> None:
    unknown = Answer(404, {"title": "There is no such saga", "detail": "no saga sag_x"})
    gateway.on(f"POST /v1/sagas/sag_x/{'signals' if arguments[0] == 'signal' else arguments[0]}", unknown)
    failure = failure_of(saga("saga", *arguments, "--gateway", gateway.url))
    assert failure.code is ExitCode.CHECK_FAILED
    assert "`saga saga explain sag_x`" in failure.remedy
    assert "`saga saga list`" in failure.remedy


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("order", "list"), "No orders. Send one: saga order start --help"),
        (("order", "list", "--customer", "1"), "No order is so. All of them: saga order list"),
        (("order", "list", "--lifecycle", "lost"), "No order has the lifecycle lost; as a rule it is one of pending, "),
        (("order", "list", "--status", "DONE"), "No order has the status DONE; as a rule it is one of RUNNING, "),
        (("saga", "list"), "No sagas. Start one: saga saga start --help"),
        (("saga", "list", "--status", "DONE"), "No saga is so. All of them: saga saga list"),
    ],
)
def test_an_empty_list_says_whether_there_is_none_or_none_like_that(
    saga: Saga, gateway: StubGateway, arguments: tuple[str, ...], said: str
) -> None:
    gateway.on("GET /v1/orders", Answer(200, {"orders": [], "next_cursor": None}))
    gateway.on("GET /v1/sagas", Answer(200, {"sagas": [], "next_cursor": None}))
    result = saga(*arguments, "--gateway", gateway.url)
    assert result.exit_code == 0
    assert result.stderr.startswith(said)
