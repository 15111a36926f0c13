"""CPU per local command, without Kafka's client: `python -m tests.contract.participants.measure [DATABASE_URL]`."""

from __future__ import annotations

import cProfile
import sys
import tempfile
import time
from pathlib import Path

from schemas.codec import Codec
from schemas.topics import INVENTORY_COMMANDS
from services.inventory.service import service
from services.inventory.stock_file import load_stock
from services.migrate import migrate
from services.participant.database import Database
from services.participant.rounds import Rounds
from streams.record import Record
from tests.contract.participants.world import Clock, World

BATCH = 1_000
ROUNDS = 6
LINES = 3


def main(url: str | None, profile: bool) -> None:
    """Lock and deduct batches of orders, and print microseconds of CPU for each command."""
    with tempfile.TemporaryDirectory() as directory:
        url = url or f"sqlite:///{directory}/inventory.db"
        migrate("inventory", url)
        stock = Path(directory) / "stock.csv"
        rows = [f"W{house},sku{number},1000000" for number in range(500) for house in range(3)]
        stock.write_text("warehouse_id,sku,on_hand\n" + "\n".join(rows) + "\n")
        database = Database(url)
        load_stock(database, stock)
        world = World(url, INVENTORY_COMMANDS.name, service, Clock())
        rounds = Rounds(service(database), database, Codec(), world.clock.now_ms)
        profiler = cProfile.Profile() if profile else None
        for number in range(ROUNDS):
            locks, deducts = _batch(world, number, "lock"), _batch(world, number, "deduct")
            if profiler is not None and number == ROUNDS - 1:
                profiler.enable()
            for name, records in (("LockInventory", locks), ("DeductInventory", deducts)):
                cpu, wall = time.process_time(), time.perf_counter()
                harvest = rounds.handle(records, [], [])
                spent, passed = time.process_time() - cpu, time.perf_counter() - wall
                figures = f"{spent / BATCH * 1e6:6.1f} us CPU, {passed / BATCH * 1e6:6.1f} us"
                print(f"{name:16} {figures}, {len(harvest.outgoing)} replies")  # noqa: T201 - a command's answer
        if profiler is not None:
            profiler.disable()
            profiler.print_stats("tottime")
        database.close()


def _batch(world: World, number: int, step: str) -> list[Record]:
    records = []
    for n in range(BATCH):
        meta = world.meta(f"ord_{number:04}{n:022}", step)
        if step == "lock":
            lines = [{"sku": f"sku{(n * 7 + line) % 500}", "quantity": 2} for line in range(LINES)]
            records.append(world.send("inventory.LockInventory", meta, lines=lines))
        else:
            records.append(world.send("inventory.DeductInventory", meta))
    return records


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--profile"]
    main(arguments[0] if arguments else None, "--profile" in sys.argv)
