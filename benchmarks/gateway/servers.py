"""The two servers that are measured and the request both get: the gateway as it is shipped, and the bare route."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from pathlib import Path

import orjson

from benchmarks.gateway import bare
from benchmarks.processes import python
from cli.data_directory import DataDirectory
from cli.migrations import migrate_all
from cli.ports import LOOPBACK, free_ports
from cli.process_table import SANDBOXES, Installation, answers_ok, processes
from cli.supervisor import Process
from schemas import topics
from schemas.topics import Topic

GATEWAY = "gateway"
BARE = "bare"
PLACEHOLDER = "@idempotency-key@"
TOPICS = (*topics.ALL, Topic(bare.TOPIC, "what the bare route produces"))
_KEY_ID = "be0c4be0c4be"
_SECRET = ("benchmark" * 5)[:43]
_NO_LIMIT = 1_000_000


def prepare(directory: Path, bootstrap: str) -> tuple[list[Process], dict[str, int]]:
    """Make the databases in a directory; return the processes and the port of each."""
    data = DataDirectory(directory)
    data.database("x").parent.mkdir(parents=True, exist_ok=True)
    gateway_port, bare_port, *sandbox_ports = free_ports(2 + len(SANDBOXES))
    installation = Installation(
        directory=data,
        bootstrap=bootstrap,
        gateway_port=gateway_port,
        sandbox_ports=dict(zip(SANDBOXES, sandbox_ports, strict=True)),
        orchestrators=1,
        environ={**os.environ, "GATEWAY_RATE_PER_S": str(_NO_LIMIT)},
        keys_file=_keys_file(directory / "keys.json"),
    )
    migrate_all(installation.database_url)
    gateway = next(process for process in processes(installation) if process.name == GATEWAY)
    settings = {"KAFKA_BOOTSTRAP_SERVERS": bootstrap, "PORT": str(bare_port)}
    beside = python(BARE, ("benchmarks.gateway.bare",), settings)
    return (
        [gateway, Process(BARE, beside.command, beside.environ, ready=partial(answers_ok, bare_port, "/docs"))],
        {GATEWAY: gateway_port, BARE: bare_port},
    )


def request() -> str:
    """Return the request, with PLACEHOLDER for its idempotency key."""
    lines = [("85123A", 6, "2.55"), ("71053", 6, "3.39"), ("84406B", 8, "2.75")]
    order = {
        "customer_id": "17850",
        "currency": "GBP",
        "total": "57.64",
        "payment_method": "pm_card_ok",
        "lines": [
            {"sku": sku, "description": "a lantern", "quantity": quantity, "unit_price": price}
            for sku, quantity, price in lines
        ],
        "shipping": {"method": "standard", "country": "United Kingdom", "address": "1 High Street"},
        "reference": "bench",
    }
    body = orjson.dumps(order).decode()
    head = (
        f"POST {bare.PATH} HTTP/1.1",
        f"host: {LOOPBACK}",
        "content-type: application/json",
        f"authorization: Bearer sk_{_KEY_ID}_{_SECRET}",
        f"idempotency-key: {PLACEHOLDER}",
        f"content-length: {len(body)}",
    )
    return "\r\n".join((*head, "", body))


def _keys_file(path: Path) -> Path:
    """Write the keys of one client whose rate is not limited."""
    entry = {
        "id": _KEY_ID,
        "sha256": hashlib.sha256(_SECRET.encode()).hexdigest(),
        "client": "bench",
        "scopes": ["customer"],
        "customers": ["17850"],
        "rate_per_s": _NO_LIMIT,
    }
    path.write_bytes(orjson.dumps({"keys": [entry]}))
    path.chmod(0o600)
    return path
