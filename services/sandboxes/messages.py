"""The messages sandbox: e-mail, SMS and push providers with one outbox."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from services.sandboxes.conduct import Conduct, Ordinary, Refused
from services.sandboxes.desk import BadRequest, Desk, Route, fingerprint, number_from, read_object, shown, text
from services.sandboxes.faults import matches
from services.sandboxes.ledger import Answer, Ledger, refusal
from services.sandboxes.process import Settings, now_ms, run

_TABLES = """
CREATE TABLE IF NOT EXISTS outbox(
  n INTEGER PRIMARY KEY, channel TEXT NOT NULL, key TEXT NOT NULL, recipient TEXT NOT NULL, template TEXT NOT NULL,
  order_id TEXT NOT NULL, at_ms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_order ON outbox(order_id);
"""
_CHANNELS = frozenset({"email", "sms", "push"})
_MAX_MESSAGES = 500


@dataclass(frozen=True, slots=True)
class _Message:
    key: str
    to: str
    template: str
    order_id: str
    stamp: bytes


def _read(document: object, channel: str) -> _Message:
    if not isinstance(document, dict):
        raise BadRequest(422, "invalid_request", "each message must be a JSON object")
    fields: Mapping[str, Any] = document
    key, to, template, order_id = (text(fields, name) for name in ("key", "to", "template", "order_id"))
    return _Message(key, to, template, order_id, fingerprint([channel, document]))


class Messages:
    """The routes of the three providers over one ledger. Keys are per message: a batch may be sent again in part."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ledger = desk.ledger

    def routes(self) -> list[Route]:
        """Return every route."""
        return [
            *self._desk.routes(),
            ("POST", "/v1/{channel}/messages", self.send),
            ("GET", "/v1/outbox", self.outbox),
            ("GET", "/v1/ledger", self.outbox),
        ]

    async def send(self, request: web.Request) -> web.Response:
        """POST /v1/{email|sms|push}/messages: send each message once per key; refused ones say so in their place."""
        channel = request.match_info["channel"]
        if channel not in _CHANNELS:
            raise BadRequest(404, "unknown_channel", f"channel must be one of {', '.join(sorted(_CHANNELS))}")
        listed = (await read_object(request)).get("messages")
        if not isinstance(listed, list) or not 0 < len(listed) <= _MAX_MESSAGES:
            raise BadRequest(422, "invalid_request", f"messages must be a list of 1 to {_MAX_MESSAGES}")
        batch = [_read(document, channel) for document in listed]
        call = self._desk.calls.open("POST", request.path, batch[0].key if len(batch) == 1 else f"{len(batch)} keys")
        taken = self._desk.faults.take(channel, [{"order_id": message.order_id} for message in batch])
        refused: Refused | None = None
        match: Mapping[str, str] = {}
        conduct: Conduct = taken[0] if taken is not None else Ordinary()
        if taken is not None and isinstance(conduct, Refused):
            refused, match, conduct = conduct, taken[1], Ordinary()

        def send_all() -> Answer:
            results = []
            for message in batch:
                struck = refused if matches(match, {"order_id": message.order_id}) else None
                results.append(self._send_one(channel, message, struck))
            return Answer(200, b'{"results":[' + b",".join(results) + b"]}")

        return await self._desk.serve(request, call, conduct, send_all, _refuse)

    def _send_one(self, channel: str, message: _Message, refused: Refused | None) -> bytes:
        known = self._ledger.known(channel, message.key, message.stamp)
        if known is not None:
            return known.body if known.status == 200 else _result(message.key, "refused", "key_reused")
        if refused is not None or "BOUNCE" in message.to:
            body = _result(message.key, "refused", refused.code if refused is not None else "bounced")
        else:
            body = _result(message.key, "sent", None)
            self._ledger.write().execute(
                "INSERT INTO outbox(channel, key, recipient, template, order_id, at_ms) VALUES (?, ?, ?, ?, ?, ?)",
                (channel, message.key, message.to, message.template, message.order_id, self._desk.now_ms()),
            )
        return self._ledger.remember(channel, message.key, message.stamp, Answer(200, body)).body

    async def outbox(self, request: web.Request) -> web.Response:
        """GET /v1/outbox?order_id= or /v1/ledger: what was sent, for one order or in all."""
        await self._ledger.durable()
        order_id = request.query.get("order_id")
        chosen, parameters = ("", ()) if order_id is None else ("WHERE order_id = ?", (order_id,))
        rows = self._ledger.read().execute(
            f"SELECT n, channel, key, recipient, template, order_id FROM outbox {chosen} ORDER BY n",  # noqa: S608 - chosen is one of two constants
            parameters,
        )
        names = ("n", "channel", "key", "to", "template", "order_id")
        return shown({"messages": [dict(zip(names, row, strict=True)) for row in rows]})


def _result(key: str, status: str, code: str | None) -> bytes:
    result: dict[str, str] = {"key": key, "id": f"ms_{number_from(key, 18)}", "status": status}
    if code is not None:
        result["code"] = code
    return orjson.dumps(result)


def _refuse(refused: Refused) -> Answer:
    return refusal(refused.status or 409, refused.code, "the request was refused")


def build(settings: Settings) -> list[Route]:
    """Return the routes of the message providers over the settings' ledger."""
    return Messages(Desk(Ledger(settings.database, _TABLES), _CHANNELS, now_ms)).routes()


if __name__ == "__main__":
    sys.exit(run("messages", os.environ, build))
