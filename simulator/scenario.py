"""What a saga is tried with: its data, what its participants answer, which steps nobody undoes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.core.definition import Call, Definition, Listen
from orchestrator.core.events import Json
from orchestrator.core.paths import name_of

NOTHING: Json = {}

SHIPPED_RESULTS: Mapping[str, Json] = {
    "inventory.LockInventory": {"reservation_id": "res_1", "warehouse_id": "WH-1", "allocations": []},
    "inventory.DeductInventory": {"deducted_units": 1},
    "payment.CapturePayment": {"charge_id": "ch_1", "amount_minor": 5_000, "currency": "GBP"},
    "shipping.PickOrder": {"pick_id": "pi_1"},
    "shipping.PackOrder": {"package_id": "pa_1", "parcels": 1},
    "shipping.ShipOrder": {"shipment_id": "sh_1", "tracking_number": "T1", "label_id": "L1"},
    "notification.NotifyCustomer": {"delivered": ["email"], "refused": []},
}
"""What the shipped participants answer, by command."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to start a saga.

    `results` gives what each step or command yields and `signals` the data of each signal: one object or a list of
    all that are possible, an empty one where not named.
    `kept` names the steps that the document says nobody undoes.
    """

    name: str
    definition: Definition
    data: Json
    parameters: Json
    kept: frozenset[str]
    results: Mapping[str, Any] = field(default_factory=dict)
    signals: Mapping[str, Any] = field(default_factory=dict)

    def answers(self, step: str) -> Sequence[Json]:
        """Return all that a step's participant may answer where all goes well, given the step's path."""
        name = name_of(step)
        node = self.definition.nodes.get(name)
        command = node.command if isinstance(node, Call) else ""
        found = self.results.get(name, self.results.get(command, SHIPPED_RESULTS.get(command, NOTHING)))
        return found if isinstance(found, list) else (found,)

    def data_of(self, signal: str) -> Sequence[Json]:
        """Return all that a signal may carry."""
        found = self.signals.get(signal, NOTHING)
        return found if isinstance(found, list) else (found,)


def signals_of(definition: Definition) -> tuple[str, ...]:
    """Return every signal that a saga of this definition may ever take, in the order of the document."""
    awaited = [signal for node in definition.nodes.values() if isinstance(node, Listen) for signal in node.signals]
    return tuple(dict.fromkeys([*awaited, *definition.late_signals]))


def kept_in(document: Any) -> frozenset[str]:
    """Return the names of the steps for which the document says `compensate: {none: …}`."""
    return frozenset(_kept(document))


def _kept(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _kept(one)
    elif isinstance(part, dict):
        for name, value in part.items():
            if isinstance(value, dict) and isinstance(value.get("compensate"), dict) and "none" in value["compensate"]:
                yield str(name)
            yield from _kept(value)


_ORDER: Json = {
    "order_id": "ord_x",
    "customer_id": "17850",
    "currency": "GBP",
    "payment_method": "pm_card_ok",
    "shipping": {"method": "standard", "country": "United Kingdom", "address": "1 High Street"},
    "reference": "536365",
}


def _order(method: str, total_minor: int) -> Json:
    line = {"sku": "85123A", "description": "a lantern", "quantity": 1, "unit_price_minor": total_minor}
    shipping = {**_ORDER["shipping"], "method": method}
    return {**_ORDER, "total_minor": total_minor, "lines": [line], "shipping": shipping}


SHIPPED_INPUTS: Mapping[str, Mapping[str, Json]] = {
    "order-fulfillment": {
        f"{method}, {label}": _order(method, total_minor)
        for method in ("standard", "express")
        for label, total_minor in (("within the limit", 5_000), ("above the limit", 10_001))
    }
}
"""Inputs of shipped definitions, by the way that they lead the saga."""


def scenarios(
    definition: Definition, document: Any, parameters: Json, inputs: Mapping[str, Json] | None = None
) -> list[Scenario]:
    """Return a scenario for each input: those given, those of `x-explore`, the shipped ones, or one without data."""
    explore = document.get("x-explore", {}) if isinstance(document, dict) else {}
    named = inputs or _named(explore.get("inputs")) or SHIPPED_INPUTS.get(definition.name) or {"no data": NOTHING}
    return [scenario_of(name, definition, document, parameters, data) for name, data in named.items()]


def scenario_of(name: str, definition: Definition, document: Any, parameters: Json, data: Json) -> Scenario:
    """Return the scenario of one input."""
    explore = document.get("x-explore", {}) if isinstance(document, dict) else {}
    kept, results, signals = kept_in(document), explore.get("results", {}), explore.get("signals", {})
    return Scenario(name, definition, data, parameters, kept, results, signals)


def _named(inputs: Any) -> Mapping[str, Json]:
    """Return inputs by name; those of a list are counted."""
    if isinstance(inputs, dict):
        return inputs
    return {f"input {number}": data for number, data in enumerate(inputs or (), 1)}
