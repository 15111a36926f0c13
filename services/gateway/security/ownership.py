"""Whose an order is, as far as it is known here."""

from __future__ import annotations

import orjson

from services.gateway.parts import SAGAS, Parts
from services.gateway.read_model import ReadModelUnavailable


def owner(parts: Parts, order_id: str) -> str | None:
    """Return the customer of an order, None where there is no such order, or nobody's.

    Blocks. Raises Unavailable, and ReadModelUnavailable where nothing else knows the order.
    """
    missing: ReadModelUnavailable | None = None
    try:
        row = parts.read_model.order(order_id)
    except ReadModelUnavailable as error:
        row, missing = None, error
    if row is not None:
        customer_id = row["customer_id"]
        return None if customer_id is None else str(customer_id)
    submission = parts.submissions.find(order_id, parts.now_ms())
    if submission is not None and not submission.client.endswith(SAGAS):
        return str(orjson.loads(submission.data)["customer_id"])
    if missing is not None:
        raise missing
    return None
