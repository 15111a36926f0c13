"""The list of demands names tests that exist."""

from __future__ import annotations

import re

import pytest

from tests.tidy.source import ROOT

_ROWS = ROOT / "docs" / "rows.md"
_NAMED = re.compile(r"`((?:tests|docs|scripts|orchestrator|simulator|architect)/[^`:\s]+)(?:::([a-z0-9_]+))?`")


def _named() -> list[tuple[str, str]]:
    return sorted(set(_NAMED.findall(_ROWS.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(("path", "test"), _named(), ids=lambda part: part or "whole")
def test_what_a_row_names_exists(path: str, test: str) -> None:
    file = ROOT / path
    assert file.exists(), f"docs/rows.md names {path}, which does not exist"
    assert not test or f"def {test}(" in file.read_text(encoding="utf-8"), f"{path} has no {test}"


def test_every_demanded_row_is_listed_once() -> None:
    listed = [int(number) for number in re.findall(r"^\| M(\d+) \|", _ROWS.read_text(encoding="utf-8"), re.MULTILINE)]
    wanted = {*range(1, 17), *range(36, 70), *range(86, 108), *range(111, 155), *range(162, 170), 176}
    assert listed == sorted(set(listed))
    assert wanted - set(listed) == set()
