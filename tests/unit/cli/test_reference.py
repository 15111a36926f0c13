"""docs/cli.md says what the commands are: its reference is the one that they give."""

from __future__ import annotations

from cli.failure import MEANINGS, ExitCode
from cli.reference import DOCUMENT, filled


def test_the_reference_in_the_documentation_is_that_of_the_commands() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")

    assert written == filled(written), "run `python -m cli.reference`"


def test_every_exit_code_has_a_meaning() -> None:
    assert list(MEANINGS) == list(ExitCode)
