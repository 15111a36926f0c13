"""Asks the gateway over HTTP: requests, lists page by page, and what an answer that is a refusal means for a person."""

from __future__ import annotations

import getpass
import http.client
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from cli.failure import ExitCode, Failure
from cli.options import Gateway

TIMEOUT_S = 15.0
PAGE = 200
"""The most that the gateway puts on one page."""
_ATTEMPTS = 4
_LONGEST_PAUSE_S = 5
_NOT_NOW = frozenset({http.client.TOO_MANY_REQUESTS, http.client.SERVICE_UNAVAILABLE})
_REMEDIES: Mapping[int, str] = {
    http.client.UNAUTHORIZED: "Set SAGA_API_KEY; `saga keys create` makes a key.",
    http.client.FORBIDDEN: "Take a key with the scope that it needs, or for that customer: `saga keys list`.",
    http.client.TOO_MANY_REQUESTS: "Wait a moment; `saga keys create --rate` gives a client more.",
    http.client.SERVICE_UNAVAILABLE: "Repeat it later: with the same --key nothing is done twice.",
}


class NothingMore(Exception):
    """Everything there is to say has been said."""


class Wish(NamedTuple):
    """What goes with a request besides its address: a body, an idempotency key, how long the answer may take."""

    body: object = None
    key: str | None = None
    wait_s: int = 0
    remedy: str = "`saga --help` shows what can be asked."


def request(
    gateway: Gateway,
    method: str,
    path: str,
    body: object = None,
    key: str | None = None,
    remedy: str = "`saga saga --help` shows what can be asked.",
) -> dict[str, Any]:
    """Make a request and return the document of its answer. Raises Failure, with the remedy where it is refused."""
    return asked(gateway, method, path, Wish(body, key, remedy=remedy))


def asked(gateway: Gateway, method: str, path: str, wish: Wish) -> dict[str, Any]:
    """Make a request and return the document of its answer. Raises Failure.

    What the gateway cannot answer now is asked again, at most three times, where asking twice does no harm.
    """
    attempts = _ATTEMPTS if method == "GET" or wish.key is not None else 1
    for attempt in range(1, attempts + 1):
        response, document = _exchange(gateway, method, path, wish)
        pause = response.headers.get("Retry-After", "")
        if response.status not in _NOT_NOW or not pause.isdecimal() or attempt == attempts:
            break
        time.sleep(min(int(pause), _LONGEST_PAUSE_S))
    if response.status >= http.client.BAD_REQUEST:
        raise refusal(response.status, document, wish.remedy)
    return document


def pages(
    gateway: Gateway, path: str, name: str, filters: Mapping[str, str | None], limit: int
) -> list[dict[str, Any]]:
    """Return at most `limit` items of a list, as many pages as that takes. Raises Failure."""
    items: list[dict[str, Any]] = []
    chosen = {one: value for one, value in filters.items() if value is not None}
    cursor: dict[str, str] = {}
    while len(items) < limit:
        query = urlencode({**chosen, **cursor, "limit": min(PAGE, limit - len(items))})
        page = asked(gateway, "GET", f"{path}?{query}", Wish())
        items += page[name]
        if page.get("next_cursor") is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    return items


def lines_of(gateway: Gateway, path: str, headers: Mapping[str, str], silence_s: float) -> Iterator[str]:
    """Yield the lines of an answer as they come. Raises NothingMore where the gateway says that none will ever come.

    Raises OSError or HTTPException when the connection fails or says nothing for `silence_s` seconds, Failure where
    the gateway refuses.
    """
    connection = _connection(gateway, silence_s)
    try:
        connection.request("GET", f"{urlsplit(gateway.url).path}{path}", None, {**_credentials(gateway), **headers})
        response = connection.getresponse()
        if response.status >= http.client.BAD_REQUEST:
            raise refusal(response.status, _document(response.read()), "`saga order list` shows what there is.")
        if response.status == http.client.NO_CONTENT:
            raise NothingMore
        for line in response:
            yield line.decode("utf-8", "replace").rstrip("\r\n")
    finally:
        connection.close()


def refusal(status: int, document: Mapping[str, Any], remedy: str) -> Failure:
    """Return what a refusal of the gateway means for the person at the terminal."""
    problem = f"{document.get('title')}: {document.get('detail')}."
    code = ExitCode.CLUSTER_UNREACHABLE if status == http.client.SERVICE_UNAVAILABLE else ExitCode.CHECK_FAILED
    return Failure(problem, _REMEDIES.get(status, remedy), code)


def unreachable(gateway: Gateway, error: Exception) -> Failure:
    """Return what it means that nobody answers."""
    return Failure(
        f"No gateway answers at {gateway.url}: {error}.",
        "Start one with `saga dev`, or name its address with --gateway.",
        ExitCode.CLUSTER_UNREACHABLE,
    )


def actor_of(gateway: Gateway, actor: str | None) -> dict[str, str]:
    """Return who acts; with a key the gateway knows that itself, and takes nobody else's name."""
    if gateway.api_key is not None:
        return {"actor": actor} if actor else {}
    return {"actor": actor or getpass.getuser()}


def _exchange(gateway: Gateway, method: str, path: str, wish: Wish) -> tuple[http.client.HTTPResponse, dict[str, Any]]:
    connection = _connection(gateway, TIMEOUT_S + wish.wait_s)
    headers = {"Content-Type": "application/json", **_credentials(gateway)}
    if wish.key is not None:
        headers["Idempotency-Key"] = wish.key
    if wish.wait_s:
        headers["Prefer"] = f"wait={wish.wait_s}"
    body = None if wish.body is None else json.dumps(wish.body)
    try:
        connection.request(method, f"{urlsplit(gateway.url).path}{path}", body, headers)
        response = connection.getresponse()
        document = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise unreachable(gateway, error) from error
    finally:
        connection.close()
    if not isinstance(document, dict):
        raise Failure(f"{gateway.url} is no gateway.", "Name the gateway's address with --gateway.", ExitCode.USAGE)
    return response, document


def _connection(gateway: Gateway, timeout_s: float) -> http.client.HTTPConnection:
    url = urlsplit(gateway.url)
    connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return connect(url.netloc, timeout=timeout_s)


def _credentials(gateway: Gateway) -> dict[str, str]:
    return {} if gateway.api_key is None else {"Authorization": f"Bearer {gateway.api_key}"}


def _document(raw: bytes) -> dict[str, Any]:
    try:
        document = json.loads(raw)
    except ValueError:
        return {"title": "The gateway refused", "detail": raw.decode("utf-8", "replace")}
    return document if isinstance(document, dict) else {"title": "The gateway refused", "detail": document}
