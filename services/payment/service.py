"""The commands of payment and its table of charges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Column, Connection, MetaData, String, Table, bindparam, insert, update

from schemas.topics import PAYMENT_COMMANDS
from services.participant.client import Client
from services.participant.command import Command
from services.participant.database import Database, execute, fetch
from services.participant.effect import State
from services.participant.handlers import Provider, ProviderUndo, Service
from services.participant.job import FeedPage, Job, JobDone
from services.participant.keyed import Patience, Reversal, act, undo
from services.participant.outcome import Done, Outcome
from services.payment import psp as api

REVISION = "payment_0001"
METADATA = MetaData()
CHARGES = Table(
    "charges",
    METADATA,
    Column("token", String, primary_key=True),
    Column("saga_id", String, nullable=False),
    Column("charge_id", String, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String, nullable=False),
    Column("refund_id", String),
    Column("refunded_minor", BigInteger, nullable=False),
)


@dataclass(slots=True)
class Charges:
    """What a batch does to the table of charges."""

    known: set[str] = field(default_factory=set)
    captured: list[tuple[Any, ...]] = field(default_factory=list)
    refunded: list[tuple[Any, ...]] = field(default_factory=list)


def check_capture(fields: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a CapturePayment."""
    if fields["amount_minor"] <= 0:
        return f"amount_minor is {fields['amount_minor']}; it must be above 0"
    missing = [name for name in ("order_id", "customer_id", "currency", "payment_method") if not fields[name]]
    return f"{', '.join(missing)} must not be empty" if missing else None


async def _capture(psp: Client, patience: Patience, job: Job) -> Outcome:
    charge = partial(api.charge, psp, job.token, job.fields)
    return await act(job, charge, partial(api.find_charge, psp, job.token, False), patience)


async def _refund(psp: Client, patience: Patience, job: Job) -> Outcome:
    original = job.original
    if original is not None and original.state in (State.REFUSED, State.UNDONE):
        return api.NOTHING_TO_REFUND
    known = None
    if original is not None and original.state == State.DONE:
        known = Done(api.CAPTURED, original.fields())
    find = partial(api.find_charge, psp, job.undoes or "", True)
    reversal = Reversal(find, partial(api.refund, psp, job.token), known, api.NOTHING_TO_REFUND)
    return await undo(job, reversal, patience)


def _record_capture(job: Job, done: Done, charges: Charges) -> None:
    if job.token not in charges.known:
        charge = done.fields
        saga_id = job.fields["meta"]["saga_id"]
        row = (job.token, saga_id, charge["charge_id"], charge["amount_minor"], charge["currency"], None, 0)
        charges.captured.append(row)
        charges.known.add(job.token)


def _record_refund(job: Job, done: Done, charges: Charges) -> None:
    if done.undid and job.undoes is not None:
        if job.undoes not in charges.known:
            charge, saga_id = done.facts, job.fields["meta"]["saga_id"]
            row = (job.undoes, saga_id, charge["charge_id"], charge["amount_minor"], charge["currency"], None, 0)
            charges.captured.append(row)
            charges.known.add(job.undoes)
        charges.refunded.append((done.fields["refund_id"], done.fields["amount_minor"], job.undoes))


def service(database: Database, psp: Client, patience: Patience) -> Service[Charges]:
    """Return the payment participant."""
    select = database.select_by("token", "charges", "token")
    capture_sql = database.sql(insert(CHARGES))
    changed: dict[str, BindParameter[Any]] = {
        "refund_id": bindparam("refund_id"),
        "refunded_minor": bindparam("refunded_minor"),
    }
    refund_sql = database.sql(update(CHARGES).where(CHARGES.c.token == bindparam("which")).values(changed))

    def load(connection: Connection, _commands: Sequence[Command], ended: Sequence[JobDone | FeedPage]) -> Charges:
        jobs = [end.job for end in ended if isinstance(end, JobDone) and isinstance(end.outcome, Done)]
        if not jobs:
            return Charges()
        tokens = [job.undoes or job.token for job in jobs]
        return Charges({row[0] for row in fetch(connection, select, database.keys(tokens))})

    def save(connection: Connection, charges: Charges) -> None:
        execute(connection, capture_sql, charges.captured)
        execute(connection, refund_sql, charges.refunded)

    return Service(
        "payment",
        PAYMENT_COMMANDS.name,
        REVISION,
        {
            "payment.CapturePayment": Provider(check_capture, partial(_capture, psp, patience), _record_capture),
            "payment.RefundPayment": ProviderUndo(
                partial(_refund, psp, patience), _record_refund, api.NOTHING_TO_REFUND
            ),
        },
        load,
        save,
    )
