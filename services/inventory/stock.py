"""The rules of stock, in memory: which warehouse gives what, and what each command changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Held(StrEnum):
    """What became of an allocation."""

    RESERVED = "reserved"
    RELEASED = "released"
    DEDUCTED = "deducted"
    RESTOCKED = "restocked"


class Allocation(NamedTuple):
    """Units of one article that one warehouse gives to one saga."""

    warehouse_id: str
    sku: str
    quantity: int
    state: str


class Shelf(NamedTuple):
    """Stock of one article in one warehouse."""

    on_hand: int
    reserved: int

    @property
    def free(self) -> int:
        """Units nobody has reserved."""
        return self.on_hand - self.reserved


@dataclass(slots=True)
class Stock:
    """The shelves and allocations that one batch touches, and what it changes of them."""

    shelves: dict[str, dict[str, Shelf]] = field(default_factory=dict)
    """By sku, then by warehouse."""
    allocations: dict[str, list[Allocation]] = field(default_factory=dict)
    """By saga."""
    added: dict[str, list[Allocation]] = field(default_factory=dict)
    """New allocations by saga."""
    changed: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Sagas whose stored allocations went from one state to another."""
    touched: dict[tuple[str, str], Shelf] = field(default_factory=dict)
    """Shelves that changed, by (sku, warehouse), as they were before."""

    def move(self, sku: str, warehouse_id: str, on_hand: int, reserved: int) -> None:
        """Change a shelf by differences."""
        by_warehouse = self.shelves[sku]
        shelf = by_warehouse[warehouse_id]
        self.touched.setdefault((sku, warehouse_id), shelf)
        by_warehouse[warehouse_id] = Shelf(shelf.on_hand + on_hand, shelf.reserved + reserved)

    def moved(self) -> list[tuple[tuple[str, str], tuple[int, int]]]:
        """Return the difference of (on hand, reserved) by (sku, warehouse), in the order in which rows are locked."""
        return [
            (where, (now.on_hand - before.on_hand, now.reserved - before.reserved))
            for where, before in sorted(self.touched.items())
            if (now := self.shelves[where[0]][where[1]]) != before
        ]

    def reserve(self, saga_id: str, wanted: Mapping[str, int]) -> list[Allocation] | list[str]:
        """Reserve everything and return the allocations, or nothing and return the articles that are short.

        A saga reserves once: it must not have any allocation yet.
        """
        made = self._from_one(wanted)
        if not made:
            short = [sku for sku, quantity in wanted.items() if self._free(sku) < quantity]
            if short:
                return short
            made = self._split(wanted)
        for one in made:
            self.move(one.sku, one.warehouse_id, 0, one.quantity)
        self.added[saga_id] = made
        self.allocations[saga_id] = made
        return made

    def change(self, saga_id: str, before: Held, after: Held, on_hand: int, reserved: int) -> int:
        """Move a saga's allocations to another state, each unit changing its shelf so much; return the units."""
        units = 0
        kept: list[Allocation] = []
        for one in self.allocations.get(saga_id, ()):
            if one.state != before:
                kept.append(one)
                continue
            self.move(one.sku, one.warehouse_id, on_hand * one.quantity, reserved * one.quantity)
            kept.append(one._replace(state=after))
            units += one.quantity
        if units:
            self.allocations[saga_id] = kept
            if saga_id in self.added:
                self.added[saga_id] = kept
            else:
                first = self.changed.get(saga_id, (before, after))[0]
                self.changed[saga_id] = (first, after)
        return units

    def _free(self, sku: str) -> int:
        return sum(shelf.free for shelf in self.shelves.get(sku, {}).values())

    def _from_one(self, wanted: Mapping[str, int]) -> list[Allocation]:
        """Prefer one warehouse for the whole order: the one with the most free units of its articles."""
        totals: dict[str, int] = {}
        first = True
        for sku, quantity in wanted.items():
            enough = {
                warehouse_id: free
                for warehouse_id, (on_hand, reserved) in self.shelves.get(sku, {}).items()
                if (free := on_hand - reserved) >= quantity
            }
            if first:
                totals, first = enough, False
            else:
                totals = {house: totals[house] + free for house, free in enough.items() if house in totals}
            if not totals:
                return []
        best = min(totals, key=lambda house: (-totals[house], house))
        return [Allocation(best, sku, quantity, Held.RESERVED) for sku, quantity in wanted.items()]

    def _split(self, wanted: Mapping[str, int]) -> list[Allocation]:
        """Give each article from as few warehouses as it takes, fullest first."""
        made: list[Allocation] = []
        for sku, quantity in wanted.items():
            left = quantity
            for warehouse_id, shelf in sorted(self.shelves[sku].items(), key=lambda item: (-item[1].free, item[0])):
                taken = min(left, shelf.free)
                if taken > 0:
                    made.append(Allocation(warehouse_id, sku, taken, Held.RESERVED))
                    left -= taken
        return made


def assigned_warehouse(allocations: Iterable[Allocation]) -> str:
    """Return the warehouse that gives the most units, the first by name among equals."""
    units: dict[str, int] = {}
    for one in allocations:
        units[one.warehouse_id] = units.get(one.warehouse_id, 0) + one.quantity
    return min(units, key=lambda warehouse_id: (-units[warehouse_id], warehouse_id))
