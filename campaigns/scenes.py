"""The scenes of the demonstration: one thing goes wrong in each, and what must be true afterwards is looked at."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from campaigns.poison import dead_lettered, throw_poison
from campaigns.stage import PATIENCE_S, Check, Disappointed, Stage, small_order
from campaigns.status_feed import OrderStatus
from campaigns.stock import SOLD_OUT

_BIG = 60
_MID_FLIGHT = 5


@dataclass(frozen=True, slots=True)
class Scene:
    """A title for people and the play itself."""

    title: str
    play: Callable[[Stage], Awaitable[Sequence[Check]]]


def _revoked(status: OrderStatus, reason: str) -> bool:
    return (status.status, status.reason) == ("TRANSACTION_REVOKED", reason)


async def _declined(stage: Stage) -> Sequence[Check]:
    order_id = await stage.place("declined", small_order(payment_method="pm_card_declined"))
    ended = await stage.end(order_id)
    charges, _, _ = await stage.net_charged(order_id)
    return [
        Check(f"order revoked: {ended.reason}", _revoked(ended, "card_declined")),
        Check("nothing charged", charges == 0),
        Check("stock released", await stage.undone(order_id) == ["lock-inventory"]),
    ]


async def _sold_out(stage: Stage) -> Sequence[Check]:
    order_id = await stage.place("sold-out", small_order(sku=SOLD_OUT))
    ended = await stage.end(order_id)
    charges, _, _ = await stage.net_charged(order_id)
    return [
        Check(f"order revoked: {ended.reason}", _revoked(ended, "out_of_stock")),
        Check("nothing charged", charges == 0),
        Check("nothing to undo", await stage.undone(order_id) == []),
    ]


async def _psp_silent(stage: Stage) -> Sequence[Check]:
    order_id = await stage.place("psp-silent", small_order(payment_method="pm_timeout_after_capture"))
    ended = await stage.end(order_id)
    charges, captured, refunded = await stage.net_charged(order_id)
    shipped = [state for state in await stage.shipments(order_id) if state != "cancelled"]
    outcome = "completed: the charge was looked up" if shipped else "revoked: the charge was found and refunded"
    return [
        Check(f"order {outcome}", ended.status in ("COMPLETED", "TRANSACTION_REVOKED")),
        Check("charged exactly once", charges == 1),
        Check("paid for what shipped, to the penny", captured - refunded == (1530 if shipped else 0)),
    ]


async def _carrier_down(stage: Stage) -> Sequence[Check]:
    order_id = await stage.place("carrier-down", small_order(address="CARRIER-DOWN 1"))
    ended = await stage.end(order_id)
    _, captured, refunded = await stage.net_charged(order_id)
    undone = await stage.undone(order_id)
    branches, before_fork = {"confirm-order", "deduct-inventory"}, ["capture-payment", "lock-inventory"]
    in_reverse = undone[:1] == ["ship"] and set(undone[1:3]) == branches and undone[3:] == before_fork
    return [
        Check(f"order revoked: {ended.reason}", ended.status == "TRANSACTION_REVOKED"),
        Check(f"{captured / 100:.2f} charged and refunded", captured == refunded == 1530),
        Check("undone in reverse: " + ", ".join(undone), in_reverse),
    ]


async def _cancelled(stage: Stage) -> Sequence[Check]:
    order_id = await stage.place("cancelled", small_order(payment_method="pm_slow_3s"))
    await stage.reach(order_id, "Inventory_Locked")
    answered = await stage.client.act(order_id, "cancel", "changed my mind")
    ended = await stage.end(order_id)
    _, captured, refunded = await stage.net_charged(order_id)
    return [
        Check("cancellation taken while the payment was under way", answered == 202),
        Check(f"order revoked: {ended.reason}", _revoked(ended, "cancelled")),
        Check(f"{captured / 100:.2f} charged, {refunded / 100:.2f} refunded", captured == refunded),
        Check("nothing shipped", await stage.shipments(order_id) == []),
    ]


async def _approved(stage: Stage) -> Sequence[Check]:
    granted, refused = await asyncio.gather(
        stage.place("approved", small_order(quantity=_BIG)), stage.place("rejected", small_order(quantity=_BIG))
    )
    await asyncio.gather(stage.reach(granted, "AWAITING_APPROVAL"), stage.reach(refused, "AWAITING_APPROVAL"))
    before = await stage.net_charged(granted)
    await asyncio.gather(_decide(stage, granted, "approve"), _decide(stage, refused, "reject"))
    shipped, revoked = await asyncio.gather(stage.end(granted), stage.end(refused))
    return [
        Check("both waited, nothing charged meanwhile", before[0] == 0),
        Check("approved: shipped", shipped.status == "COMPLETED"),
        Check(f"rejected: {revoked.reason}", _revoked(revoked, "approval_rejected")),
    ]


async def _decide(stage: Stage, order_id: str, action: str) -> None:
    """Say it again while the read model, which may lag, does not know yet that the order waits."""
    deadline = time.monotonic() + PATIENCE_S
    while await stage.client.act(order_id, action, "by the demonstration's manager") != 202:
        if time.monotonic() > deadline:
            raise Disappointed(f"{order_id} could not be decided")
        await asyncio.sleep(0.1)


async def _poisoned(stage: Stage) -> Sequence[Check]:
    bootstrap = stage.installation.addresses.bootstrap
    origins = await asyncio.to_thread(throw_poison, bootstrap)
    order_id = await stage.place("beside-poison", small_order())
    ended = await stage.end(order_id)
    found = await asyncio.to_thread(dead_lettered, bootstrap, origins, PATIENCE_S)
    return [
        Check(f"{len(found)} of {len(origins)} in the dead letters, with their origin", found >= origins),
        Check("an order beside them completed", ended.status == "COMPLETED"),
    ]


async def _orchestrator_killed(stage: Stage) -> Sequence[Check]:
    def in_flight() -> list[str]:
        return [one.order_id for one in stage.feed.latest.values() if not one.ended]

    if not await stage.feed.wait_for(lambda: len(in_flight()) >= _MID_FLIGHT, PATIENCE_S):
        raise Disappointed("too few orders were in flight")
    name = "orchestrator-0"
    pid = stage.installation.process(name).pid
    caught = in_flight()
    os.kill(pid, signal.SIGKILL)
    killed_ms = time.time() * 1000
    order_id = await stage.place("after-kill", small_order())
    recovery_ms = await asyncio.to_thread(stage.observer.first_event, killed_ms, PATIENCE_S)
    ended = await asyncio.gather(stage.end(order_id), *(stage.end(one) for one in caught))
    took = "never" if recovery_ms is None else f"{recovery_ms / 1000:.1f} s"
    return [
        Check(f"next committed event after {took}", recovery_ms is not None),
        Check(f"all {len(caught)} orders in flight ended", all(one.ended for one in ended)),
    ]


ALL: Sequence[Scene] = (
    Scene("card declined", _declined),
    Scene("out of stock", _sold_out),
    Scene("PSP charges and never answers", _psp_silent),
    Scene("carrier is down", _carrier_down),
    Scene("customer cancels in mid-flight", _cancelled),
    Scene("approval: one yes, one no", _approved),
    Scene("poison records", _poisoned),
    Scene("kill -9 of the orchestrator in mid-flight", _orchestrator_killed),
)
