"""From an order without fault to what is remembered of it and written for it, whichever way it came. Pure."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import orjson

from schemas.codec import Codec
from services.gateway.inputs import Asking, Input, start, start_id
from services.gateway.orders import DEFINITION, Accepted, order_id_of
from services.gateway.submissions import Submission


class Ordered(NamedTuple):
    """An order to be registered once, and the record that starts its saga."""

    submission: Submission
    record: Input


def ordered(codec: Codec, order: Accepted, client: str, key: str, now_ms: int, trace: str) -> Ordered:
    """Return what a client's order under an idempotency key comes to. Raises TooLarge."""
    order_id = order_id_of(client, key)
    data = orjson.dumps({"order_id": order_id, **order.data}, option=orjson.OPT_SORT_KEYS)
    asked = data if order.process == DEFINITION else data + order.process.encode()
    written = data.decode()
    record = start(codec, Asking(order_id, start_id(order_id), now_ms, trace), written, order.process)
    return Ordered(
        Submission(order_id, client, key, hashlib.sha256(asked).hexdigest(), "pending", now_ms, written), record
    )
