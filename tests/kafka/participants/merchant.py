"""The sandbox of the PSP as a test sees it from outside: what it was asked and charged, and how it is made to fail."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from typing import Any


class Merchant:
    """The PSP's sandbox."""

    def __init__(self, url: str) -> None:
        """Take its address."""
        self._url = url

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, method=method)  # noqa: S310 - our own sandbox
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            return json.load(answer)

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            return bool(self._ask("GET", "/healthz"))
        except OSError:
            return False

    def fail(self) -> None:
        """Have it fail from now on."""
        for operation in ("charge", "lookup"):
            self._ask("POST", "/v1/faults", {"operation": operation, "action": "error", "times": 1_000_000})

    def mend(self) -> None:
        """Have it do its work again."""
        self._ask("DELETE", "/v1/faults")

    def calls(self) -> list[dict[str, Any]]:
        """Return every request it got."""
        found: list[dict[str, Any]] = self._ask("GET", "/v1/calls")
        return found

    def captures(self) -> Counter[str]:
        """Return how often each order was charged."""
        return Counter(charge["order_id"] for charge in self._ask("GET", "/v1/ledger")["charges"])
