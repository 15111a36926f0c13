"""Signatures of requests and of webhooks by Standard Webhooks: HMAC-SHA256 over id, time and raw body. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

WINDOW_S = 300
"""How far the time of a signature may be from ours, in seconds, either way."""
_PREFIX = "whsec_"
_SECRET_BYTES = 32
_MIN_SECRET_BYTES = 24
_VERSION = "v1,"
_MAX_SIGNATURES = 10
_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


class NotSigned(Exception):
    """The request is not signed as it must be; the message says in what respect."""


class Signed(NamedTuple):
    """What the headers say: `at_s` are seconds since the epoch."""

    message_id: str
    at_s: int
    signatures: Sequence[str]


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    """Return a new secret for signatures, in the form of Standard Webhooks."""
    return _PREFIX + base64.b64encode(random_bytes(_SECRET_BYTES)).decode()


def secret_of(text: object) -> bytes:
    """Return the bytes of a secret as Standard Webhooks writes it. Raises ValueError."""
    if isinstance(text, str) and text.startswith(_PREFIX):
        try:
            secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            secret = b""
        if len(secret) >= _MIN_SECRET_BYTES:
            return secret
    raise ValueError(f"a signing secret must be {_PREFIX} and at least {_MIN_SECRET_BYTES} bytes in base64")


def signature(secret: bytes, message_id: str, at_s: int, body: bytes) -> str:
    """Return one signature as it goes into the header `webhook-signature`."""
    signed = hmac.new(secret, f"{message_id}.{at_s}.".encode() + body, hashlib.sha256).digest()
    return _VERSION + base64.b64encode(signed).decode()


def headers_of(secrets: Sequence[bytes], message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """Return the headers of a signed message, with one signature for each secret."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": " ".join(signature(secret, message_id, at_s, body) for secret in secrets),
    }


def read_headers(headers: Mapping[str, str]) -> Signed:
    """Read the three headers. Raises NotSigned."""
    message_id, timestamp, signatures = (
        headers.get(name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    if message_id is None or timestamp is None or signatures is None:
        raise NotSigned("the headers webhook-id, webhook-timestamp and webhook-signature are needed")
    if not _ID.fullmatch(message_id) or not _TIMESTAMP.fullmatch(timestamp):
        raise NotSigned("webhook-id or webhook-timestamp is unusable")
    return Signed(message_id, int(timestamp), signatures.split()[:_MAX_SIGNATURES])


def verify(secrets: Sequence[bytes], signed: Signed, body: bytes, now_s: float) -> None:
    """Check that one of the secrets signed the body lately. Raises NotSigned."""
    if abs(now_s - signed.at_s) > WINDOW_S:
        raise NotSigned(f"webhook-timestamp is more than {WINDOW_S} s away from now")
    fits = False
    for secret in secrets:
        ours = signature(secret, signed.message_id, signed.at_s, body).encode()
        for theirs in signed.signatures:
            fits |= hmac.compare_digest(ours, theirs.encode())
    if not fits:
        raise NotSigned("no signature fits the body")
