"""Finds an order or a saga as far as it is known here: in the read model, else as it was last shown or submitted."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from services.gateway.fields import FieldError
from services.gateway.parts import SAGAS, Parts, known_text
from services.gateway.problems import Problem
from services.gateway.read_model import ReadModelUnavailable, Row
from services.gateway.reading import queries, tokens
from services.gateway.reading.freshness import Staleness
from services.gateway.reading.tokens import Token
from services.gateway.submissions import Submission, Unavailable

TOKEN_WAIT_S = 5.0
"""How long a read that carries a token waits for what it names."""
AT_REST = frozenset({"COMPLETED", "TRANSACTION_REVOKED", "MANUAL_INTERVENTION", queries.AWAITING})
"""Statuses in which an order moves only when somebody does something."""


class Seen(NamedTuple):
    """What is known: a row of the read model, or a submission; and whether it may be out of date."""

    row: Row | None
    submission: Submission | None
    staleness: Staleness

    @property
    def sequence(self) -> int:
        """The event up to which this is known."""
        return 0 if self.row is None else int(self.row["sequence"])


def freshness_fields(staleness: Staleness) -> dict[str, Any]:
    """Return what an answer says of its own freshness."""
    age_s = staleness.age_ms / 1000 if staleness.stale else 0.0
    return {"stale": staleness.stale, "age_s": age_s, "stale_because": staleness.because}


def token_of(request: Request, saga_id: str) -> Token | None:
    """Return the token that a read carries, None without one. Raises Problem."""
    text = request.headers.get("if-consistent-with") or request.query_params.get("consistent_with")
    if text is None:
        return None
    token = tokens.read(text)
    if token is None or token.saga_id != saga_id:
        message = "is no token of ours for this"
        raise Problem("invalid-request", f"consistent_with {message}", [FieldError("consistent_with", message)])
    return token


async def caught_up(parts: Parts, token: Token | None) -> Staleness | None:
    """Wait, bounded, until the read model has what a token names; return what is wrong where it has not."""
    if token is None:
        return None
    loop = asyncio.get_running_loop()
    deadline = loop.time() + TOKEN_WAIT_S
    while True:
        try:
            known = await run_in_threadpool(_reached, parts, token)
        except ReadModelUnavailable:
            return Staleness(stale=True, age_ms=max(0, parts.now_ms() - token.at_ms), because="read-model")
        if known.done:
            return None
        if not await parts.watch.later(token.saga_id, known.sequence, deadline - loop.time()):
            age_ms = max(0, parts.now_ms() - token.at_ms)
            return Staleness(stale=True, age_ms=age_ms, because=parts.freshness.now().because or "read-model")


class _Known(NamedTuple):
    """How far a saga is known, and whether what a token names is in it."""

    done: bool
    sequence: int


def _reached(parts: Parts, token: Token) -> _Known:
    sequence = queries.sequences(parts.read_model, [token.saga_id]).get(token.saga_id)
    if token.input_id.endswith(":start"):
        return _Known(done=True, sequence=sequence or 0)  # until its first event it is shown as it was submitted
    return _Known(queries.has_effect(parts.read_model, token.saga_id, token.input_id), sequence or 0)


def look(parts: Parts, saga_id: str, token: Token | None, *, orders: bool) -> Seen:
    """Return an order (or a saga that is none) as far as it is known here. Raises Problem. Blocks."""
    known_text("order_id" if orders else "saga_id", saga_id)
    staleness = parts.freshness.now()
    try:
        row = parts.read_model.order(saga_id) if orders else parts.read_model.saga(saga_id)
    except ReadModelUnavailable as error:
        return _last_known(parts, saga_id, error, orders=orders)
    if row is not None:
        parts.last_known.keep(saga_id, parts.now_ms(), row)
        return Seen(row, None, staleness)
    is_certain = token is not None and token.saga_id == saga_id
    submission = parts.submissions.find(saga_id, 0 if is_certain else parts.now_ms())
    if submission is None or submission.client.endswith(SAGAS) is orders:
        what = "order" if orders else "saga"
        raise Problem(f"unknown-{what}", f"no {what} {saga_id}")
    return Seen(None, submission, staleness)


def look_at_any(parts: Parts, saga_id: str, token: Token | None) -> Seen:
    """Return a saga of any definition, an order too, as far as it is known here. Raises Problem. Blocks.

    A saga that was started as one of the orders' processes is in the read model as an order.
    """
    try:
        seen = look(parts, saga_id, token, orders=False)
    except Problem as problem:
        order = parts.read_model.order(saga_id)
        if problem.name != "unknown-saga" or order is None:
            raise
        return Seen(order, None, parts.freshness.now())
    try:
        order = None if seen.row is not None else parts.read_model.order(saga_id)
    except ReadModelUnavailable:
        return seen  # as it was submitted, and that it may be out of date is said
    return seen if order is None else Seen(order, None, seen.staleness)


def _last_known(parts: Parts, saga_id: str, error: ReadModelUnavailable, *, orders: bool) -> Seen:
    """Return what was shown or submitted before the read model went away, marked as such."""
    now_ms = parts.now_ms()
    found = parts.last_known.find(saga_id)
    if found is not None:
        at_ms, row = found
        if ("order_id" in row) is orders:
            return Seen(row, None, Staleness(stale=True, age_ms=max(0, now_ms - at_ms), because="read-model"))
    try:
        submission = parts.submissions.find(saga_id, now_ms)
    except Unavailable:
        raise error from None
    if submission is None or submission.client.endswith(SAGAS) is orders:
        raise error
    age_ms = max(0, now_ms - submission.created_at_ms)
    return Seen(None, submission, Staleness(stale=True, age_ms=age_ms, because="read-model"))


async def rest(parts: Parts, order_id: str, within_s: int | None) -> Row | None:
    """Wait until an order moves only when somebody does something; None when it does not come to that in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (within_s or 0)
    while within_s:
        try:
            row = await run_in_threadpool(parts.read_model.order, order_id)
        except ReadModelUnavailable:
            return None
        if row is not None and row["status"] in AT_REST:
            return row
        sequence = 0 if row is None else row["sequence"]
        if not await parts.watch.later(order_id, sequence, deadline - loop.time()):
            return None
    return None
