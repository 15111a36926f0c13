"""Who makes a request: its client, whom it speaks for, what it may do. Pure."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.gateway.fields import FieldError
from services.gateway.problems import Problem

_IDENTITY = "sagaline.identity"
_ACTS = "sagaline.acts"


class Scope(StrEnum):
    """What a credential is good for. No scope includes another: a key may carry several."""

    CUSTOMER = "customer"
    OPERATOR = "operator"
    ADMIN = "admin"


EVERY_SCOPE = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks. `name` goes into the audit trail; empty: nobody in particular, so a request names its own actor.

    `customers`: those that the client speaks for with the scope customer; None: all of them. `signing`: secrets of
    which one has to sign what the client submits; none: nothing has to be signed.
    """

    client: str
    name: str
    scopes: frozenset[Scope]
    customers: frozenset[str] | None = None
    signing: tuple[bytes, ...] = ()
    rate_per_s: float | None = None

    @property
    def confined_to(self) -> frozenset[str] | None:
        """The customers whose orders this identity may see; None: those of all."""
        return None if Scope.OPERATOR in self.scopes else self.customers

    def may_see(self, customer_id: str | None) -> bool:
        """Tell whether an order of this customer may be shown."""
        return self.confined_to is None or customer_id in self.confined_to

    def may_order_for(self, customer_id: str) -> bool:
        """Tell whether an order may be placed for this customer."""
        return self.customers is None or customer_id in self.customers


OPEN = Identity("public", "", EVERY_SCOPE)
"""Everybody, where authentication is off."""
NOBODY = Identity("", "", frozenset(), frozenset())
"""Whoever asks for what needs no credentials."""


def mark(scope: MutableMapping[str, Any], identity: Identity, acts: bool) -> None:
    """Note on a request who makes it, and whether its body names an actor."""
    scope[_IDENTITY] = identity
    scope[_ACTS] = acts


def identity_of(scope: Mapping[str, Any]) -> Identity:
    """Return who makes a request that the guard let through."""
    identity: Identity = scope[_IDENTITY]
    return identity


def stamped(scope: Mapping[str, Any], document: object) -> object:
    """Return what was asked with the identity as its actor, so that no body can name somebody else. Raises Problem."""
    name = scope[_IDENTITY].name
    if not name or not scope[_ACTS] or not isinstance(document, dict):
        return document
    claimed = document.get("actor")
    if claimed not in (None, name):
        message = "must be left out, or be the name of your credentials"
        raise Problem("invalid-request", f"actor {message}", [FieldError("actor", message)])
    return {**document, "actor": name}
