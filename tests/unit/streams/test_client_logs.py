"""Every Kafka client of a service keeps what librdkafka would write to standard error: there, each line is JSON."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[3] / "services"
MADE = re.compile(r"\*\*connection\(")
CLIENTS = [path for path in sorted(SERVICES.rglob("*.py")) if MADE.search(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: str(path.relative_to(SERVICES)))
def test_every_client_is_told_to_be_silent_but_for_what_is_fatal(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count('"log_level": ') == len(MADE.findall(text))
