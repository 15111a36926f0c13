"""The composition root of the inventory process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from services.inventory.service import REVISION, service
from services.inventory.stock import Stock
from services.inventory.stock_file import PACKAGED, BadStock, load_stock
from services.participant.database import Database
from services.participant.process import Parts, run
from services.participant.settings import BadSettings


def build(environment: Mapping[str, str], database: Database) -> Parts[Stock]:
    """Return inventory over a database that has its first stock. Raises BadSettings, Unmigrated."""
    database.require(REVISION)
    try:
        load_stock(database, Path(environment.get("STOCK_FILE") or PACKAGED))
    except BadStock as error:
        raise BadSettings(f"STOCK_FILE: {error}") from error
    return Parts(service(database))


if __name__ == "__main__":
    sys.exit(run("inventory", os.environ, build))
