"""The payment service provider sandbox: charges, refunds, lookups."""

from __future__ import annotations

import os
import sys

import orjson
from aiohttp import web

from services.sandboxes.conduct import Broken, Conduct, Late, Ordinary, Refused, Silent
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

_TABLES = """
CREATE TABLE IF NOT EXISTS charges(
  id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, order_id TEXT NOT NULL, customer_id TEXT NOT NULL,
  amount_minor INTEGER NOT NULL, currency TEXT NOT NULL, payment_method TEXT NOT NULL,
  refunded_minor INTEGER NOT NULL DEFAULT 0, at_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refunds(
  id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, charge_id TEXT NOT NULL, order_id TEXT NOT NULL,
  amount_minor INTEGER NOT NULL, at_ms INTEGER NOT NULL) WITHOUT ROWID;
"""
_OPERATIONS = frozenset({"charge", "refund", "lookup"})
_FLAKY_FAILURES = 2
_METHODS: dict[str, Conduct] = {
    "pm_card_ok": Ordinary(),
    "pm_card_declined": Refused("card_declined"),
    "pm_insufficient_funds": Refused("insufficient_funds"),
    "pm_fraud_suspected": Refused("fraud_suspected"),
    "pm_credit_limit_exceeded": Refused("credit_limit_exceeded"),
    "pm_timeout_after_capture": Silent(acts=True),
    "pm_timeout_before_capture": Silent(acts=False),
    "pm_flaky_2": Ordinary(),
    "pm_slow_3s": Late(3000),
    "pm_refund_fails": Ordinary(),
}


class Psp:
    """The routes of the provider over its ledger. Charge and lookup-and-close are atomic: both run in one thread."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ledger = desk.ledger

    def routes(self) -> list[Route]:
        """Return every route."""
        return [
            *self._desk.routes(),
            ("POST", "/v1/charges", self.charge),
            ("GET", "/v1/charges", self.lookup),
            ("POST", "/v1/refunds", self.refund),
            ("GET", "/v1/ledger", self.ledger),
        ]

    async def charge(self, request: web.Request) -> web.Response:
        """POST /v1/charges: capture once per key."""
        key = idempotency_key(request)
        call = self._desk.calls.open("POST", "/v1/charges", key)
        body = await read_object(request)
        order_id, customer_id, method = (text(body, name) for name in ("order_id", "customer_id", "payment_method"))
        amount, currency = positive(body, "amount_minor"), text(body, "currency")
        usual = _METHODS.get(method)
        if usual is None:
            raise BadRequest(422, "unknown_payment_method", f"payment_method {method!r} is not known")
        stamp = fingerprint(body)

        def capture() -> Answer:
            known = self._ledger.known("charge", key, stamp)
            if known is not None:
                return known
            charge_id = f"ch_{number_from(key, 24)}"
            self._ledger.write().execute(
                "INSERT INTO charges VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)",
                (charge_id, key, order_id, customer_id, amount, currency, method, self._desk.now_ms()),
            )
            made = {"id": charge_id, "status": "captured", "amount_minor": amount, "currency": currency}
            return self._ledger.remember("charge", key, stamp, Answer(201, orjson.dumps(made)))

        def decline(refused: Refused) -> Answer:
            known = self._ledger.known("charge", key, stamp)
            answer = refusal(refused.status or 402, refused.code, "the payment was declined")
            return known or self._ledger.remember("charge", key, stamp, answer)

        subject = {"order_id": order_id, "customer_id": customer_id, "payment_method": method}
        conduct = await self._desk.scripted("charge", subject)
        if conduct is None:
            conduct = self._usual(method, usual, key, stamp)
        return await self._desk.serve(request, call, conduct, capture, decline)

    def _usual(self, method: str, usual: Conduct, key: str, stamp: bytes) -> Conduct:
        """Return what the payment method makes of this request; a key that has its answer gets it without a wait."""
        if method == "pm_flaky_2" and self._ledger.attempt(f"charge:{key}") <= _FLAKY_FAILURES:
            return Broken(503, "try_again")
        if isinstance(usual, Late) and self._ledger.known("charge", key, stamp) is not None:
            return Ordinary()
        if isinstance(usual, Silent):
            known = self._ledger.known("charge", key, stamp)
            return Ordinary() if known is not None and known.status == 409 else usual
        return usual

    async def lookup(self, request: web.Request) -> web.Response:
        """GET /v1/charges?idempotency_key=K[&close=true]: what the key captured; closes a key that captured nothing."""
        key = request.query.get("idempotency_key", "")
        if not key:
            raise BadRequest(400, "missing_key", "idempotency_key must be given")
        call = self._desk.calls.open("GET", "/v1/charges", key)
        close = request.query.get("close") == "true"

        def look() -> Answer:
            row = self._ledger.read().execute(
                "SELECT id, amount_minor, currency, refunded_minor FROM charges WHERE key = ?", (key,)
            )
            found = [
                {"id": r[0], "status": "captured", "amount_minor": r[1], "currency": r[2], "refunded_minor": r[3]}
                for r in row
            ]
            if close and not found:
                self._ledger.close_key("charge", key)
            return Answer(200, orjson.dumps({"charges": found}))

        conduct = await self._desk.scripted("lookup", {"order_id": order_of(key)})
        return await self._desk.serve(request, call, conduct or Ordinary(), look, _refuse_lookup)

    async def refund(self, request: web.Request) -> web.Response:
        """POST /v1/refunds: give back once per key, never more than was captured."""
        key = idempotency_key(request)
        call = self._desk.calls.open("POST", "/v1/refunds", key)
        body = await read_object(request)
        charge_id, amount = text(body, "charge_id"), positive(body, "amount_minor")
        stamp = fingerprint(body)
        charge = (
            self._ledger.read()
            .execute("SELECT order_id, customer_id, payment_method FROM charges WHERE id = ?", (charge_id,))
            .fetchone()
        )
        if charge is None:
            return await self._desk.answer(call, refusal(404, "unknown_charge", f"no charge {charge_id!r}"))
        order_id, customer_id, method = charge

        def give_back() -> Answer:
            known = self._ledger.known("refund", key, stamp)
            if known is not None:
                return known
            left = self._ledger.read().execute(
                "SELECT amount_minor - refunded_minor FROM charges WHERE id = ?", (charge_id,)
            )
            if amount > left.fetchone()[0]:
                return refusal(409, "over_refund", "more than what is left of the charge")
            refund_id = f"re_{number_from(key, 24)}"
            connection = self._ledger.write()
            connection.execute(
                "UPDATE charges SET refunded_minor = refunded_minor + ? WHERE id = ?", (amount, charge_id)
            )
            connection.execute(
                "INSERT INTO refunds VALUES (?, ?, ?, ?, ?, ?)",
                (refund_id, key, charge_id, order_id, amount, self._desk.now_ms()),
            )
            made = {"id": refund_id, "charge_id": charge_id, "amount_minor": amount}
            return self._ledger.remember("refund", key, stamp, Answer(201, orjson.dumps(made)))

        def refuse(refused: Refused) -> Answer:
            return refusal(refused.status or 409, refused.code, "the refund was refused")

        subject = {"order_id": order_id, "customer_id": customer_id, "payment_method": method}
        conduct = await self._desk.scripted("refund", subject)
        if conduct is None:
            conduct = Broken(500, "refund_failed") if method == "pm_refund_fails" else Ordinary()
        return await self._desk.serve(request, call, conduct, give_back, refuse)

    async def ledger(self, _request: web.Request) -> web.Response:
        """GET /v1/ledger: every charge and refund there ever was."""
        await self._ledger.durable()
        read = self._ledger.read()
        charges = read.execute(
            "SELECT id, key, order_id, customer_id, amount_minor, currency, payment_method, refunded_minor, at_ms"
            " FROM charges ORDER BY at_ms, id"
        )
        names = [column[0] for column in charges.description]
        refunds = read.execute(
            "SELECT id, key, charge_id, order_id, amount_minor, at_ms FROM refunds ORDER BY at_ms, id"
        )
        refund_names = [column[0] for column in refunds.description]
        return shown(
            {
                "charges": [{**dict(zip(names, row, strict=True)), "status": "captured"} for row in charges],
                "refunds": [dict(zip(refund_names, row, strict=True)) for row in refunds],
            }
        )


def _refuse_lookup(refused: Refused) -> Answer:
    return refusal(refused.status or 404, refused.code, "the lookup was refused")


def build(settings: Settings) -> list[Route]:
    """Return the routes of a provider over the settings' ledger."""
    return Psp(Desk(Ledger(settings.database, _TABLES), _OPERATIONS, now_ms)).routes()


if __name__ == "__main__":
    sys.exit(run("psp", os.environ, build))
