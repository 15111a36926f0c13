"""A small pipeline over order lines: extract keeps rows, transform adds them up by article, load stores the sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from services.participant.command import Command
from services.participant.effect import Effect
from services.participant.outcome import Outcome, rejected
from services.tasks.conduct import check_conduct, result, scripted, text, whole
from services.tasks.tables import Sum, Tables, Work

MAX_ROWS = 1_000
EXTRACT, TRANSFORM, LOAD = "tasks.Extract", "tasks.Transform", "tasks.Load"


def check_extract(fields: Mapping[str, Any]) -> str | None:
    """Say what is wrong with an Extract: `rows` are order lines {sku, quantity, unit_price_minor}."""
    rows = fields.get("rows")
    if not isinstance(rows, list) or not 0 < len(rows) <= MAX_ROWS:
        return f"rows must be a list of 1 to {MAX_ROWS} order lines"
    for n, row in enumerate(rows):
        if not isinstance(row, dict):
            return f"rows[{n}] must be an object"
        wrong = text(row, "sku") or whole(row, "quantity", 1) or whole(row, "unit_price_minor", 0)
        if wrong is not None:
            return f"rows[{n}].{wrong}"
    return check_conduct(fields, may_wait=False)


def check_batch(fields: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a Transform or Load: `batch` is what Extract answered."""
    return text(fields, "batch") or check_conduct(fields, may_wait=False)


def extract(command: Command, work: Work) -> Outcome:
    """Keep the rows of the command under a new batch."""
    failed = scripted(command.fields)
    if failed is not None:
        return failed
    batch = command.meta["token"]
    rows = [(row["sku"], row["quantity"], row["unit_price_minor"]) for row in command.fields["rows"]]
    work.extracted[batch] = rows
    work.add(Tables.EXTRACTED, [(batch, n, *row) for n, row in enumerate(rows)])
    return result(orjson.dumps({"batch": batch, "rows": len(rows)}))


def transform(command: Command, work: Work) -> Outcome:
    """Add the rows of a batch up by article."""
    failed = scripted(command.fields)
    if failed is not None:
        return failed
    batch = command.fields["batch"]
    rows = work.extracted.get(batch)
    if not rows:
        return rejected("unknown_batch", f"nothing was extracted as {batch}")
    if batch in work.transformed:
        return rejected("batch_taken", f"{batch} was transformed in another step")
    sums: dict[str, Sum] = {}
    for sku, quantity, unit_price_minor in rows:
        old = sums.get(sku, Sum(sku, 0, 0))
        sums[sku] = Sum(sku, old.quantity + quantity, old.amount_minor + quantity * unit_price_minor)
    work.transformed[batch] = list(sums.values())
    work.add(Tables.TRANSFORMED, [(batch, *one) for one in sums.values()])
    return result(_summary(batch, work.transformed[batch]))


def load(command: Command, work: Work) -> Outcome:
    """Store the sums of a batch."""
    failed = scripted(command.fields)
    if failed is not None:
        return failed
    batch = command.fields["batch"]
    sums = work.transformed.get(batch)
    if not sums:
        return rejected("unknown_batch", f"nothing was transformed as {batch}")
    if batch in work.loaded:
        return rejected("batch_taken", f"{batch} was loaded in another step")
    work.loaded.add(batch)
    work.add(Tables.LOADED, [(batch, *one) for one in sums])
    return result(_summary(batch, sums))


def _summary(batch: str, sums: Sequence[Sum]) -> bytes:
    return orjson.dumps(
        {
            "batch": batch,
            "rows": len(sums),
            "quantity": sum(one.quantity for one in sums),
            "amount_minor": sum(one.amount_minor for one in sums),
        }
    )


def remove(command: Command, original: Effect, work: Work) -> Outcome:
    """Undo a stage: remove what it made of its batch."""
    failed = scripted(command.fields)
    if failed is not None:
        return failed
    done = orjson.loads(original.fields()["data"])
    batch = done["batch"]
    match original.type:
        case "tasks.Extract":
            work.extracted.pop(batch, None)
            work.remove(Tables.EXTRACTED, batch)
        case "tasks.Transform":
            work.transformed.pop(batch, None)
            work.remove(Tables.TRANSFORMED, batch)
        case _:
            work.loaded.discard(batch)
            work.remove(Tables.LOADED, batch)
    return result(orjson.dumps({"batch": batch, "removed": done["rows"]}))
