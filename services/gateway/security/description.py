"""Adds to the API's description which credentials each route takes: from the same table that the guard works on."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from services.gateway.security.access import ROUTES, Kind

_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key `sk_<id>_<secret>` or a JSON Web Token. Nobody is asked with GATEWAY_AUTH=off.",
    }
}
_SIGNED = [
    {
        "name": name,
        "in": "header",
        "required": False,
        "schema": {"type": "string"},
        "description": "Standard Webhooks; required of clients that have signing secrets.",
    }
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
]


def described(plain: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """Return what makes an application's description with its credentials, once; `plain` makes it without."""

    @cache
    def describe() -> dict[str, Any]:
        document = plain()
        document.setdefault("components", {})["securitySchemes"] = _SCHEMES
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                rule = ROUTES.get((method.upper(), path))
                if rule is None or "security" in operation:
                    continue
                operation["security"] = [] if rule.scopes is None else [{"bearer": sorted(rule.scopes)}]
                if rule.kind is Kind.SUBMIT:
                    operation["parameters"] = [*operation.get("parameters", []), *_SIGNED]
        return document

    return describe
