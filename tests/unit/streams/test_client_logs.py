"""Every Kafka client of a process says on the log what librdkafka would write to standard error: each line is JSON."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CLIENTS = frozenset({"AdminClient", "Consumer", "Producer"})


def made() -> Iterator[tuple[str, str]]:
    """Yield where a process of ours makes a client, and how."""
    for package in ("services", "streams", "orchestrator"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLIENTS:
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", ast.unparse(node)


MADE = dict(made())


def test_there_are_clients_to_look_at() -> None:
    assert len(MADE) > 12


@pytest.mark.parametrize("place", MADE)
def test_a_client_is_given_the_log(place: str) -> None:
    assert "logger=CLIENT_LOG" in MADE[place] or "'logger': CLIENT_LOG" in MADE[place]
