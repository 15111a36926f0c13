"""The three subjects: their topics, their processes, and what one saga of each is made of."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from benchmarks import bare_message, participant
from benchmarks.processes import python
from cli.data_directory import DataDirectory
from cli.migrations import migrate_all
from cli.ports import free_ports
from cli.process_table import SANDBOXES, Installation, processes
from cli.supervisor import Process
from schemas import topics
from schemas.codec import Codec
from schemas.topics import Topic

ORDER_ID = "ord_" + "z" * 26
SAGA_ID = "four-" + "z" * 15
SKU = "85123A"
PLENTY = 1_000_000_000
DEFINITIONS = Path(__file__).parent / "definitions"
ENDS_BADLY = ('"TRANSACTION_REVOKED"', '"MANUAL_INTERVENTION"')


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to measure. `prepare` makes its databases in a directory and returns its processes."""

    name: str
    title: str
    events_per_saga: int
    """Records its orchestrator consumes for one saga."""
    low_sagas: int
    topics: Sequence[Topic]
    start_topic: str
    end_topic: str
    completed: str
    failed: tuple[str, ...]
    value: bytes
    placeholder: str
    prefix: str
    input_topics: tuple[str, ...]
    output_topics: tuple[str, ...]
    prepare: Callable[[Path, str], list[Process]]


def _start(saga_id: str, definition: str, data: object) -> bytes:
    meta = {"saga_id": saga_id, "input_id": saga_id, "at": 1_700_000_000_000, "source": "bench"}
    fields = {"meta": meta, "definition": definition, "version": None, "data": orjson.dumps(data).decode()}
    return Codec().encode("saga.StartSaga", fields)


def _bare_processes(directory: Path, bootstrap: str) -> list[Process]:
    store = str(directory / "store")
    environ = {"KAFKA_BOOTSTRAP_SERVERS": bootstrap}
    return [
        python("bare-orchestrator", ("benchmarks.bare", "orchestrator", store), environ),
        python("bare-participant", ("benchmarks.bare", "participant"), environ, stop_rank=1),
    ]


def _four_step_processes(directory: Path, bootstrap: str) -> list[Process]:
    directory.mkdir(parents=True, exist_ok=True)
    url = f"sqlite:///{directory / 'bench.sqlite'}"
    participant.prepare(url)
    environ = {"KAFKA_BOOTSTRAP_SERVERS": bootstrap}
    orchestrating = {
        "SAGA_DEFINITIONS": str(DEFINITIONS),
        "SAGA_INSTANCE": "bench-orchestrator",
        "SAGA_STATE_DIR": str(directory / "state"),
    }
    participating = {"DATABASE_URL": url, "SAGA_INSTANCE": "bench-participant"}
    return [
        python("orchestrator", ("orchestrator.app",), {**environ, **orchestrating}),
        python("participant", ("benchmarks.participant",), {**environ, **participating}, stop_rank=1),
    ]


def _order_processes(directory: Path, bootstrap: str) -> list[Process]:
    data = DataDirectory(directory)
    data.database("x").parent.mkdir(parents=True, exist_ok=True)
    stock = directory / "stock.csv"
    stock.write_text(f"warehouse_id,sku,on_hand\nLDN,{SKU},{PLENTY}\n", encoding="utf-8")
    gateway_port, *sandbox_ports = free_ports(1 + len(SANDBOXES))
    installation = Installation(
        directory=data,
        bootstrap=bootstrap,
        gateway_port=gateway_port,
        sandbox_ports=dict(zip(SANDBOXES, sandbox_ports, strict=True)),
        orchestrators=1,
        environ={**os.environ, "STOCK_FILE": str(stock)},
    )
    migrate_all(installation.database_url)
    return processes(installation)


def _order() -> object:
    return {
        "order_id": ORDER_ID,
        "customer_id": "17850",
        "currency": "GBP",
        "total_minor": 1_530,
        "payment_method": "pm_card_ok",
        "lines": [{"sku": SKU, "description": "a lantern", "quantity": 6, "unit_price_minor": 255}],
        "shipping": {"method": "standard", "country": "United Kingdom", "address": "1 High Street"},
        "reference": "bench",
    }


BARE = Subject(
    name="bare",
    title="bare loop, 4 steps",
    events_per_saga=5,
    low_sagas=100,
    topics=[
        Topic(name, "messages of the bare loop")
        for name in (bare_message.INPUTS, bare_message.COMMANDS, bare_message.REPLIES, bare_message.DONE)
    ],
    start_topic=bare_message.INPUTS,
    end_topic=bare_message.DONE,
    completed='"COMPLETED"',
    failed=(),
    value=_start(SAGA_ID, "bare", {}),
    placeholder=SAGA_ID,
    prefix="four-",
    input_topics=(bare_message.INPUTS, bare_message.REPLIES),
    output_topics=(bare_message.COMMANDS, bare_message.DONE),
    prepare=_bare_processes,
)

FOUR_STEPS = Subject(
    name="four-steps",
    title="4-step saga",
    events_per_saga=5,
    low_sagas=100,
    topics=[*topics.ALL, Topic(participant.TOPIC, "commands of the 4-step saga")],
    start_topic=topics.INPUTS.name,
    end_topic=topics.STATUS.name,
    completed='"COMPLETED"',
    failed=ENDS_BADLY,
    value=_start(SAGA_ID, "four-steps", {"account": "17850"}),
    placeholder=SAGA_ID,
    prefix="four-",
    input_topics=(topics.INPUTS.name, topics.REPLIES.name),
    output_topics=(topics.EVENTS.name,),
    prepare=_four_step_processes,
)

ORDERS = Subject(
    name="orders",
    title="order fulfilment",
    events_per_saga=10,
    low_sagas=50,
    topics=topics.ALL,
    start_topic=topics.INPUTS.name,
    end_topic=topics.STATUS.name,
    completed='"COMPLETED"',
    failed=ENDS_BADLY,
    value=_start(ORDER_ID, "order-fulfillment", _order()),
    placeholder=ORDER_ID,
    prefix="ord_",
    input_topics=(topics.INPUTS.name, topics.REPLIES.name),
    output_topics=(topics.EVENTS.name,),
    prepare=_order_processes,
)

ALL = (BARE, FOUR_STEPS, ORDERS)
