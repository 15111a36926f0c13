"""The commands of inventory and its tables of stock and allocations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, bindparam, insert, update

from schemas.topics import INVENTORY_COMMANDS
from services.inventory.stock import Allocation, Held, Shelf, Stock, assigned_warehouse
from services.participant.command import Command
from services.participant.database import Database, execute, fetch
from services.participant.effect import Effect
from services.participant.handlers import Local, LocalUndo, Service
from services.participant.job import FeedPage, JobDone
from services.participant.outcome import INVALID_COMMAND, Done, Outcome, rejected

REVISION = "inventory_0001"
MAX_UNITS = 1_000_000_000
"""Units in one order: more would not fit the reply."""

MAX_SKU = 200
LOCK = "inventory.LockInventory"
METADATA = MetaData()
STOCK = Table(
    "stock",
    METADATA,
    Column("sku", String, primary_key=True),
    Column("warehouse_id", String, primary_key=True),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("initial", BigInteger, nullable=False),
)
ALLOCATIONS = Table(
    "allocations",
    METADATA,
    Column("saga_id", String, primary_key=True),
    Column("warehouse_id", String, primary_key=True),
    Column("sku", String, primary_key=True),
    Column("quantity", BigInteger, nullable=False),
    Column("state", String, nullable=False),
)


def _is_sku(text: str) -> bool:
    return 0 < len(text) <= MAX_SKU and "\0" not in text


def check_lock(fields: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a LockInventory."""
    lines = fields["lines"]
    if not lines:
        return "lines must not be empty"
    for line in lines:
        if line["quantity"] <= 0:
            return f"quantity of {line['sku']!r} is {line['quantity']}; it must be above 0"
        if not _is_sku(line["sku"]):
            return f"a sku must have 1 to {MAX_SKU} characters and no NUL"
    if sum(line["quantity"] for line in lines) > MAX_UNITS:
        return f"an order may have {MAX_UNITS} units at most"
    return None


def _check_nothing(_fields: Mapping[str, Any]) -> str | None:
    return None


def _lock(command: Command, stock: Stock) -> Outcome:
    saga_id = command.meta["saga_id"]
    if saga_id in stock.allocations:
        return rejected(INVALID_COMMAND, "the saga has reserved stock in another step")
    wanted: dict[str, int] = {}
    for line in command.fields["lines"]:
        wanted[line["sku"]] = wanted.get(line["sku"], 0) + line["quantity"]
    made = stock.reserve(saga_id, wanted)
    if isinstance(made[0], str):
        return rejected("out_of_stock", f"not enough free stock of {', '.join(str(sku) for sku in made[:10])}")
    allocations = [one for one in made if isinstance(one, Allocation)]
    shown = [{"warehouse_id": one.warehouse_id, "sku": one.sku, "quantity": one.quantity} for one in allocations]
    fields = {
        "reservation_id": f"res_{saga_id}",
        "warehouse_id": assigned_warehouse(allocations),
        "allocations": shown,
    }
    return Done("inventory.InventoryLocked", fields)


def _deduct(command: Command, stock: Stock) -> Outcome:
    units = stock.change(command.meta["saga_id"], Held.RESERVED, Held.DEDUCTED, on_hand=-1, reserved=-1)
    if units == 0:
        return rejected("not_reserved", "nothing is reserved for the order")
    return Done("inventory.InventoryDeducted", {"deducted_units": units})


def _release(command: Command, _original: Effect, stock: Stock) -> Outcome:
    units = stock.change(command.meta["saga_id"], Held.RESERVED, Held.RELEASED, on_hand=0, reserved=-1)
    return Done("inventory.InventoryReleased", {"released_units": units})


def _restock(command: Command, _original: Effect, stock: Stock) -> Outcome:
    units = stock.change(command.meta["saga_id"], Held.DEDUCTED, Held.RESTOCKED, on_hand=1, reserved=0)
    return Done("inventory.InventoryRestocked", {"restocked_units": units})


class _Tables:
    """Loads and saves the part of the tables that a batch touches."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._shelves = database.select_by(
            "sku, warehouse_id, on_hand, reserved", "stock", "sku", lock_by="sku, warehouse_id"
        )
        self._allocations = database.select_by(
            "saga_id, warehouse_id, sku, quantity, state",
            "allocations",
            "saga_id",
            lock_by="saga_id, warehouse_id, sku",
        )
        here = (STOCK.c.sku == bindparam("which_sku")) & (STOCK.c.warehouse_id == bindparam("which_warehouse"))
        self._move = database.sql(
            update(STOCK)
            .where(here)
            .values(on_hand=STOCK.c.on_hand + bindparam("more"), reserved=STOCK.c.reserved + bindparam("held"))
        )
        self._add = database.sql(insert(ALLOCATIONS))
        of_saga = (ALLOCATIONS.c.saga_id == bindparam("which")) & (ALLOCATIONS.c.state == bindparam("before"))
        self._change = database.sql(update(ALLOCATIONS).where(of_saga).values(state=bindparam("after")))

    def load(self, connection: Connection, commands: Sequence[Command], _ended: Sequence[JobDone | FeedPage]) -> Stock:
        """Read allocations of the sagas and the shelves of every article they or the new orders touch."""
        stock = Stock()
        sagas = dict.fromkeys(command.meta["saga_id"] for command in commands)
        skus: dict[str, None] = {}
        for command in commands:
            if command.name == LOCK:
                for line in command.fields["lines"]:
                    if _is_sku(line["sku"]):
                        skus[line["sku"]] = None
        if sagas:
            for saga_id, *rest in fetch(connection, self._allocations, self._database.keys(list(sagas))):
                stock.allocations.setdefault(saga_id, []).append(Allocation(*rest))
                skus[rest[1]] = None
        if skus:
            for sku, warehouse_id, on_hand, reserved in fetch(
                connection, self._shelves, self._database.keys(list(skus))
            ):
                stock.shelves.setdefault(sku, {})[warehouse_id] = Shelf(on_hand, reserved)
        return stock

    def save(self, connection: Connection, stock: Stock) -> None:
        """Write the differences, in the order in which shelves are locked."""
        moves = [(on_hand, reserved, sku, warehouse_id) for (sku, warehouse_id), (on_hand, reserved) in stock.moved()]
        execute(connection, self._move, moves)
        execute(connection, self._add, [(saga_id, *one) for saga_id, made in stock.added.items() for one in made])
        execute(
            connection, self._change, [(after, saga_id, before) for saga_id, (before, after) in stock.changed.items()]
        )


def service(database: Database) -> Service[Stock]:
    """Return the inventory participant."""
    tables = _Tables(database)
    return Service(
        "inventory",
        INVENTORY_COMMANDS.name,
        REVISION,
        {
            LOCK: Local(check_lock, _lock),
            "inventory.ReleaseInventory": LocalUndo(
                _release, Done("inventory.InventoryReleased", {"released_units": 0}, undid=False)
            ),
            "inventory.DeductInventory": Local(_check_nothing, _deduct),
            "inventory.RestockInventory": LocalUndo(
                _restock, Done("inventory.InventoryRestocked", {"restocked_units": 0}, undid=False)
            ),
        },
        tables.load,
        tables.save,
    )
