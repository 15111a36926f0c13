"""The table of the API's routes as docs/api.md has it, made from its description, and an example of each to run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from services.gateway.security.access import ROUTES
from tests.order_form import form

BEGIN, END = "<!-- routes -->\n", "<!-- end of routes -->\n"
PAGES = frozenset({"/openapi.json", "/docs", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"})
WHO = {"actor": "ann", "reason": "a reason"}
DEFINITION = {
    "document": {"dsl": "1.0.3", "namespace": "test", "name": "tiny", "version": "1.0.0"},
    "do": [{"rest": {"wait": {"seconds": 1}}}],
}


class Example(NamedTuple):
    """A request that works: what follows the path's template, its body, and its status."""

    body: Any = None
    query: str = ""
    status: int = 200
    key: str | None = None


VALUES: Mapping[str, str] = {
    "order_id": "ord_a",
    "saga_id": "ord_a",
    "approval_id": "ord_a",
    "name": "order-fulfillment",
    "version": "1",
    "date": "2023-11-14",
    "letter_id": "0-17",
    "customer_id": "17850",
}
EXAMPLES: Mapping[tuple[str, str], Example] = {
    ("POST", "/v1/orders"): Example(form(), status=202, key="order-4711"),
    ("GET", "/v1/orders"): Example(query="?status=AWAITING_APPROVAL&customer=17850&created_from=2023-11-14T00:00:00Z"),
    ("POST", "/v1/orders/{order_id}/cancel"): Example(WHO, status=202),
    ("POST", "/v1/orders/{order_id}/approve"): Example(WHO, status=202),
    ("POST", "/v1/orders/{order_id}/reject"): Example(WHO, status=202),
    ("POST", "/v1/approvals/{approval_id}"): Example({"decision": "approve", **WHO}, status=202),
    ("POST", "/v1/sagas"): Example({"definition": "etl", "data": {"rows": []}}, status=202, key="etl-1"),
    ("GET", "/v1/sagas"): Example(query="?definition=etl&limit=10"),
    ("POST", "/v1/sagas/{saga_id}/signals"): Example({"name": "delivered", "actor": "carrier"}, status=202),
    ("POST", "/v1/sagas/{saga_id}/cancel"): Example(WHO, status=202),
    ("POST", "/v1/sagas/{saga_id}/migrate"): Example({"version": 1, "actor": "ann"}, status=202),
    ("POST", "/v1/sagas/{saga_id}/resolve"): Example({"action": "retry", **WHO}, status=409),
    ("POST", "/v1/definitions"): Example(DEFINITION, query="?actor=ann", status=201),
    ("GET", "/v1/stats/failures"): Example(query="?step=capture-payment&date=2023-11-14"),
    ("GET", "/v1/reports/daily/{date}"): Example(status=404),
    ("GET", "/v1/dead-letters"): Example(query="?state=open&saga_id=ord_a&limit=10"),
    ("GET", "/v1/dead-letters/{letter_id}"): Example(status=404),
    ("POST", "/v1/dead-letters/{letter_id}/redrive"): Example({"dry_run": True, **WHO}, status=404),
    ("POST", "/v1/dead-letters/{letter_id}/resolve"): Example(WHO, status=404),
    ("DELETE", "/v1/customers/{customer_id}/personal-data"): Example(status=404),
}
"""Of the routes that take more than a path; a status that is no success is the right answer to the test's data."""
TOLD_ELSEWHERE = (
    "/internal",
    "/v1/architecture",
    "/subjects",
    "/schemas",
    "/config",
)


def example_of(method: str, path: str) -> tuple[str, Example] | None:
    """Return the address and the rest of a route's example; None where its own page has them."""
    if path.startswith(TOLD_ELSEWHERE) or path in ("/mode", "/v1/schemas/{name}"):
        return None
    found = EXAMPLES.get((method, path), Example())
    return path.format_map(VALUES) + found.query, found


def reference(description: Mapping[str, Any]) -> str:
    """Return the table and the examples."""
    return "\n".join([*_table(description), "", *_examples(description)]) + "\n"


def _documented(description: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for method, path in ROUTES:
        if path not in PAGES and path in description["paths"]:
            yield method, path, description["paths"][path][method.lower()]


def _table(description: Mapping[str, Any]) -> Iterator[str]:
    yield "| route | what it does | scopes | answers |"
    yield "| --- | --- | --- | --- |"
    for method, path, operation in _documented(description):
        scopes = ROUTES[method, path].scopes
        named = "anybody" if scopes is None else ", ".join(sorted(scopes))
        answers = ", ".join(sorted(code for code in operation["responses"] if code.isdecimal()))
        yield f"| `{method} {path}` | {operation['summary']} | {named} | {answers} |"


def _examples(description: Mapping[str, Any]) -> Iterator[str]:
    for method, path, operation in _documented(description):
        made = example_of(method, path)
        if made is None:
            continue
        url, example = made
        yield f"### {method} {path}\n"
        yield f"{operation['summary']}.\n"
        yield from _parameters(operation)
        command = f"curl 'localhost:8080{url}'"
        if example.key is not None:
            command += f" -H 'Idempotency-Key: {example.key}'"
        if example.body is not None:
            command += f" -H 'Content-Type: application/json' \\\n  -d '{json.dumps(example.body)}'"
        elif method != "GET":
            command += f" -X {method}"
        yield f"```sh\n{command}\n```\n"


def _parameters(operation: Mapping[str, Any]) -> Iterator[str]:
    told = [one for one in operation.get("parameters", ()) if one["in"] != "path" and one["name"] != "Authorization"]
    if told:
        names = (f"`{one['name']}`{' (required)' if one.get('required') else ''}" for one in told)
        yield f"Query and headers: {', '.join(names)}.\n"
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    properties = content.get("schema", {}).get("properties", {})
    if properties:
        required = set(content["schema"].get("required", ()))
        fields = (f"`{name}`{' (required)' if name in required else ''}" for name in properties)
        yield f"Body: {', '.join(fields)}.\n"
