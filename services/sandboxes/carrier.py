"""The carrier sandbox: quotes, shipments, cancellations, lookups and a feed of deliveries."""

from __future__ import annotations

import os
import sys

import orjson
from aiohttp import web

from services.sandboxes.conduct import Broken, Conduct, Ordinary, Refused, Silent
from services.sandboxes.desk import (
    BadRequest,
    Desk,
    Route,
    fingerprint,
    idempotency_key,
    number_from,
    order_of,
    positive,
    read_object,
    shown,
    text,
)
from services.sandboxes.ledger import Answer, Ledger, refusal
from services.sandboxes.process import Settings, now_ms, run
from services.sandboxes.tariffs import CURRENCY, TARIFFS, days_to, price_minor

_TABLES = """
CREATE TABLE IF NOT EXISTS shipments(
  id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, order_id TEXT NOT NULL, service TEXT NOT NULL, country TEXT NOT NULL,
  address TEXT NOT NULL, parcels INTEGER NOT NULL, tracking_number TEXT NOT NULL, label_id TEXT NOT NULL,
  state TEXT NOT NULL, at_ms INTEGER NOT NULL, due_ms INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS shipments_due ON shipments(due_ms) WHERE state = 'active';
CREATE TABLE IF NOT EXISTS events(
  n INTEGER PRIMARY KEY, shipment_id TEXT NOT NULL, order_id TEXT NOT NULL, type TEXT NOT NULL, at_ms INTEGER NOT NULL);
"""
_OPERATIONS = frozenset({"quote", "shipment", "lookup", "cancel", "track"})
_SERVICES = frozenset({"standard", "express"})
_MAX_EVENTS = 1000


def _usual(address: str) -> Conduct:
    if "REJECT-ADDRESS" in address:
        return Refused("address_rejected")
    if "CARRIER-DOWN" in address:
        return Broken(503, "carrier_down")
    if "CARRIER-TIMEOUT" in address:
        return Silent(acts=True)
    return Ordinary()


class Carrier:
    """The routes of the carrier over its ledger. Dispatch and lookup-and-close are atomic: both run in one thread."""

    def __init__(self, desk: Desk, delivery_after_ms: int) -> None:
        self._desk = desk
        self._ledger = desk.ledger
        self._delivery_after_ms = delivery_after_ms

    def routes(self) -> list[Route]:
        """Return every route."""
        return [
            *self._desk.routes(),
            ("POST", "/v1/quotes", self.quote),
            ("POST", "/v1/shipments", self.dispatch),
            ("GET", "/v1/shipments", self.lookup),
            ("POST", "/v1/shipments/{id}/cancel", self.cancel),
            ("GET", "/v1/events", self.events),
            ("GET", "/v1/ledger", self.ledger),
        ]

    async def quote(self, request: web.Request) -> web.Response:
        """POST /v1/quotes: what one of three carriers asks for a shipment. Nothing is kept, so it needs no key."""
        call = self._desk.calls.open("POST", "/v1/quotes", request.headers.get("Idempotency-Key", ""))
        body = await read_object(request)
        carrier, method, country = (text(body, name) for name in ("carrier", "method", "country"))
        parcels = positive(body, "parcels")
        tariff = TARIFFS.get(carrier)
        if tariff is None:
            raise BadRequest(422, "unknown_carrier", f"carrier must be one of {', '.join(sorted(TARIFFS))}")
        if method not in _SERVICES:
            raise BadRequest(422, "unknown_service", f"method must be one of {', '.join(sorted(_SERVICES))}")
        made = {
            "carrier": carrier,
            "amount_minor": price_minor(tariff, method, country, parcels),
            "currency": CURRENCY,
            "days": days_to(tariff, method, country),
        }
        subject = {"order_id": str(body.get("order_id", "")), "carrier": carrier}
        conduct = await self._desk.scripted("quote", subject)
        return await self._desk.serve(
            request, call, conduct or Ordinary(), lambda: Answer(200, orjson.dumps(made)), _refuse
        )

    async def dispatch(self, request: web.Request) -> web.Response:
        """POST /v1/shipments: dispatch once per key."""
        key = idempotency_key(request)
        call = self._desk.calls.open("POST", "/v1/shipments", key)
        body = await read_object(request)
        order_id, service, country, address = (text(body, n) for n in ("order_id", "service", "country", "address"))
        parcels = positive(body, "parcels")
        if service not in _SERVICES:
            raise BadRequest(422, "unknown_service", f"service must be one of {', '.join(sorted(_SERVICES))}")
        stamp = fingerprint(body)

        def ship() -> Answer:
            known = self._ledger.known("shipment", key, stamp)
            if known is not None:
                return known
            number, now = number_from(key, 18), self._desk.now_ms()
            made = {"id": f"sh_{number}", "tracking_number": f"SL{number[:12]}GB", "label_id": f"lb_{number}"}
            labels = (made["tracking_number"], made["label_id"])
            due = None if "NEVER-DELIVERED" in address else now + self._delivery_after_ms
            self._ledger.write().execute(
                "INSERT INTO shipments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'active', ?, ?)",
                (made["id"], key, order_id, service, country, address, parcels, *labels, now, due),
            )
            answer = Answer(201, orjson.dumps({**made, "service": service}))
            return self._ledger.remember("shipment", key, stamp, answer)

        def refuse(refused: Refused) -> Answer:
            known = self._ledger.known("shipment", key, stamp)
            answer = refusal(refused.status or 422, refused.code, "the shipment was refused")
            return known or self._ledger.remember("shipment", key, stamp, answer)

        conduct = await self._desk.scripted("shipment", {"order_id": order_id})
        if conduct is None:
            conduct = _usual(address)
            known = self._ledger.known("shipment", key, stamp)
            if known is not None and known.status == 409:
                conduct = Ordinary()
        return await self._desk.serve(request, call, conduct, ship, refuse)

    async def lookup(self, request: web.Request) -> web.Response:
        """GET /v1/shipments?idempotency_key=K[&close=true]: what the key dispatched; closes a key that did nothing."""
        key = request.query.get("idempotency_key", "")
        if not key:
            raise BadRequest(400, "missing_key", "idempotency_key must be given")
        call = self._desk.calls.open("GET", "/v1/shipments", key)
        close = request.query.get("close") == "true"

        def look() -> Answer:
            self._deliver()
            rows = self._ledger.read().execute(
                "SELECT id, tracking_number, label_id, service, state FROM shipments WHERE key = ?", (key,)
            )
            names = ("id", "tracking_number", "label_id", "service", "status")
            found = [dict(zip(names, row, strict=True)) for row in rows]
            if close and not found:
                self._ledger.close_key("shipment", key)
            return Answer(200, orjson.dumps({"shipments": found}))

        conduct = await self._desk.scripted("lookup", {"order_id": order_of(key)})
        return await self._desk.serve(request, call, conduct or Ordinary(), look, _refuse)

    async def cancel(self, request: web.Request) -> web.Response:
        """POST /v1/shipments/{id}/cancel: cancel what is not delivered; again and again with the same answer."""
        key = idempotency_key(request)
        shipment_id = request.match_info["id"]
        call = self._desk.calls.open("POST", request.path, key)
        stamp = fingerprint(shipment_id)
        found = self._ledger.read().execute("SELECT order_id FROM shipments WHERE id = ?", (shipment_id,)).fetchone()
        if found is None:
            return await self._desk.answer(call, refusal(404, "unknown_shipment", f"no shipment {shipment_id!r}"))

        def call_back() -> Answer:
            known = self._ledger.known("cancel", key, stamp)
            if known is not None:
                return known
            self._deliver()
            state = self._ledger.read().execute("SELECT state FROM shipments WHERE id = ?", (shipment_id,)).fetchone()
            if state[0] == "delivered":
                answer = refusal(409, "already_delivered", "the shipment was delivered before")
            else:
                self._ledger.write().execute("UPDATE shipments SET state = 'cancelled' WHERE id = ?", (shipment_id,))
                answer = Answer(200, orjson.dumps({"id": shipment_id, "status": "cancelled"}))
            return self._ledger.remember("cancel", key, stamp, answer)

        conduct = await self._desk.scripted("cancel", {"order_id": found[0]})
        return await self._desk.serve(request, call, conduct or Ordinary(), call_back, _refuse)

    def _deliver(self) -> None:
        """Deliver every shipment whose time has come; asked for by whatever could notice the difference."""
        now = self._desk.now_ms()
        ready = "FROM shipments WHERE state = 'active' AND due_ms <= ?"
        if self._ledger.read().execute(f"SELECT 1 {ready} LIMIT 1", (now,)).fetchone() is None:
            return
        connection = self._ledger.write()
        connection.execute(
            "INSERT INTO events(shipment_id, order_id, type, at_ms)"
            f" SELECT id, order_id, 'delivered', due_ms {ready} ORDER BY due_ms, id",
            (now,),
        )
        connection.execute("UPDATE shipments SET state = 'delivered' WHERE state = 'active' AND due_ms <= ?", (now,))

    async def events(self, request: web.Request) -> web.Response:
        """GET /v1/events?after=N&limit=M: deliveries in the order they happened."""
        after, limit = request.query.get("after", "0"), request.query.get("limit", "100")
        if not after.isdecimal() or not limit.isdecimal() or not 0 < int(limit) <= _MAX_EVENTS:
            raise BadRequest(422, "invalid_request", f"after and limit must be whole numbers, limit 1 to {_MAX_EVENTS}")
        call = self._desk.calls.open("GET", "/v1/events", "")

        def look() -> Answer:
            self._deliver()
            rows = self._ledger.read().execute(
                "SELECT n, shipment_id, order_id, type, at_ms FROM events WHERE n > ? ORDER BY n LIMIT ?",
                (int(after), int(limit)),
            )
            names = ("n", "shipment_id", "order_id", "type", "at_ms")
            return Answer(200, orjson.dumps({"events": [dict(zip(names, row, strict=True)) for row in rows]}))

        conduct = await self._desk.scripted("track", {})
        return await self._desk.serve(request, call, conduct or Ordinary(), look, _refuse)

    async def ledger(self, _request: web.Request) -> web.Response:
        """GET /v1/ledger: every shipment and delivery there ever was."""
        self._deliver()
        await self._ledger.durable()
        rows = self._ledger.read().execute(
            "SELECT id, key, order_id, service, country, parcels, tracking_number, label_id, state AS status, at_ms"
            " FROM shipments ORDER BY at_ms, id"
        )
        names = [column[0] for column in rows.description]
        return shown({"shipments": [dict(zip(names, row, strict=True)) for row in rows]})


def _refuse(refused: Refused) -> Answer:
    return refusal(refused.status or 409, refused.code, "the request was refused")


def build(settings: Settings) -> list[Route]:
    """Return the routes of a carrier over the settings' ledger."""
    desk = Desk(Ledger(settings.database, _TABLES), _OPERATIONS, now_ms)
    return Carrier(desk, settings.delivery_after_ms).routes()


if __name__ == "__main__":
    sys.exit(run("carrier", os.environ, build))
