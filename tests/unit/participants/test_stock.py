"""Which warehouse gives what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.inventory.stock import Allocation, Held, Shelf, Stock, assigned_warehouse

HOUSES = ("A", "B", "C")
SKUS = ("tea", "mug", "pot")
shelves = st.fixed_dictionaries({sku: st.dictionaries(st.sampled_from(HOUSES), st.integers(0, 9)) for sku in SKUS})
orders = st.lists(st.dictionaries(st.sampled_from(SKUS), st.integers(1, 8), min_size=1), max_size=12)


def _stock(on_hand: dict[str, dict[str, int]]) -> Stock:
    return Stock({sku: {house: Shelf(count, 0) for house, count in houses.items()} for sku, houses in on_hand.items()})


@given(shelves, orders)
def test_an_order_is_reserved_whole_or_not_at_all_and_no_shelf_goes_below_zero(
    on_hand: dict[str, dict[str, int]], wanted: list[dict[str, int]]
) -> None:
    stock = _stock(on_hand)
    free = {sku: sum(houses.values()) for sku, houses in on_hand.items()}
    for number, order in enumerate(wanted):
        made = stock.reserve(f"s{number}", order)
        fits = all(free[sku] >= quantity for sku, quantity in order.items())
        allocations = [one for one in made if isinstance(one, Allocation)]
        assert bool(allocations) is fits
        if fits:
            for sku, quantity in order.items():
                assert sum(one.quantity for one in allocations if one.sku == sku) == quantity
                free[sku] -= quantity
    for houses in stock.shelves.values():
        assert all(0 <= shelf.reserved <= shelf.on_hand for shelf in houses.values())


@given(shelves, orders, st.data())
def test_what_is_given_back_leaves_the_shelves_as_they_were(
    on_hand: dict[str, dict[str, int]], wanted: list[dict[str, int]], data: st.DataObject
) -> None:
    stock = _stock(on_hand)
    for number, order in enumerate(wanted):
        saga = f"s{number}"
        stock.reserve(saga, order)
        if data.draw(st.booleans()):
            stock.change(saga, Held.RESERVED, Held.DEDUCTED, on_hand=-1, reserved=-1)
            stock.change(saga, Held.DEDUCTED, Held.RESTOCKED, on_hand=1, reserved=0)
        stock.change(saga, Held.RESERVED, Held.RELEASED, on_hand=0, reserved=-1)
    assert stock.shelves == _stock(on_hand).shelves
    assert stock.moved() == []


@given(shelves, st.dictionaries(st.sampled_from(SKUS), st.integers(1, 8), min_size=1))
def test_an_order_that_one_warehouse_holds_is_never_split(
    on_hand: dict[str, dict[str, int]], order: dict[str, int]
) -> None:
    able = [house for house in HOUSES if all(on_hand[sku].get(house, 0) >= count for sku, count in order.items())]
    made = [one for one in _stock(on_hand).reserve("s", order) if isinstance(one, Allocation)]
    if able:
        assert {one.warehouse_id for one in made} == {assigned_warehouse(made)}
        assert assigned_warehouse(made) in able
