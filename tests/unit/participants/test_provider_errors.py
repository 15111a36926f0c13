"""What a provider's error answer is taken to say, whatever its form."""

from __future__ import annotations

from typing import Any

import pytest

from services.participant.client import error_of


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"code": "card_declined", "message": "no"}}, ("card_declined", "no")),
        ({"error": {"code": None, "message": None}}, ("unspecified", "")),
        ({"error": {}}, ("unspecified", "")),
        ({"error": "down for today"}, ("unspecified", "down for today")),
        ("<html>", ("unspecified", "<html>")),
        ({"error": {"code": "c" * 1_000, "message": "m" * 1_000}}, ("c" * 100, "m" * 500)),
    ],
    ids=str,
)
def test_code_and_message_are_what_a_reply_can_hold(body: Any, said: tuple[str, str]) -> None:
    assert error_of(body) == said
