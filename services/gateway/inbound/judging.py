"""What a record of orders.inbound is: an order of a client that signed it, or nothing that can be taken. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from schemas.personal_data import is_reference
from services.gateway.catalogue import Catalogue
from services.gateway.fields import FieldError
from services.gateway.inputs import traceparent
from services.gateway.orders import Accepted, Refused, read_order
from services.gateway.parts import MAX_BODY_BYTES
from services.gateway.security.api_keys import ApiKey
from services.gateway.security.identity import OPEN, Identity, Scope
from services.signatures import NotSigned, read_headers, verify
from streams.record import Record

CLIENT = "client-id"
"""The header that names the client whose secret signed the record."""
_MAX_FAULTS = 3

Signers = Callable[[str, int], Sequence[Identity]]
"""Returns the identities of a client, at a time (ms), that may order by signed records."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a record becomes a dead letter; the detail never repeats what the order says."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Judged:
    """An order that may be taken; `price_faults` count against it unless it was taken when they were none."""

    order: Accepted
    client: str
    key: str
    trace: str
    price_faults: Sequence[FieldError] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    """What records are judged by."""

    currencies: frozenset[str]
    catalogue: Catalogue | None
    signers: Signers
    new_traceparent: Callable[[], str]

    def judge(self, record: Record, now_ms: int) -> Judged | Unusable:
        """Return what a record is, by the rules of POST /v1/orders."""
        headers = {name.lower(): value.decode("latin-1") for name, value in record.headers}
        body, key = record.value, (record.key or b"").decode("latin-1")
        if body is None or len(body) > MAX_BODY_BYTES:
            return Unusable("unusable_size", f"an order has at least 1 byte and at most {MAX_BODY_BYTES}")
        found = self._signer(headers, body, key, record.timestamp_ms, now_ms)
        return found if isinstance(found, Unusable) else self._order(found, headers, body, key)

    def _signer(
        self, headers: Mapping[str, str], body: bytes, key: str, sent_ms: int, now_ms: int
    ) -> Identity | Unusable:
        """Return whose order it is. The key has to be the signed id, so that no order is repeated under another key.

        The time of the signature is compared with that of the record: how long it waited in the topic says nothing.
        """
        client = headers.get(CLIENT, "")
        identities = self.signers(client, now_ms)
        if not identities:
            return Unusable("unknown_client", f"the header {CLIENT} names no client that may order by signed records")
        if identities == [OPEN]:
            return OPEN if key.isascii() and key.isprintable() and 0 < len(key.strip()) <= 255 else _NO_KEY
        try:
            signed = read_headers(headers)
            if signed.message_id != key:
                return Unusable("not_signed", "the key of the record must be its webhook-id")
            fitting = next(one for one in identities if _signs(one, headers, body, sent_ms))
        except NotSigned as error:
            return Unusable("not_signed", str(error))
        except StopIteration:
            return Unusable("not_signed", "no signature fits, or it was not made at the time of the record")
        return fitting

    def _order(self, identity: Identity, headers: Mapping[str, str], body: bytes, key: str) -> Judged | Unusable:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return Unusable("invalid_json", str(error))
        order = read_order(document, self.currencies)
        if isinstance(order, Refused):
            return invalid(order.errors)
        if not identity.may_order_for(order.data["customer_id"]):
            return Unusable("forbidden", "these credentials do not speak for that customer")
        if is_reference(order.data["shipping"]["address"]):
            return invalid([FieldError("shipping.address", "must not begin as references to personal data do")])
        trace = traceparent(headers.get("traceparent"), self.new_traceparent())
        faults = [] if self.catalogue is None else self.catalogue.faults(order.data["currency"], order.data["lines"])
        return Judged(order, identity.client, key, trace, faults)


_NO_KEY = Unusable("missing_idempotency_key", "the key of the record must have 1 to 255 printable ASCII characters")


def invalid(faults: Sequence[FieldError]) -> Unusable:
    """Return the verdict on an order with faults."""
    return Unusable("invalid_order", "; ".join(f"{one.field} {one.message}" for one in faults[:_MAX_FAULTS]))


def everybody(_client: str, _now_ms: int) -> Sequence[Identity]:
    """Return who orders where authentication is off: unsigned records are taken, as unsigned requests are."""
    return [OPEN]


def signers_of(keys: Callable[[int], Mapping[str, ApiKey]]) -> Signers:
    """Return the clients of a keys file that have secrets for signatures and the scope customer."""

    def signers(client: str, now_ms: int) -> Sequence[Identity]:
        return [
            key.identity
            for key in keys(now_ms).values()
            if key.identity.client == client
            and key.identity.signing
            and Scope.CUSTOMER in key.identity.scopes
            and key.is_valid(now_ms)
        ]

    return signers


def _signs(identity: Identity, headers: Mapping[str, str], body: bytes, sent_ms: int) -> bool:
    try:
        verify(identity.signing, read_headers(headers), body, sent_ms / 1000)
    except NotSigned:
        return False
    return True
