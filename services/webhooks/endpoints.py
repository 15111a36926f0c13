"""Who is told what, and where: what the endpoints file says. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import orjson

from services.signatures import secret_of

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_FIELDS = frozenset({"name", "url", "secrets", "customers"})


class BadEndpoints(ValueError):
    """The endpoints file cannot be used; the message names the entry and never a secret."""


class Endpoint(NamedTuple):
    """Where a client wants to be told of the sagas of its customers; None: of all. Every secret signs."""

    name: str
    url: str
    secrets: tuple[bytes, ...]
    customers: frozenset[str] | None

    def cares_for(self, customer_id: str) -> bool:
        """Tell whether it is told of this customer's sagas."""
        return self.customers is None or customer_id in self.customers


def parse(text: bytes) -> Mapping[str, Endpoint]:
    """Return the endpoints of `{"endpoints": [{"name", "url", "secrets", "customers"}]}`. Raises BadEndpoints."""
    try:
        return read(orjson.loads(text))
    except orjson.JSONDecodeError:
        raise BadEndpoints("WEBHOOKS_FILE is not JSON") from None


def read(document: object) -> Mapping[str, Endpoint]:
    """Return the endpoints by name. Raises BadEndpoints."""
    entries = document.get("endpoints") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise BadEndpoints('WEBHOOKS_FILE must be an object with a list "endpoints"')
    endpoints = [_endpoint(number, entry) for number, entry in enumerate(entries)]
    by_name = {endpoint.name: endpoint for endpoint in endpoints}
    if len(by_name) != len(endpoints):
        raise BadEndpoints("two endpoints have the same name")
    return by_name


def _endpoint(number: int, entry: object) -> Endpoint:
    where = f"endpoints[{number}]"
    if not isinstance(entry, dict) or entry.keys() != _FIELDS:
        raise BadEndpoints(f"{where} must be an object with the fields {', '.join(sorted(_FIELDS))}")
    try:
        secrets = tuple(secret_of(text) for text in entry["secrets"])
        return Endpoint(_named(entry["name"]), _safe(entry["url"]), secrets, _customers(entry["customers"], secrets))
    except (TypeError, ValueError) as error:
        raise BadEndpoints(f"{where}: {error}") from None


def _named(name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError("name must be lower-case letters, digits, . _ -")
    return name


def _customers(customers: Any, secrets: tuple[bytes, ...]) -> frozenset[str] | None:
    if not secrets:
        raise ValueError("secrets must name one at least")
    if not isinstance(customers, list) or not customers or not all(isinstance(one, str) for one in customers):
        raise ValueError('customers must name some, or be ["*"]')
    return None if customers == ["*"] else frozenset(customers)


def _safe(url: Any) -> str:
    """Return an address that what is sent to cannot be read on the way. Raises ValueError."""
    parts = urlsplit(url if isinstance(url, str) else "")
    if not parts.hostname or parts.username is not None or parts.fragment:
        raise ValueError("url is no address of an endpoint")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname)):
        return str(url)
    raise ValueError("url must begin with https://, except on this machine")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
