"""Tasks that take their time: pricing a line, and holding a resource until it is given back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from services.participant.effect import State
from services.participant.job import Job
from services.participant.keyed import Patience
from services.participant.outcome import Done, Outcome
from services.tasks.conduct import check_conduct, result, scripted, take_time, text, whole
from services.tasks.tables import Work

NOTHING_TO_RELEASE = result(b'{"released": false}', undid=False)


def check_price(fields: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a PriceLine."""
    return (
        text(fields, "sku")
        or whole(fields, "quantity", 1)
        or whole(fields, "unit_price_minor", 0)
        or check_conduct(fields, may_wait=True)
    )


def check_reserve(fields: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a Reserve."""
    return text(fields, "resource") or whole(fields, "quantity", 1, default=1) or check_conduct(fields, may_wait=True)


async def price(patience: Patience, job: Job) -> Outcome:
    """Return the amount of one order line; nothing is kept but the answer."""
    failed = await take_time(job, patience) or scripted(job.fields)
    if failed is not None:
        return failed
    fields = job.fields
    amount = fields["quantity"] * fields["unit_price_minor"]
    return result(orjson.dumps({"sku": fields["sku"], "quantity": fields["quantity"], "amount_minor": amount}))


async def reserve(patience: Patience, job: Job) -> Outcome:
    """Hold a quantity of a named resource for the saga."""
    failed = await take_time(job, patience) or scripted(job.fields)
    if failed is not None:
        return failed
    held = {"reservation_id": job.token, "resource": job.fields["resource"], "quantity": job.fields.get("quantity", 1)}
    return result(orjson.dumps(held))


async def release(patience: Patience, job: Job) -> Outcome:
    """Give back what an earlier task holds; the shell has ended that one before this begins."""
    original = job.original
    if original is None or original.state != State.DONE:
        return NOTHING_TO_RELEASE
    failed = await take_time(job, patience) or scripted(job.fields)
    if failed is not None:
        return failed
    held = orjson.loads(original.fields()["data"])
    return result(orjson.dumps({"released": True, "resource": held["resource"], "quantity": held["quantity"]}))


def record_nothing(_job: Job, _done: Done, _work: Work) -> None:
    """A price is an answer and nothing else."""


def record_reserve(job: Job, done: Done, work: Work) -> None:
    """Enter the reservation."""
    held = orjson.loads(done.fields["data"])
    work.reserved.append((job.token, job.fields["meta"]["saga_id"], held["resource"], held["quantity"], "held"))


def record_release(job: Job, done: Done, work: Work) -> None:
    """Mark the reservation as given back."""
    if done.undid and job.undoes is not None:
        work.released.append(("released", job.undoes))
