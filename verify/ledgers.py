"""Read the providers' own ledgers over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from verify.evidence import Charge, Ledgers, Message, Refund, Shipment
from verify.sources import Unreachable

_TIMEOUT_S = 20.0


def read_ledgers(urls: Mapping[str, str]) -> Ledgers:
    """Return what the PSP, the carrier and the message providers say happened. Raises Unreachable."""
    psp, carrier, messages = (_get(name, urls[name]) for name in ("psp", "carrier", "messages"))
    return Ledgers(
        [Charge(c["id"], c["order_id"], c["key"], c["amount_minor"], c["currency"]) for c in psp["charges"]],
        [Refund(r["id"], r["charge_id"], r["amount_minor"]) for r in psp["refunds"]],
        [Shipment(s["id"], s["order_id"], s["key"], s["status"]) for s in carrier["shipments"]],
        [Message(m["channel"], m["order_id"], m["template"], m["key"]) for m in messages["messages"]],
    )


def _get(provider: str, url: str) -> Mapping[str, Any]:
    address = f"{url.rstrip('/')}/v1/ledger"
    try:
        with urlopen(address, timeout=_TIMEOUT_S) as response:  # noqa: S310 - the operator's own setting
            ledger: Mapping[str, Any] = json.load(response)
            return ledger
    except (URLError, OSError, ValueError) as error:
        raise Unreachable(f"the ledger of {provider} cannot be read at {address}: {error}") from error
