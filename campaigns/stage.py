"""What the scenes of the demonstration act with: the gateway, the orders' statuses, the providers' ledgers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp

from campaigns.gateway_client import Accepted, GatewayClient
from campaigns.installation import Installation
from campaigns.observer import Observer
from campaigns.status_feed import OrderStatus, StatusFeed

PATIENCE_S = 30.0
"""How long a scene waits for what must happen."""

_PAUSE_S = 0.1
_ENDS = frozenset({"SagaCompleted", "SagaRevoked", "SagaSuspended"})


class Disappointed(Exception):
    """Something that a scene waits for did not happen in time, or an order it needs was refused."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a scene looked at, in words, and whether it was so."""

    what: str
    holds: bool


@dataclass(frozen=True, slots=True)
class Stage:
    """Handed to every scene."""

    installation: Installation
    client: GatewayClient
    session: aiohttp.ClientSession
    feed: StatusFeed
    observer: Observer

    async def place(self, key: str, document: Mapping[str, Any]) -> str:
        """Post an order that must be taken and return its id. Raises Disappointed."""
        answer = await self.client.submit(f"scene-{key}", document)
        if not isinstance(answer, Accepted):
            raise Disappointed(f"the order of the scene was refused: {answer.errors}")
        return answer.order_id

    async def reach(self, order_id: str, *statuses: str) -> OrderStatus:
        """Wait until the order has one of the statuses and return it. Raises Disappointed."""

        def there() -> bool:
            known = self.feed.latest.get(order_id)
            return known is not None and known.status in statuses

        if not await self.feed.wait_for(there, PATIENCE_S):
            known = self.feed.latest.get(order_id)
            stands = "unknown" if known is None else f"{known.lifecycle}/{known.status}"
            raise Disappointed(f"{order_id} did not become {' or '.join(statuses)}: it is {stands}")
        return self.feed.latest[order_id]

    async def end(self, order_id: str) -> OrderStatus:
        """Wait until the order has ended and return its status. Raises Disappointed."""
        return await self.reach(order_id, "COMPLETED", "TRANSACTION_REVOKED", "MANUAL_INTERVENTION")

    async def net_charged(self, order_id: str) -> tuple[int, int, int]:
        """Return (charges, captured, refunded) of an order by the PSP's own ledger, money in minor units."""
        ledger = await self._ledger("psp")
        charges = [charge for charge in ledger["charges"] if charge["order_id"] == order_id]
        refunds = [refund for refund in ledger["refunds"] if refund["order_id"] == order_id]
        captured = sum(charge["amount_minor"] for charge in charges)
        return len(charges), captured, sum(refund["amount_minor"] for refund in refunds)

    async def shipments(self, order_id: str) -> Sequence[str]:
        """Return the states of an order's shipments by the carrier's own ledger."""
        ledger = await self._ledger("carrier")
        return [shipment["status"] for shipment in ledger["shipments"] if shipment["order_id"] == order_id]

    async def undone(self, order_id: str) -> Sequence[str]:
        """Return the steps that were undone, in order, by the history over HTTP once that knows the end.

        Raises Disappointed.
        """
        deadline = time.monotonic() + PATIENCE_S
        events = await self.client.history(order_id)
        while not any(event["type"] in _ENDS for event in events):
            if time.monotonic() > deadline:
                raise Disappointed(f"the history of {order_id} does not show its end")
            await asyncio.sleep(_PAUSE_S)
            events = await self.client.history(order_id)
        return [event["step"] for event in events if event["type"] == "StepCompleted" and event["detail"].get("undo")]

    async def _ledger(self, sandbox: str) -> Mapping[str, Any]:
        async with self.session.get(f"{self.installation.addresses.sandboxes[sandbox]}/v1/ledger") as answer:
            ledger: Mapping[str, Any] = await answer.json()
            return ledger


def small_order(
    *, payment_method: str = "pm_card_ok", sku: str = "85123A", quantity: int = 6, address: str = "12 High Street"
) -> Mapping[str, Any]:
    """Return an order of one line at 2.55 a unit; up to 39 units need no approval."""
    total = Decimal("2.55") * quantity
    return {
        "customer_id": "17850",
        "currency": "GBP",
        "total": str(total),
        "payment_method": payment_method,
        "lines": [{"sku": sku, "description": "demonstration", "quantity": quantity, "unit_price": "2.55"}],
        "shipping": {"method": "standard", "country": "United Kingdom", "address": address},
    }
