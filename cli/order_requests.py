"""Asks the gateway to take, show, explain and cancel orders, and waits for what becomes of them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from cli.asking import Wish, actor_of, asked, pages
from cli.failure import ExitCode, Failure
from cli.options import Gateway
from cli.printing import Columns
from cli.progress import waiting

LIFECYCLES = ("pending", "validated", "paid", "picking", "packed", "shipped", "delivered", "cancelled")
STATUSES = (
    "RUNNING", "AWAITING_APPROVAL", "Inventory_Locked", "COMPENSATING", "COMPLETED", "TRANSACTION_REVOKED",
    "MANUAL_INTERVENTION",
)  # fmt: skip
AT_REST = frozenset({"COMPLETED", "TRANSACTION_REVOKED", "MANUAL_INTERVENTION", "AWAITING_APPROVAL"})
"""Where an order moves only when somebody does something."""
COLUMNS: Columns = {
    "order": lambda order: order["order_id"],
    "created": lambda order: order["created_at"],
    "customer": lambda order: order["customer_id"],
    "total": lambda order: f"{order['total']} {order['currency']}" if order["total"] else None,
    "lifecycle": lambda order: order["lifecycle"],
    "status": lambda order: order["status"],
    "reason": lambda order: order["reason"],
}
_LONGEST_WAIT_S = 25
_REMEDY = "`saga order list` shows the orders there are."


class Filters(NamedTuple):
    """Which orders are listed, and how many at most."""

    limit: int
    status: str | None
    lifecycle: str | None
    customer: str | None
    process: str | None
    since: str | None
    until: str | None


def take(gateway: Gateway, forms: Sequence[Mapping[str, Any]], key: str | None) -> Iterator[Mapping[str, Any]]:
    """Send orders, one after the other, and yield what the gateway says of each.

    Raises Failure where one is refused; it says how many were taken, and how to go on with the others.
    """
    prefix = key or str(uuid.uuid4())
    for number, form in enumerate(forms, 1):
        own = prefix if len(forms) == 1 else f"{prefix}-{number}"
        try:
            yield asked(gateway, "POST", "/v1/orders", Wish(form, own, remedy="Mend the order and send it again."))
        except Failure as failure:
            if len(forms) == 1:
                raise
            raise Failure(
                f"Order {number} of {len(forms)}: {failure.problem}",
                f"{failure.remedy} {number - 1} were taken; repeated with --key {prefix}, they are not taken twice.",
                failure.code,
            ) from failure


def listed(gateway: Gateway, filters: Filters) -> list[dict[str, Any]]:
    """Return orders, newest first. Raises Failure."""
    asked_for = {
        "status": filters.status,
        "lifecycle": filters.lifecycle,
        "customer": filters.customer,
        "process": filters.process,
        "created_from": _moment("--since", filters.since),
        "created_before": _moment("--until", filters.until),
    }
    return pages(gateway, "/v1/orders", "orders", asked_for, filters.limit)


def _moment(option: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        remedy = "Write 2026-11-21, or 2026-11-21T18:00:00+01:00; without an offset it is UTC."
        raise Failure(f"{option} {text} is no time.", remedy, ExitCode.USAGE) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


def nothing_found(filters: Filters) -> str:
    """Return what to do where no order was found: to send one, or to look for others."""
    if not any(filters[1:]):
        return "No orders. Send one: saga order start --help"
    known = (("status", filters.status, STATUSES), ("lifecycle", filters.lifecycle, LIFECYCLES))
    for name, given, names in known:
        if given is not None and given not in names:
            return f"No order has the {name} {given}; as a rule it is one of {', '.join(names)}."
    return "No order is so. All of them: saga order list"


def shown(gateway: Gateway, order_id: str) -> dict[str, Any]:
    """Return where an order stands. Raises Failure."""
    return asked(gateway, "GET", path_of(order_id), Wish(remedy=_REMEDY))


def in_words(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order as people read it: each step in progress in a few words."""
    steps = [_step_in_words(step) for step in order.get("steps_in_progress", ())]
    return {**order, **({"steps_in_progress": steps} if steps else {})}


def _step_in_words(step: Mapping[str, Any]) -> str:
    name = f"{step['step']} (undo)" if step["undo"] else step["step"]
    until = "" if step["deadline"] is None else f" until {step['deadline']}"
    return f"{name}: attempt {step['attempt']} waits {step['elapsed_s']:g} s for {step['waits_for']}{until}"


def history(gateway: Gateway, order_id: str) -> dict[str, Any]:
    """Return what happened to an order. Raises Failure."""
    return asked(gateway, "GET", f"{path_of(order_id)}/history", Wish(remedy=_REMEDY))


def explained(gateway: Gateway, order_id: str) -> dict[str, Any]:
    """Return why an order is where it is. Raises Failure."""
    return asked(gateway, "GET", f"{path_of(order_id)}/explain", Wish(remedy=_REMEDY))


def cancelled(gateway: Gateway, order_id: str, actor: str | None, reason: str) -> dict[str, Any]:
    """Ask for a cancellation and return what the gateway says. Raises Failure."""
    body = {**actor_of(gateway, actor), "reason": reason}
    remedy = f"`saga order explain {order_id}` says where it stands, `saga order list` shows the orders there are."
    return asked(gateway, "POST", f"{path_of(order_id)}/cancel", Wish(body, remedy=remedy))


def rested(gateway: Gateway, order_id: str, timeout_s: float) -> dict[str, Any]:
    """Wait until an order moves only when somebody does something, and return it. Raises Failure."""
    deadline = time.monotonic() + timeout_s
    with waiting(f"{order_id} is taken") as say:
        while True:
            left_s = deadline - time.monotonic()
            wait_s = max(1, min(_LONGEST_WAIT_S, int(left_s)))
            order = asked(gateway, "GET", path_of(order_id), Wish(wait_s=wait_s, remedy=_REMEDY))
            if order["status"] in AT_REST:
                return order
            if time.monotonic() >= deadline:
                raise Failure(
                    f"{order_id} is {order['lifecycle']} {order['status']} after {timeout_s:g} s.",
                    f"`saga order explain {order_id}` says what it waits for; --timeout waits longer.",
                    ExitCode.TIME_IS_UP,
                )
            say(f"{order_id} is {order['lifecycle']} {order['status']}")


def path_of(order_id: str) -> str:
    """Return an order's address."""
    return f"/v1/orders/{quote(order_id, safe='')}"


def ended_well(status: str) -> bool:
    """Tell whether an order did not go another way than the one that was asked for."""
    return status in ("COMPLETED", "AWAITING_APPROVAL")
