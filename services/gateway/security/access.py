"""Who may use which route: one table, and what it says of a request. Pure.

A route without an entry is open to nobody but administrators; a test demands an entry for every route there is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from schemas.personal_data import RESOLVE
from services.gateway.security.identity import Scope


class Kind(Enum):
    """What else a route asks for."""

    PLAIN = auto()
    """Nothing else."""
    ACT = auto()
    """Its body names an actor, who is the identity."""
    SUBMIT = auto()
    """Its body has to be signed by clients that have secrets for that."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may use a route: whoever has one of the scopes; None: everybody, without credentials."""

    scopes: frozenset[Scope] | None
    kind: Kind = Kind.PLAIN


_ANYBODY = Rule(None)
_ORDERS = Rule(frozenset({Scope.CUSTOMER, Scope.OPERATOR}))
_CANCEL = Rule(frozenset({Scope.CUSTOMER, Scope.OPERATOR}), Kind.ACT)
_SUBMIT = Rule(frozenset({Scope.CUSTOMER}), Kind.SUBMIT)
_SHOW = Rule(frozenset({Scope.OPERATOR, Scope.ADMIN}))
_OPERATE = Rule(frozenset({Scope.OPERATOR}))
_ACT = Rule(frozenset({Scope.OPERATOR}), Kind.ACT)
_DEPLOY = Rule(frozenset({Scope.ADMIN}), Kind.ACT)

ORDER_ID = "{order_id}"
"""What a template says where an order is named: customers see no order there but their own."""

ROUTES: Mapping[tuple[str, str], Rule] = {
    ("POST", "/v1/orders"): _SUBMIT,
    ("GET", "/v1/orders"): _ORDERS,
    ("GET", "/v1/orders/{order_id}"): _ORDERS,
    ("GET", "/v1/orders/{order_id}/history"): _ORDERS,
    ("GET", "/v1/orders/{order_id}/explain"): _ORDERS,
    ("GET", "/v1/orders/{order_id}/events"): _ORDERS,
    ("POST", "/v1/orders/{order_id}/cancel"): _CANCEL,
    ("POST", "/v1/orders/{order_id}/approve"): _ACT,
    ("POST", "/v1/orders/{order_id}/reject"): _ACT,
    ("GET", "/v1/approvals"): _OPERATE,
    ("POST", "/v1/approvals/{approval_id}"): _ACT,
    ("POST", "/v1/sagas"): _OPERATE,
    ("GET", "/v1/sagas"): _OPERATE,
    ("GET", "/v1/sagas/{saga_id}"): _OPERATE,
    ("GET", "/v1/sagas/{saga_id}/history"): _OPERATE,
    ("GET", "/v1/sagas/{saga_id}/explain"): _OPERATE,
    ("POST", "/v1/sagas/{saga_id}/signals"): _ACT,
    ("POST", "/v1/sagas/{saga_id}/cancel"): _ACT,
    ("POST", "/v1/sagas/{saga_id}/resolve"): _ACT,
    ("POST", "/v1/sagas/{saga_id}/migrate"): _ACT,
    ("POST", "/v1/definitions"): _DEPLOY,
    ("GET", "/v1/definitions"): _SHOW,
    ("GET", "/v1/definitions/{name}"): _SHOW,
    ("GET", "/v1/definitions/{name}/{version}"): _SHOW,
    ("DELETE", "/v1/customers/{customer_id}/personal-data"): _SHOW,
    # Open to those who prove by a key of their own that they may ask; to all others there is nothing there.
    ("POST", RESOLVE): _ANYBODY,
    ("GET", "/v1/dead-letters"): _OPERATE,
    ("GET", "/v1/dead-letters/{letter_id}"): _OPERATE,
    ("POST", "/v1/dead-letters/{letter_id}/redrive"): _ACT,
    ("POST", "/v1/dead-letters/{letter_id}/resolve"): _ACT,
    ("GET", "/v1/reports/daily/{date}"): _OPERATE,
    ("GET", "/v1/stats/failures"): _OPERATE,
    ("GET", "/v1/read-model"): _OPERATE,
    ("POST", "/v1/architecture"): _OPERATE,
    ("GET", "/healthz"): _ANYBODY,
    ("GET", "/readyz"): _ANYBODY,
    ("GET", "/openapi.json"): _ANYBODY,
    ("GET", "/docs"): _ANYBODY,
    ("GET", "/docs/swagger-ui-bundle.js"): _ANYBODY,
    ("GET", "/docs/swagger-ui.css"): _ANYBODY,
    ("GET", "/metrics"): _SHOW,
    ("GET", "/v1/asyncapi.json"): _ANYBODY,
    ("GET", "/v1/schemas"): _ANYBODY,
    ("GET", "/v1/schemas/{name}"): _ANYBODY,
    ("GET", "/subjects"): _ANYBODY,
    ("GET", "/subjects/{subject}/versions"): _ANYBODY,
    ("GET", "/subjects/{subject}/versions/{version}"): _ANYBODY,
    ("GET", "/subjects/{subject}/versions/{version}/schema"): _ANYBODY,
    ("GET", "/schemas/types"): _ANYBODY,
    ("GET", "/schemas/ids/{schema_id}"): _ANYBODY,
    ("GET", "/schemas/ids/{schema_id}/schema"): _ANYBODY,
    ("GET", "/schemas/ids/{schema_id}/versions"): _ANYBODY,
    ("GET", "/schemas/ids/{schema_id}/subjects"): _ANYBODY,
    ("GET", "/config"): _ANYBODY,
    ("GET", "/config/{subject}"): _ANYBODY,
    ("GET", "/mode"): _ANYBODY,
}
"""Every route. Health, schemas and the API's description are open to all; what they tell is in the public source."""


@dataclass(frozen=True, slots=True)
class Found:
    """A route that a request is for, its template as `path`, and the order it names.

    `rule` None: other methods than this are known there.
    """

    path: str
    rule: Rule | None
    order_id: str | None = None
    methods: tuple[str, ...] = ()


class AccessTable:
    """Finds the route of a request as the application's router does: by its segments, the literal ones first."""

    def __init__(self, routes: Mapping[tuple[str, str], Rule] = ROUTES) -> None:
        self._templates: dict[int, list[tuple[str, Sequence[str], dict[str, Rule]]]] = defaultdict(list)
        by_path: dict[str, dict[str, Rule]] = defaultdict(dict)
        for (method, path), rule in routes.items():
            by_path[path][method] = rule
        for path in sorted(by_path, key=lambda path: path.count("{")):
            segments = path.split("/")
            self._templates[len(segments)].append((path, segments, by_path[path]))
        self._literal = {
            (method, path): Found(path, rule) for (method, path), rule in routes.items() if "{" not in path
        }

    def template_of(self, method: str, path: str) -> str | None:
        """Return the template that a path fits, whether or not the method is known there."""
        found = self.find(method, path)
        return None if found is None else found.path

    def find(self, method: str, path: str) -> Found | None:
        """Return the route of a request, None where no path fits."""
        literal = self._literal.get((method, path))
        if literal is not None:
            return literal
        segments = path.split("/")
        fitting, methods = "", tuple[str, ...]()
        for name, template, rules in self._templates.get(len(segments), ()):
            if not all(map(_fits, template, segments)):
                continue
            if method in rules:
                order_id = segments[template.index(ORDER_ID)] if ORDER_ID in template else None
                return Found(name, rules[method], order_id)
            fitting, methods = fitting or name, methods + tuple(rules)
        return Found(fitting, None, methods=methods) if methods else None


def _fits(template: str, segment: str) -> bool:
    return template == segment or (bool(segment) and template[:1] == "{")
