"""Providers in memory that keep their contract, with the troubles a test scripts for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from services.participant.client import Answer, NoAnswer, NotSent, Reply, Trouble


@dataclass(frozen=True, slots=True)
class Silent:
    """No answer comes; whether it acted is up to the script."""

    acts: bool


Script = Silent | Trouble | NotSent | Answer


class Scripted:
    """What all providers here share: a log of calls, scripted answers, and calls that are held back."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str | None, Any]] = []
        """Operation, key and body of each call that arrived."""
        self.script: dict[str, list[Script]] = {}
        """Answers by operation, each good for one call."""
        self.held: set[str] = set()
        """Operations and keys that do not end for now."""

    def asked(self, operation: str) -> int:
        """Return how often an operation was asked for."""
        return sum(1 for found, _, _ in self.calls if found == operation)

    async def perform(self, operation: str, key: str | None, body: Any, act: Callable[[], Reply]) -> Reply:
        """Answer a call as the script says, else by acting."""
        self.calls.append((operation, key, body))
        scripted = self.script.get(operation)
        told = scripted.pop(0) if scripted else None
        while operation in self.held or key in self.held:  # noqa: ASYNC110 - the loop runs in steps, nobody waits
            await asyncio.sleep(0)
        match told:
            case None:
                return act()
            case Silent(acts):
                if acts:
                    act()
                return NoAnswer("no answer within 0.8 s")
            case _:
                return told


def query_of(path: str) -> tuple[str, bool]:
    """Return key and close of a look-up."""
    query = parse_qs(urlsplit(path).query)
    return query["idempotency_key"][0], query.get("close") == ["true"]


class FakePsp(Scripted):
    """Charges and refunds, each once a key."""

    def __init__(self) -> None:
        super().__init__()
        self.charges: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.closed: set[str] = set()

    def net_minor(self) -> int:
        """Return what was captured minus what was refunded."""
        return sum(charge["amount_minor"] - charge["refunded_minor"] for charge in self.charges.values())

    async def call(self, method: str, path: str, key: str | None = None, body: Any = None) -> Reply:
        """Answer an HTTP call."""
        if method == "GET":
            asked, close = query_of(path)
            return await self.perform("lookup", asked, close, lambda: self._find(asked, close))
        if path == "/v1/charges":
            return await self.perform("charge", key, body, lambda: self._charge(str(key), body))
        return await self.perform("refund", key, body, lambda: self._refund(str(key), body))

    def _find(self, key: str, close: bool) -> Answer:
        found = self.charges.get(key)
        if found is None and close:
            self.closed.add(key)
        return Answer(200, {"charges": [found] if found else []})

    def _charge(self, key: str, body: Any) -> Answer:
        if key in self.closed:
            return Answer(409, {"error": {"code": "key_closed", "message": "closed"}})
        if "declined" in body["payment_method"]:
            return Answer(402, {"error": {"code": "card_declined", "message": "no"}})
        charge = {
            "id": f"ch_{len(self.charges)}", "status": "captured", "amount_minor": body["amount_minor"],
            "currency": body["currency"], "refunded_minor": 0,
        }  # fmt: skip
        return Answer(201, dict(self.charges.setdefault(key, charge)))

    def _refund(self, key: str, body: Any) -> Answer:
        if key not in self.refunds:
            charge = next(found for found in self.charges.values() if found["id"] == body["charge_id"])
            if charge["refunded_minor"] + body["amount_minor"] > charge["amount_minor"]:
                return Answer(409, {"error": {"code": "over_refund", "message": "too much"}})
            charge["refunded_minor"] += body["amount_minor"]
            self.refunds[key] = {"id": f"re_{len(self.refunds)}", **body}
        return Answer(201, self.refunds[key])


class FakeCarrier(Scripted):
    """Shipments, each once a key, and deliveries when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.shipments: dict[str, dict[str, Any]] = {}
        self.closed: set[str] = set()
        self.events: list[dict[str, Any]] = []

    def deliver(self, order_id: str, at_ms: int) -> None:
        """Deliver the shipment of an order."""
        found = next(found for found in self.shipments.values() if found["order_id"] == order_id)
        found["status"] = "delivered"
        event = {"shipment_id": found["id"], "order_id": order_id, "type": "delivered", "at_ms": at_ms}
        self.events.append({"n": len(self.events) + 1, **event})

    async def call(self, method: str, path: str, key: str | None = None, body: Any = None) -> Reply:
        """Answer an HTTP call."""
        if method == "GET":
            asked, close = query_of(path)
            return await self.perform("lookup", asked, close, lambda: self._find(asked, close))
        if path == "/v1/quotes":
            return await self.perform("quote", key, body, lambda: self._quote(body))
        if path == "/v1/shipments":
            return await self.perform("shipment", key, body, lambda: self._ship(str(key), body))
        return await self.perform("cancel", key, body, lambda: self._cancel(path.split("/")[3]))

    async def peek(self, path: str) -> Any:
        """Answer GET /v1/events."""
        after = int(parse_qs(urlsplit(path).query)["after"][0])
        return {"events": [event for event in self.events if event["n"] > after]}

    def _find(self, key: str, close: bool) -> Answer:
        found = self.shipments.get(key)
        if found is None and close:
            self.closed.add(key)
        return Answer(200, {"shipments": [found] if found else []})

    def _quote(self, body: Any) -> Answer:
        return Answer(200, {**body, "amount_minor": 100 * body["parcels"], "currency": "GBP", "days": 2})

    def _ship(self, key: str, body: Any) -> Answer:
        if key in self.closed:
            return Answer(409, {"error": {"code": "key_closed", "message": "closed"}})
        if "REJECT-ADDRESS" in body["address"]:
            return Answer(422, {"error": {"code": "address_rejected", "message": "no"}})
        number = len(self.shipments)
        made = {"id": f"sh_{number}", "tracking_number": f"T{number}", "label_id": f"lb_{number}", "status": "active"}
        return Answer(201, self.shipments.setdefault(key, {**made, "order_id": body["order_id"]}))

    def _cancel(self, shipment_id: str) -> Answer:
        found = next(found for found in self.shipments.values() if found["id"] == shipment_id)
        if found["status"] == "delivered":
            return Answer(409, {"error": {"code": "already_delivered", "message": "too late"}})
        found["status"] = "cancelled"
        return Answer(200, {"id": shipment_id, "status": "cancelled"})


class FakeMessages(Scripted):
    """An outbox for each channel, each message once a key."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox: dict[str, dict[str, Any]] = {}

    async def call(self, method: str, path: str, key: str | None = None, body: Any = None) -> Reply:
        """Answer an HTTP call."""
        channel = path.split("/")[2]
        if method == "GET":
            order_id = parse_qs(urlsplit(path).query)["order_id"][0]
            found = [sent for sent in self.outbox.values() if sent["order_id"] == order_id]
            return await self.perform("outbox", key, body, lambda: Answer(200, {"messages": found}))
        return await self.perform(channel, key, body, lambda: self._take(channel, body))

    def _take(self, channel: str, body: Any) -> Answer:
        results: list[dict[str, Any]] = []
        for message in body["messages"]:
            if "BOUNCE" in message["to"]:
                results.append({"key": message["key"], "id": None, "status": "refused", "code": "bounced"})
            else:
                self.outbox.setdefault(message["key"], {**message, "channel": channel})
                results.append({"key": message["key"], "id": f"m_{message['key']}", "status": "sent"})
        return Answer(200, {"results": results})
