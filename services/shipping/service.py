"""The commands of shipping."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from schemas.cloudevents import headers
from schemas.codec import Codec
from schemas.topics import INPUTS, SHIPPING_COMMANDS
from services.participant.answers import Outgoing
from services.participant.client import Client
from services.participant.command import Command
from services.participant.database import Database
from services.participant.effect import State
from services.participant.handlers import Feed, Local, Provider, ProviderUndo, Service
from services.participant.job import FeedPage, Job
from services.participant.keyed import Patience, Reversal, Verdict, act, undo
from services.participant.outcome import Done, Outcome
from services.shipping import carrier as api
from services.shipping.addresses import Addresses
from services.shipping.tables import Shipments, ShippingTables

REVISION = "shipping_0001"
FEED_INTERVAL_MS = 500
UNITS_IN_A_PARCEL = 50
CARRIERS = ("albion", "harrier", "meridian")
"""Who can be asked for a quote."""

Quoting = Mapping[str, Client]
"""A client for each carrier: one that is in trouble does not close the circuit of the others."""


def check_units(fields: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a PickOrder or PackOrder."""
    return None if fields["units"] > 0 else f"units is {fields['units']}; it must be above 0"


def check_ship(fields: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a ShipOrder."""
    if fields["method"] not in ("standard", "express"):
        return f"method is {fields['method']!r}; it must be standard or express"
    return None if fields["parcels"] > 0 else f"parcels is {fields['parcels']}; it must be above 0"


def check_quote(fields: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a QuoteShipment."""
    if fields["carrier"] not in CARRIERS:
        return f"carrier is {fields['carrier']!r}; it must be one of {', '.join(CARRIERS)}"
    return check_ship(fields)


def _pick(command: Command, _shipments: Shipments) -> Outcome:
    return Done("shipping.OrderPicked", {"pick_id": f"pick_{command.meta['saga_id']}"})


def _pack(command: Command, _shipments: Shipments) -> Outcome:
    parcels = -(-command.fields["units"] // UNITS_IN_A_PARCEL)
    return Done("shipping.OrderPacked", {"package_id": f"pkg_{command.meta['saga_id']}", "parcels": parcels})


async def _quote(quoting: Quoting, job: Job) -> Outcome:
    return await api.ask_price(quoting[job.fields["carrier"]], job.token, job.fields)


def _record_nothing(_job: Job, _done: Done, _shipments: Shipments) -> None:
    """Nothing happened at the carrier; the answer is kept under its token, so that every retry sees one price."""


async def _ship(carrier: Client, addresses: Addresses, patience: Patience, job: Job) -> Outcome:
    dispatch = partial(_dispatch, carrier, addresses, job)
    return await act(job, dispatch, partial(api.find_shipment, carrier, job.token, False), patience)


async def _dispatch(carrier: Client, addresses: Addresses, job: Job) -> Verdict:
    address = await addresses.of(job.fields["address"])
    if not isinstance(address, str):
        return address
    return await api.dispatch(carrier, job.token, {**job.fields, "address": address})


async def _cancel(carrier: Client, patience: Patience, job: Job) -> Outcome:
    original = job.original
    if original is not None and original.state in (State.REFUSED, State.UNDONE):
        return api.NOTHING_TO_CANCEL
    known = None
    if original is not None and original.state == State.DONE:
        known = Done(api.SHIPPED, original.fields())
    find = partial(api.find_shipment, carrier, job.undoes or "", True)
    reversal = Reversal(find, partial(api.cancel, carrier, job.token), known, api.NOTHING_TO_CANCEL)
    return await undo(job, reversal, patience)


def _enter(token: str, job: Job, shipment: Mapping[str, Any], state: str, shipments: Shipments) -> None:
    if token not in shipments.known:
        saga_id = job.fields["meta"]["saga_id"]
        labels = (shipment["shipment_id"], shipment["tracking_number"], shipment["label_id"])
        shipments.shipped.append((token, saga_id, *labels, state))
        shipments.known.add(token)


def _record_ship(job: Job, done: Done, shipments: Shipments) -> None:
    state = done.facts.get("status")
    _enter(job.token, job, done.fields, state if state == "delivered" else "active", shipments)


def _record_cancel(job: Job, done: Done, shipments: Shipments) -> None:
    if done.undid and job.undoes is not None:
        _enter(job.undoes, job, done.facts, "cancelled", shipments)
        shipments.changed.append(("cancelled", done.facts["shipment_id"]))


def _record_deliveries(codec: Codec, page: FeedPage, shipments: Shipments) -> list[Outgoing]:
    """Tell each saga once; a page that another replica recorded first changes nothing."""
    if page.after != shipments.position:
        return []
    shipments.moved_to = page.last
    shipments.changed.extend(("delivered", event["shipment_id"]) for event in page.events)
    return [_delivered(codec, event) for event in page.events]


def _delivered(codec: Codec, event: Mapping[str, Any]) -> Outgoing:
    saga_id, at_ms = event["order_id"], event["at_ms"]
    input_id = f"delivered:{event['shipment_id']}"
    meta = {"saga_id": saga_id, "input_id": input_id, "at": at_ms, "source": "shipping"}
    data = f'{{"shipment_id": "{event["shipment_id"]}"}}'
    value = codec.encode("saga.Signal", {"meta": meta, "name": "delivered", "actor": "carrier", "data": data})
    about = headers("saga.Signal", "shipping", input_id, saga_id, at_ms, input_id, "")
    return Outgoing(INPUTS.name, saga_id.encode(), value, about, input_id)


def service(
    database: Database,
    carrier: Client,
    quoting: Quoting,
    patience: Patience,
    codec: Codec,
    addresses: Addresses | None = None,
) -> Service[Shipments]:
    """Return the shipping participant; without `addresses`, orders have to say theirs themselves."""
    addresses = addresses or Addresses(None, b"")
    tables = ShippingTables(database)
    return Service(
        "shipping",
        SHIPPING_COMMANDS.name,
        REVISION,
        {
            "shipping.QuoteShipment": Provider(check_quote, partial(_quote, quoting), _record_nothing),
            "shipping.PickOrder": Local(check_units, _pick),
            "shipping.PackOrder": Local(check_units, _pack),
            "shipping.ShipOrder": Provider(check_ship, partial(_ship, carrier, addresses, patience), _record_ship),
            "shipping.CancelShipment": ProviderUndo(
                partial(_cancel, carrier, patience), _record_cancel, api.NOTHING_TO_CANCEL
            ),
        },
        tables.load,
        tables.save,
        Feed(
            FEED_INTERVAL_MS,
            tables.position,
            partial(api.deliveries, carrier),
            partial(_record_deliveries, codec),
        ),
    )
