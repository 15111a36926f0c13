"""An order of 80,000 bytes completes, and no record between its steps is larger than 100,000."""

from __future__ import annotations

import json

from schemas import topics
from tests.orchestrator_world import World
from tests.saga_story import order_data

SIZE = 80_000
MOST = 100_000
BETWEEN_STEPS = [topic.name for topic in topics.ALL if topic is not topics.CHANGELOG]


def test_an_order_of_80_000_bytes_completes_in_records_of_100_000_at_most() -> None:
    line = {"sku": "85123A", "description": "x" * 200, "quantity": 1, "unit_price_minor": 10}
    lines = [line] * ((SIZE - 1_000) // len(json.dumps(line) + ", "))
    data = {**order_data(), "lines": lines, "total_minor": 10 * len(lines)}
    data["reference"] += "x" * (SIZE - len(json.dumps(data)))
    assert len(json.dumps(data)) == SIZE
    world = World()
    world.send("saga.StartSaga", "ord_a", definition="order-fulfillment", version=None, data=json.dumps(data))
    world.run()

    assert world.statuses()[-1]["status"] == "COMPLETED"
    sizes = [len(record.value or b"") for name in BETWEEN_STEPS for record in world.records(name)]
    assert SIZE < max(sizes) <= MOST
