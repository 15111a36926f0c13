"""Read the participants' tables, and nothing else of their databases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from verify.evidence import AllocationRow, ChargeRow, CommandRow, EffectRow, MessageRow, ShipmentRow, StockRow, Tables
from verify.sources import PARTICIPANTS, Unreachable

_CHARGES = "SELECT token, saga_id, charge_id, amount_minor, refunded_minor FROM charges WHERE charge_id IS NOT NULL"
_SHIPMENTS = "SELECT token, saga_id, shipment_id, state FROM shipments WHERE shipment_id IS NOT NULL"
_MESSAGES = "SELECT saga_id, channel, template, state FROM messages"
_STOCK = "SELECT warehouse_id, sku, on_hand, reserved, initial FROM stock"
_ALLOCATIONS = "SELECT saga_id, warehouse_id, sku, quantity, state FROM allocations"
_COMMANDS = "SELECT command_id, saga_id, reply IS NOT NULL FROM commands"
_EFFECTS = "SELECT token, saga_id, step, state FROM effects"


def read_tables(urls: Mapping[str, str]) -> Tables:
    """Return what the participants' databases hold. Raises Unreachable."""
    commands: list[CommandRow] = []
    effects: list[EffectRow] = []
    engines = {name: _open(name, urls[name]) for name in PARTICIPANTS}
    try:
        for name, engine in engines.items():
            commands += [CommandRow(name, row[0], row[1], bool(row[2])) for row in _rows(name, engine, _COMMANDS)]
            effects += [EffectRow(name, *row) for row in _rows(name, engine, _EFFECTS)]
        return Tables(
            [ChargeRow(*row) for row in _rows("payment", engines["payment"], _CHARGES)],
            [ShipmentRow(*row) for row in _rows("shipping", engines["shipping"], _SHIPMENTS)],
            [MessageRow(*row) for row in _rows("notification", engines["notification"], _MESSAGES)],
            [StockRow(*row) for row in _rows("inventory", engines["inventory"], _STOCK)],
            [AllocationRow(*row) for row in _rows("inventory", engines["inventory"], _ALLOCATIONS)],
            commands,
            effects,
        )
    finally:
        for engine in engines.values():
            engine.dispose()


def _open(participant: str, address: str) -> Engine:
    url = make_url(address)
    if url.get_backend_name() != "sqlite":
        return create_engine(url)
    path = Path(url.database or "")
    if not path.is_file():
        raise Unreachable(f"the database of {participant} does not exist: {address}")
    return create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")


def _rows(participant: str, engine: Engine, query: str) -> Sequence[tuple[Any, ...]]:
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]
    except SQLAlchemyError as error:
        raise Unreachable(f"the database of {participant} cannot be read: {error}") from error
