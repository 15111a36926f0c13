"""Ten copies of a command or an undo have one effect and ten equal answers; what is unreadable stops nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.contract.participants.providers import Scripted
from tests.contract.participants.world import World

COPIES = 10
LOOK_UPS = ("lookup", "outbox")
CHARGE = {"customer_id": "17850", "amount_minor": 13_912, "currency": "GBP", "payment_method": "pm_card_ok"}
PARCEL = {"method": "standard", "country": "United Kingdom", "address": "1 High Street", "parcels": 1}
NOTICE = {"customer_id": "17850", "template": "order-confirmed", "channels": ["email", "sms", "push"]}
LINES = {"lines": [{"sku": "tea", "quantity": 3}]}


@dataclass(frozen=True, slots=True)
class Deed:
    """A command and its undo, where their effect is, and how often the provider is asked for the two together."""

    forward: str
    fields: Mapping[str, Any]
    undo: str
    undo_fields: Mapping[str, Any]
    effect: str
    provider: str | None = None
    asked: int = 0


DEEDS = {
    "payment": Deed(
        "payment.CapturePayment", CHARGE, "payment.RefundPayment", {},
        "SELECT amount_minor, refunded_minor FROM charges", "psp", 2,
    ),
    "inventory": Deed(
        "inventory.LockInventory", LINES, "inventory.ReleaseInventory", {},
        "SELECT sku, warehouse_id, on_hand, reserved FROM stock ORDER BY sku, warehouse_id",
    ),
    "shipping": Deed(
        "shipping.ShipOrder", PARCEL, "shipping.CancelShipment", {}, "SELECT token, state FROM shipments", "carrier", 2
    ),
    "notification": Deed(
        "notification.NotifyCustomer", NOTICE, "notification.NotifyCustomer", {**NOTICE, "template": "order-cancelled"},
        "SELECT count(*) FROM messages WHERE state = 'sent'", "messages", 6,
    ),
}  # fmt: skip


def _asked(provider: Scripted) -> Counter[str]:
    """Return how often the provider was asked to do something under each key."""
    found: Counter[str] = Counter()
    for operation, key, body in provider.calls:
        if operation not in LOOK_UPS:
            keys = [key] if key is not None else [message["key"] for message in body["messages"]]
            assert all(keys), f"{operation} came without a key"
            found.update(f"{operation} {one}" for one in keys)
    return found


@pytest.mark.usefixtures("new_url")
@pytest.mark.parametrize("name", list(DEEDS))
def test_ten_copies_of_a_command_and_of_its_undo_have_one_effect_each(
    name: str, request: pytest.FixtureRequest
) -> None:
    deed, world = DEEDS[name], request.getfixturevalue(name)
    assert isinstance(world, World)
    world.replica()
    for message, fields, undo in ((deed.forward, deed.fields, False), (deed.undo, deed.undo_fields, True)):
        before = world.rows(deed.effect)
        record = world.send(message, world.meta("s1", "act", undo=undo), **fields)
        world.settle()
        once = world.rows(deed.effect)
        assert once != before
        for _ in range(COPIES - 1):
            world.send_again(record)
        world.settle()
        answers = [reply.value for reply in world.read("saga.replies")]
        assert (len(answers), len(set(answers))) == (COPIES, 1)
        assert world.rows(deed.effect) == once
    if deed.provider is not None:
        asked = _asked(request.getfixturevalue(deed.provider))
        assert (len(asked), set(asked.values())) == (deed.asked, {1})


@pytest.mark.usefixtures("new_url")
@pytest.mark.parametrize("name", list(DEEDS))
def test_an_unreadable_record_is_set_aside_as_it_came_and_the_next_command_is_done(
    name: str, request: pytest.FixtureRequest
) -> None:
    deed, world = DEEDS[name], request.getfixturevalue(name)
    assert isinstance(world, World)
    world.replica()
    bad = world.log.produce(world.topic, b"s1", b"no message of ours", [])
    world.send(deed.forward, world.meta("s1", "act"), **deed.fields)
    world.settle()
    (letter,) = world.dead_letters()
    told = dict(letter.headers)
    assert (letter.value, told["error_code"]) == (b"no message of ours", b"undecodable")
    place = tuple(told[f"origin_{part}"] for part in ("topic", "partition", "offset"))
    assert place == (bad.topic.encode(), b"%d" % bad.partition, b"%d" % bad.offset)
    assert "code" not in world.reply()[1]
