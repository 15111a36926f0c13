"""Shipping: one shipment an order, cancelled for sure, and each delivery told once."""

from __future__ import annotations

from typing import Any

from services.participant.client import Trouble
from tests.contract.participants.providers import FakeCarrier, Silent
from tests.contract.participants.world import World

QUOTE = "shipping.QuoteShipment"
PICK = "shipping.PickOrder"
PACK = "shipping.PackOrder"
SHIP = "shipping.ShipOrder"
CANCEL = "shipping.CancelShipment"
SHIPPED = "shipping.OrderShipped"


def _parcel(**changes: Any) -> dict[str, Any]:
    return {"method": "standard", "country": "United Kingdom", "address": "1 High Street", "parcels": 1, **changes}


def _signals(world: World) -> list[dict[str, Any]]:
    return [world.codec.decode(record.value).fields for record in world.read("saga.inputs")]


def test_picking_and_packing_are_done_here(shipping: World, carrier: FakeCarrier) -> None:
    shipping.replica()
    shipping.send(PICK, shipping.meta("s1", "pick"), warehouse_id="A", units=120)
    shipping.send(PACK, shipping.meta("s1", "pack"), warehouse_id="A", units=120)
    shipping.settle()
    (picked, pick), (packed, pack) = shipping.replies()
    assert (picked, bool(pick["pick_id"])) == ("shipping.OrderPicked", True)
    assert (packed, pack["parcels"]) == ("shipping.OrderPacked", 3)
    assert carrier.calls == []


def test_a_quote_is_asked_for_once_and_leaves_nothing_behind(shipping: World, carrier: FakeCarrier) -> None:
    shipping.replica()
    wanted = {"carrier": "harrier", "method": "express", "country": "France", "parcels": 3}
    record = shipping.send(QUOTE, shipping.meta("s1", "quote"), **wanted)
    shipping.settle()
    shipping.send_again(record)
    shipping.settle()
    (name, quoted), again = shipping.replies()
    assert again == (name, quoted)
    assert (name, quoted["carrier"], quoted["amount_minor"]) == ("shipping.ShipmentQuoted", "harrier", 300)
    assert (carrier.asked("quote"), carrier.shipments) == (1, {})


def test_a_carrier_that_gives_no_quote_can_be_asked_again(shipping: World, carrier: FakeCarrier) -> None:
    shipping.replica()
    carrier.script["quote"] = [Silent(acts=False)]
    wanted = {"carrier": "albion", "method": "standard", "country": "France", "parcels": 1}
    for n in range(2):
        shipping.send(QUOTE, shipping.meta("s1", "quote", n=n), **wanted)
        shipping.settle()
    (_, failed), (answered, _) = shipping.replies()
    assert (failed["kind"], answered) == ("TRANSIENT", "shipping.ShipmentQuoted")


def test_only_known_carriers_are_asked(shipping: World, carrier: FakeCarrier) -> None:
    shipping.replica()
    wanted = {"carrier": "nobody", "method": "standard", "country": "France", "parcels": 1}
    shipping.send(QUOTE, shipping.meta("s1", "quote"), **wanted)
    shipping.settle()
    assert (shipping.reply()[1]["code"], carrier.calls) == ("invalid_command", [])


def test_a_shipment_is_made_once_however_often_the_command_comes(shipping: World, carrier: FakeCarrier) -> None:
    shipping.replica()
    record = shipping.send(SHIP, shipping.meta("s1", "ship"), **_parcel())
    shipping.settle()
    for _ in range(9):
        shipping.send_again(record)
        shipping.settle()
    replies = shipping.read("saga.replies")
    assert len(replies) == 10
    assert len({reply.value for reply in replies}) == 1
    assert carrier.asked("shipment") == 1
    assert shipping.rows("SELECT token, shipment_id, state FROM shipments") == [("s1:ship", "sh_0", "active")]


def test_a_bad_address_is_a_definite_refusal(shipping: World) -> None:
    shipping.replica()
    shipping.send(SHIP, shipping.meta("s1", "ship"), **_parcel(address="REJECT-ADDRESS"))
    shipping.settle()
    _, reply = shipping.reply()
    assert (reply["kind"], reply["code"]) == ("REJECTED", "address_rejected")


def test_a_shipment_without_answer_is_looked_up(shipping: World, carrier: FakeCarrier) -> None:
    shipping.replica()
    carrier.script["shipment"] = [Silent(acts=True)]
    shipping.send(SHIP, shipping.meta("s1", "ship"), **_parcel())
    shipping.settle()
    assert shipping.reply()[0] == SHIPPED
    assert carrier.asked("shipment") == 1


def test_a_shipment_is_cancelled_once(shipping: World, carrier: FakeCarrier) -> None:
    shipping.replica()
    shipping.send(SHIP, shipping.meta("s1", "ship"), **_parcel())
    shipping.settle()
    record = shipping.send(CANCEL, shipping.meta("s1", "ship", undo=True))
    shipping.settle()
    shipping.send_again(record)
    shipping.settle()
    assert [reply["cancelled"] for name, reply in shipping.replies() if name != SHIPPED] == [True, True]
    assert carrier.asked("cancel") == 1
    assert shipping.rows("SELECT state FROM shipments") == [("cancelled",)]


def test_cancelling_what_never_was_bars_the_late_command(shipping: World, carrier: FakeCarrier) -> None:
    shipping.replica()
    shipping.send(CANCEL, shipping.meta("s1", "ship", undo=True))
    shipping.send(SHIP, shipping.meta("s1", "ship"), **_parcel())
    shipping.settle()
    answers = dict(shipping.replies())
    assert answers["shipping.ShipmentCancelled"]["cancelled"] is False
    assert answers["saga.CommandFailed"]["code"] == "superseded_by_undo"
    assert carrier.closed == {"s1:ship"}


def test_an_unknown_shipment_is_found_and_cancelled(shipping: World, carrier: FakeCarrier) -> None:
    shipping.replica()
    carrier.script["shipment"] = [Silent(acts=True)]
    carrier.script["lookup"] = [Trouble("503")] * 40
    shipping.send(SHIP, shipping.meta("s1", "ship"), **_parcel())
    shipping.settle()
    carrier.script.clear()
    shipping.send(CANCEL, shipping.meta("s1", "ship", undo=True))
    shipping.settle()
    (_, unknown), (_, cancelled) = shipping.replies()
    assert unknown["kind"] == "UNKNOWN"
    assert cancelled["cancelled"] is True
    assert carrier.shipments["s1:ship"]["status"] == "cancelled"
    assert shipping.rows("SELECT state FROM shipments") == [("cancelled",)]


def test_a_delivered_shipment_cannot_be_cancelled(shipping: World, carrier: FakeCarrier) -> None:
    shipping.replica()
    shipping.send(SHIP, shipping.meta("s1", "ship"), **_parcel())
    shipping.settle()
    carrier.deliver("s1", shipping.clock.ms)
    shipping.send(CANCEL, shipping.meta("s1", "ship", undo=True))
    shipping.settle()
    _, reply = shipping.replies()[-1]
    assert (reply["kind"], reply["code"]) == ("REJECTED", "already_delivered")


def test_a_delivery_is_told_to_its_saga_once(shipping: World, carrier: FakeCarrier) -> None:
    first = shipping.replica()
    shipping.send(SHIP, shipping.meta("s1", "ship"), **_parcel())
    shipping.settle()
    carrier.deliver("s1", 1_700_000_009_000)
    shipping.settle(30)
    (signal,) = _signals(shipping)
    assert (signal["name"], signal["meta"]["saga_id"]) == ("delivered", "s1")
    assert signal["meta"]["input_id"] == "delivered:sh_0"
    assert shipping.rows("SELECT state FROM shipments") == [("delivered",)]
    shipping.crash(first)
    shipping.replica()
    shipping.settle(30)
    assert _signals(shipping) == []


def test_two_replicas_tell_a_delivery_once(shipping: World, carrier: FakeCarrier) -> None:
    shipping.replica("replica-0")
    shipping.replica("replica-1")
    shipping.settle()
    for n in range(5):
        shipping.send(SHIP, shipping.meta(f"s{n}", "ship"), **_parcel())
    shipping.settle()
    for n in range(5):
        carrier.deliver(f"s{n}", shipping.clock.ms)
    shipping.settle(40)
    assert sorted(signal["meta"]["saga_id"] for signal in _signals(shipping)) == [f"s{n}" for n in range(5)]
