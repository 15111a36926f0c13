"""The idempotency key that a request carries."""

from __future__ import annotations

import pytest
from fastapi import Request

from services.gateway.parts import idempotency_key
from services.gateway.problems import Problem


def asked(*keys: str) -> Request:
    return Request({"type": "http", "headers": [(b"idempotency-key", key.encode("latin-1")) for key in keys]})


def test_a_request_has_its_key_or_none() -> None:
    assert idempotency_key(asked("k 1")) == "k 1"
    assert idempotency_key(asked()) is None


@pytest.mark.parametrize("keys", [("a", "b"), ("a", "a"), ("",), ("  ",), ("k\u00e9",), ("k" * 256,)])
def test_a_key_that_is_not_one_usable_text_is_refused(keys: tuple[str, ...]) -> None:
    with pytest.raises(Problem, match="key"):
        idempotency_key(asked(*keys))
