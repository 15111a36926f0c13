"""Notification: every channel at once, many orders in one call, no message twice."""

from __future__ import annotations

from typing import Any

from services.participant.client import NotSent, Trouble
from tests.contract.participants.providers import FakeMessages, Silent
from tests.contract.participants.world import World

NOTIFY = "notification.NotifyCustomer"


def _message(**changes: Any) -> dict[str, Any]:
    return {
        "customer_id": "17850", "template": "order-confirmed", "channels": ["email", "sms", "push"], **changes
    }  # fmt: skip


def test_a_customer_hears_over_every_channel(notification: World, messages: FakeMessages) -> None:
    notification.replica()
    notification.send(NOTIFY, notification.meta("s1", "confirm"), **_message())
    notification.settle()
    name, reply = notification.reply()
    assert (name, reply["delivered"], reply["refused"]) == (
        "notification.CustomerNotified", ["email", "sms", "push"], [],
    )  # fmt: skip
    assert sorted(messages.outbox) == ["s1:confirm:email", "s1:confirm:push", "s1:confirm:sms"]
    assert messages.outbox["s1:confirm:email"]["to"] == "17850@customers.example"
    assert notification.rows("SELECT count(*) FROM messages WHERE state = 'sent'") == [(3,)]


def test_the_commands_of_a_batch_share_one_call_a_channel(notification: World, messages: FakeMessages) -> None:
    notification.replica()
    for n in range(700):
        notification.send(NOTIFY, notification.meta(f"s{n}", "confirm"), **_message())
    notification.settle()
    assert len(notification.replies()) == 700
    assert len(messages.calls) == 6
    assert max(len(body["messages"]) for _, _, body in messages.calls) == 500
    assert len(messages.outbox) == 2_100


def test_a_refused_message_is_a_result(notification: World) -> None:
    notification.replica()
    notification.send(NOTIFY, notification.meta("s1", "confirm"), **_message(customer_id="BOUNCE"))
    notification.send(NOTIFY, notification.meta("s2", "confirm"), **_message(channels=["sms"]))
    notification.settle()
    replies = {reply["meta"]["saga_id"]: reply for _, reply in notification.replies()}
    assert replies["s1"]["refused"] == ["email", "sms", "push"]
    assert replies["s2"]["delivered"] == ["sms"]


def test_one_channel_in_trouble_is_transient_and_no_message_goes_twice(
    notification: World, messages: FakeMessages
) -> None:
    notification.replica()
    messages.script["sms"] = [Trouble("503"), Silent(acts=True)]
    messages.script["push"] = [NotSent(4_000)]
    for n in range(3):
        notification.send(NOTIFY, notification.meta("s1", "confirm", n=n), **_message())
        notification.settle()
    kinds = [reply.get("kind", name) for name, reply in notification.replies()]
    assert kinds == ["TRANSIENT", "TRANSIENT", "notification.CustomerNotified"]
    assert len(messages.outbox) == 3
    assert notification.rows("SELECT count(*) FROM messages") == [(3,)]


def test_a_crash_during_the_call_sends_under_the_same_keys(notification: World, messages: FakeMessages) -> None:
    first = notification.replica()
    messages.held.add("sms")
    notification.send(NOTIFY, notification.meta("s1", "confirm"), **_message())
    notification.settle()
    notification.crash(first)
    messages.held.clear()
    notification.replica()
    notification.settle()
    assert notification.reply()[0] == "notification.CustomerNotified"
    assert len(messages.outbox) == 3


def _sent(messages: FakeMessages) -> list[str]:
    return sorted(f"{sent['template']} {sent['channel']}" for sent in messages.outbox.values())


def _cancel(notification: World) -> None:
    message = _message(template="order-cancelled")
    notification.send(NOTIFY, notification.meta("s1", "confirm", undo=True), **message)
    notification.settle()


def test_a_confirmation_that_went_out_is_taken_back_over_every_channel(
    notification: World, messages: FakeMessages
) -> None:
    notification.replica()
    notification.send(NOTIFY, notification.meta("s1", "confirm"), **_message())
    notification.settle()
    _cancel(notification)
    _cancel(notification)
    assert [sent for sent in _sent(messages) if sent.startswith("order-cancelled")] == [
        "order-cancelled email", "order-cancelled push", "order-cancelled sms",
    ]  # fmt: skip


def test_a_confirmation_that_never_went_out_is_not_taken_back_and_never_goes_out(
    notification: World, messages: FakeMessages
) -> None:
    notification.replica()
    _cancel(notification)
    name, reply = notification.reply()
    assert (name, reply["delivered"]) == ("notification.CustomerNotified", [])
    notification.send(NOTIFY, notification.meta("s1", "confirm"), **_message())
    notification.settle()
    assert notification.reply()[1]["code"] == "superseded_by_undo"
    assert _sent(messages) == []


def test_a_confirmation_that_failed_is_taken_back_only_where_a_part_of_it_went_out(
    notification: World, messages: FakeMessages
) -> None:
    notification.replica()
    for channel in ("email", "sms", "push"):
        messages.script[channel] = [Trouble("503")]
    notification.send(NOTIFY, notification.meta("s1", "confirm"), **_message())
    notification.settle()
    _cancel(notification)
    assert _sent(messages) == []

    messages.script["sms"] = [Trouble("503")]
    notification.send(NOTIFY, notification.meta("s3", "confirm"), **_message())
    notification.settle()
    message = _message(template="order-cancelled")
    notification.send(NOTIFY, notification.meta("s3", "confirm", undo=True), **message)
    notification.settle()
    assert "order-confirmed email" in _sent(messages)
    assert "order-cancelled email" in _sent(messages)


def test_unknown_channels_are_refused(notification: World, messages: FakeMessages) -> None:
    notification.replica()
    notification.send(NOTIFY, notification.meta("s1", "confirm"), **_message(channels=["fax"]))
    notification.send(NOTIFY, notification.meta("s2", "confirm"), **_message(channels=[]))
    notification.settle()
    assert [reply["code"] for _, reply in notification.replies()] == ["invalid_command"] * 2
    assert messages.calls == []
