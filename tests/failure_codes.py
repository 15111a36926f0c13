"""The documented codes of failures."""

from __future__ import annotations

import re
from collections.abc import Mapping

from tests.tidy.source import ROOT


def documented() -> Mapping[str, set[str]]:
    """Return the codes of each section of docs/failure-codes.md."""
    found: dict[str, set[str]] = {}
    document = (ROOT / "docs" / "failure-codes.md").read_text(encoding="utf-8")
    for section in document.split("\n## ")[1:]:
        heading, _, rest = section.partition("\n")
        cells = [line.split("|")[1] for line in rest.splitlines() if line.startswith("| `")]
        found[heading] = {code for cell in cells for code in re.findall(r"`(\w+)`", cell)}
    return found
