"""The table of processes: every one serves its metrics on a port of its own that the state file names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.data_directory import DataDirectory
from cli.process_table import SANDBOXES, Installation, process_names, processes


def installation(
    directory: Path, environ: Mapping[str, str] | None = None, metrics_ports: Mapping[str, int] | None = None
) -> Installation:
    """Return an installation with two orchestrators."""
    return Installation(
        directory=DataDirectory(directory),
        bootstrap="127.0.0.1:9092",
        gateway_port=8080,
        sandbox_ports=dict.fromkeys(SANDBOXES, 8000),
        orchestrators=2,
        environ=environ or {},
        metrics_ports=metrics_ports or {},
    )


@pytest.mark.parametrize(
    "environ", [{}, {"WEBHOOKS_FILE": "endpoints.json"}], ids=["without webhooks", "with webhooks"]
)
def test_every_process_but_the_broker_has_a_name_in_the_table(tmp_path: Path, environ: Mapping[str, str]) -> None:
    table = processes(installation(tmp_path, environ))
    assert [process.name for process in table] == process_names(2, environ)


def test_a_process_is_told_its_port_for_metrics_and_the_state_file_names_it(tmp_path: Path) -> None:
    ports = {name: 20_000 + number for number, name in enumerate(process_names(2, {}))}
    made = installation(tmp_path, metrics_ports=ports)
    told = {process.name: process.environ["METRICS_PORT"] for process in processes(made)}
    assert told == {name: str(port) for name, port in ports.items()}
    assert made.endpoints()["metrics"] == {name: f"http://127.0.0.1:{port}/metrics" for name, port in ports.items()}


def test_without_ports_no_process_serves_metrics(tmp_path: Path) -> None:
    assert not any("METRICS_PORT" in process.environ for process in processes(installation(tmp_path)))
