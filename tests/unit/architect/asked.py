"""The requests that the rows of the demands name, word for word, and short ways to ask."""

from __future__ import annotations

import json
from typing import Any

from architect.design import Design, design

ORDER_FULFILMENT = {
    "workflow_requirements": "E-commerce order fulfillment coordinating payment, inventory, and shipping services with "
    "strict compensation on any failure",
    "scale_and_throughput": "10,000 concurrent workflows, peak 500 events per second",
    "durability_and_latency_sla": "Zero data loss on state transitions, RTO < 5 seconds, max 200ms per step transition",
}
ORDER_PROCESSING = {
    "business_workflow": "Process payment, deduct inventory, generate shipping label, send notification",
    "event_sources": "REST API trigger, third-party payment gateway, internal shipping service",
    "constraints_and_slas": "No double-charging, payment must complete within 5 seconds, refund if inventory deduction "
    "fails, max payload 100KB",
}
SAMPLE_PROMPT = {
    "workflow_requirements": "Order fulfillment with payment validation, inventory reservation, fulfillment assignment "
    "and shipping notification, partial failures must be compensated",
    "scale_and_throughput": "100 orders per second",
    "durability_and_latency_sla": "no data loss",
}
MICRO_TRADING = {
    "workflow_requirements": "Micro-trading execution with live market data",
    "scale_and_throughput": "1,000,000 TPS",
    "durability_and_latency_sla": "Strong consistency across regions with zero latency tolerance",
}
REVIEW = {
    "workflow_requirements": "Document review with states: draft, in review, approved, published",
    "scale_and_throughput": "200 documents per day",
    "durability_and_latency_sla": "99.9% availability",
}
QUOTES = {
    "workflow_requirements": "Price comparison: request quotes from five insurers, wait at most 2 seconds, return the "
    "best offer",
    "scale_and_throughput": "30 requests per second",
    "durability_and_latency_sla": "p99 latency under 150 ms per transition",
}

SERVICES = (
    "Order processing over payment, inventory and shipping services; each step has a compensation.",
    "10,000 concurrent workflows, 500 events per second.",
)
"""What a process over several services does, and how often: the texts before its guarantees."""


def texts(
    workflow: str = "payment, inventory, shipping", scale: str = "10 orders per second", sla: str = "-"
) -> dict[str, str]:
    """Return a request in the first form of free texts."""
    return {"workflow_requirements": workflow, "scale_and_throughput": scale, "durability_and_latency_sla": sla}


def designed(document: object) -> str:
    """Return the design of a request that is not refused, as Markdown."""
    found = design(document)
    assert isinstance(found, Design)
    return found.markdown.decode()


def facts(document: object) -> dict[str, Any]:
    """Return the design of a request that is not refused, as data."""
    found = design(document)
    assert isinstance(found, Design)
    loaded: dict[str, Any] = json.loads(found.json)
    return loaded


def section(markdown: str, heading: str) -> list[str]:
    """Return the lines between a heading and the next of its level or above, other headings included."""
    lines = markdown.splitlines()
    start = next(number for number, line in enumerate(lines) if line.lstrip("# ") == heading and line.startswith("#"))
    level = len(lines[start]) - len(lines[start].lstrip("#"))
    rest = lines[start + 1 :]
    end = next(
        (
            number
            for number, line in enumerate(rest)
            if line.startswith("#") and len(line) - len(line.lstrip("#")) <= level
        ),
        len(rest),
    )
    return [line for line in rest[:end] if line]
