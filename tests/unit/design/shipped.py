"""The shipped definitions as texts, and the designs of what tests make of them."""

from __future__ import annotations

from pathlib import Path

import orchestrator.definitions
from cli.definition_files import Written
from cli.definition_reports import design_of
from orchestrator.design.analysis import Design

PATHS = tuple(sorted(Path(orchestrator.definitions.__file__).parent.glob("*.yaml")))
ORDERS = next(path for path in PATHS if path.name == "order-fulfillment.yaml").read_text(encoding="utf-8")


def changed(*changes: tuple[str, str]) -> str:
    """Return the order process with each `old` replaced by its `new`, everywhere; each has to be there."""
    text = ORDERS
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def design(text: str = ORDERS) -> Design:
    """Return the design of a definition that is valid."""
    return design_of(Written("definition.yaml", text))
