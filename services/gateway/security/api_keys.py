"""API keys: how one is made, the entries of a keys file, and which entry a presented key is. Pure.

A secret has 256 random bits, so its SHA-256 is enough: nobody can search that space, and slow hashes, which protect
secrets that people choose, would only cost every request milliseconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.gateway.security.identity import Identity, Scope
from services.signatures import secret_of

SECRET_BYTES = 32
_ID_BYTES = 6
_LONGEST = 256
_KEY = re.compile(r"sk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_CLIENT = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f<>]{1,128}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FIELDS = frozenset(
    {"id", "sha256", "client", "name", "scopes", "customers", "created_at", "expires_at", "revoked_at", "signing",
     "rate_per_s"}
)  # fmt: skip


class BadKeys(ValueError):
    """The keys file cannot be used; the message names the entry and never a secret."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An entry: the hash of a secret, and who presents it. Times are milliseconds since the epoch, None for never."""

    key_id: str
    sha256: bytes
    identity: Identity
    expires_ms: int | None
    revoked_ms: int | None

    def is_valid(self, now_ms: int) -> bool:
        """Tell whether the key is good at a time."""
        is_expired = self.expires_ms is not None and now_ms >= self.expires_ms
        return not is_expired and (self.revoked_ms is None or now_ms < self.revoked_ms)


def new_key(random_bytes: Callable[[int], bytes]) -> tuple[str, str, str]:
    """Return a new key's id, the key as its client presents it, and the hash of its secret, the one to be kept."""
    key_id = random_bytes(_ID_BYTES).hex()
    secret = base64.urlsafe_b64encode(random_bytes(SECRET_BYTES)).decode().rstrip("=")
    return key_id, f"sk_{key_id}_{secret}", hashlib.sha256(secret.encode()).hexdigest()


def find(keys: Mapping[str, ApiKey], presented: str, now_ms: int) -> Identity | None:
    """Return who presents a key, None where it is none, another's, expired or revoked."""
    shape = _KEY.fullmatch(presented) if len(presented) <= _LONGEST else None
    if shape is None:
        return None
    key = keys.get(shape[1])
    known = key.sha256 if key is not None else bytes(SECRET_BYTES)
    fits = hmac.compare_digest(hashlib.sha256(shape[2].encode()).digest(), known)
    return key.identity if key is not None and fits and key.is_valid(now_ms) else None


def read_keys(document: object) -> Mapping[str, ApiKey]:
    """Read `{"keys": [...]}`. Raises BadKeys."""
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise BadKeys('must be an object with a list "keys"')
    keys = [_entry(number, entry) for number, entry in enumerate(entries)]
    by_id = {key.key_id: key for key in keys}
    if len(by_id) != len(keys):
        raise BadKeys("two entries have the same id")
    return by_id


def _entry(number: int, entry: object) -> ApiKey:
    """Read one entry. Raises BadKeys."""
    where = f"keys[{number}]"
    if not isinstance(entry, dict) or not _FIELDS.issuperset(entry):
        raise BadKeys(f"{where} must be an object with the fields {', '.join(sorted(_FIELDS))}")
    try:
        return ApiKey(
            key_id=_shaped(entry, "id", re.compile(r"[0-9a-f]{12}")),
            sha256=bytes.fromhex(_shaped(entry, "sha256", _SHA256)),
            identity=_identity(entry),
            expires_ms=_time(entry, "expires_at"),
            revoked_ms=_time(entry, "revoked_at"),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadKeys(f"{where}: {error}") from None


def _identity(entry: Mapping[str, Any]) -> Identity:
    client = _shaped(entry, "client", _CLIENT)
    scopes = frozenset(Scope(name) for name in entry["scopes"])
    customers = entry.get("customers") or []
    if not scopes or not isinstance(customers, list) or not all(isinstance(name, str) for name in customers):
        raise ValueError("scopes and customers must be lists, and scopes not empty")
    if Scope.CUSTOMER in scopes and not customers:
        raise ValueError('with the scope customer, customers must name some, or be ["*"]')
    rate = entry.get("rate_per_s")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float) or rate <= 0):
        raise ValueError("rate_per_s must be over zero")
    return Identity(
        client=client,
        name=_shaped(entry, "name", _NAME) if entry.get("name") else client,
        scopes=scopes,
        customers=None if customers == ["*"] else frozenset(customers),
        signing=tuple(secret_of(text) for text in entry.get("signing") or ()),
        rate_per_s=rate,
    )


def _shaped(entry: Mapping[str, Any], name: str, shape: re.Pattern[str]) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not shape.fullmatch(value):
        raise ValueError(f"{name} is missing or unusable")
    return value


def _time(entry: Mapping[str, Any], name: str) -> int | None:
    value = entry.get(name)
    if value is None:
        return None
    at = datetime.fromisoformat(value)
    if at.tzinfo is None:
        raise ValueError(f"{name} needs a time zone")
    return int(at.timestamp() * 1000)
