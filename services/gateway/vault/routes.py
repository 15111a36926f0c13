"""Erasing a customer's personal data, looking up a reference, and sealing what an order says of a person."""

from __future__ import annotations

import hmac
import logging
from typing import NamedTuple

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from schemas.personal_data import RESOLVE, proof
from services.gateway import documents
from services.gateway.answering import answer
from services.gateway.orders import Accepted
from services.gateway.parts import Parts, known_text, read_json
from services.gateway.problems import Problem
from services.gateway.security.identity import identity_of
from services.gateway.vault.keys import Erased, VaultUnavailable
from services.gateway.vault.sealing import NotOpened

_log = logging.getLogger(__name__)


async def sealed(parts: Parts, order: Accepted) -> Accepted:
    """Return an order with references in place of personal texts. Raises Problem."""
    if parts.vault is None:
        return order
    address = order.data["shipping"]["address"]
    try:
        reference = await parts.vault.keys.seal(order.data["customer_id"], address)
    except VaultUnavailable as error:
        raise Problem("database-unavailable", str(error), retry_after_s=1) from error
    shipping = {**order.data["shipping"], "address": reference}
    return order._replace(data={**order.data, "shipping": shipping})


def routes(parts: Parts) -> APIRouter:
    """Return the routes of the vault."""
    router = APIRouter()

    async def erase(request: Request, customer_id: str) -> Response:
        return await _erase(parts, request, customer_id)

    async def resolve(request: Request) -> Response:
        return await _resolve(parts, request)

    router.add_api_route(
        "/v1/customers/{customer_id}/personal-data",
        erase,
        methods=["DELETE"],
        response_class=Response,
        summary="Erase a customer's personal data for good",
        responses=documents.responses(200, documents.PersonalDataErased, 404, 503),
    )
    router.add_api_route(RESOLVE, resolve, methods=["POST"], response_class=Response, include_in_schema=False)
    return router


class _Asked(NamedTuple):
    reference: str
    proof: str


async def _erase(parts: Parts, request: Request, customer_id: str) -> Response:
    """Destroy the customer's keys: no topic, database or backup of a topic can be read again with them."""
    if parts.vault is None:
        raise Problem("not-found", "nothing was erased: there is no vault of personal data (saga dev --vault)")
    known_text("customer_id", customer_id)
    actor = identity_of(request.scope).name or "anybody"
    try:
        destroyed = await run_in_threadpool(parts.vault.keys.erase, customer_id, actor)
    except VaultUnavailable as error:
        raise Problem("database-unavailable", str(error), retry_after_s=1) from error
    _log.info("personal data erased", extra={"customer_id": customer_id, "actor": actor, "keys": destroyed})
    return answer({"customer_id": customer_id, "keys_destroyed": destroyed})


async def _resolve(parts: Parts, request: Request) -> Response:
    asked = _asked(await read_json(request))
    if parts.vault is None or not hmac.compare_digest(proof(parts.vault.reader, asked.reference), asked.proof):
        raise Problem("not-found", "there is nothing here for you")
    try:
        text = await run_in_threadpool(parts.vault.keys.open, asked.reference)
    except Erased:
        return answer({"erased": True})
    except NotOpened as error:
        raise Problem("not-found", f"the reference cannot be opened: {error}") from error
    except VaultUnavailable as error:
        raise Problem("database-unavailable", str(error), retry_after_s=1) from error
    return answer({"text": text}, headers={"Cache-Control": "no-store"})


def _asked(document: object) -> _Asked:
    """Return what a service asks for. Raises Problem."""
    if isinstance(document, dict):
        reference, shown = document.get("reference"), document.get("proof")
        if isinstance(reference, str) and isinstance(shown, str) and shown.isascii():
            return _Asked(reference, shown)
    raise Problem("not-found", "there is nothing here for you")
