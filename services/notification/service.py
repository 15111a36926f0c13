"""The command of notification and its table of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Column, Connection, MetaData, String, Table, insert

from schemas.topics import NOTIFICATION_COMMANDS
from services.notification.channels import CHANNELS, notify
from services.participant.client import Client
from services.participant.command import Command
from services.participant.database import Database, execute
from services.participant.handlers import Bulk, Service
from services.participant.job import FeedPage, Job, JobDone
from services.participant.outcome import Done

REVISION = "notification_0001"
METADATA = MetaData()
MESSAGES = Table(
    "messages",
    METADATA,
    Column("token", String, primary_key=True),
    Column("channel", String, primary_key=True),
    Column("saga_id", String, nullable=False),
    Column("template", String, nullable=False),
    Column("message_id", String),
    Column("state", String, nullable=False),
)


@dataclass(slots=True)
class Sent:
    """The messages a batch records."""

    rows: list[tuple[Any, ...]] = field(default_factory=list)


def check_notify(fields: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a NotifyCustomer."""
    channels = fields["channels"]
    if not channels or not set(channels) <= set(CHANNELS):
        return f"channels must name at least one of {', '.join(CHANNELS)} and nothing else"
    texts = [name for name in ("order_id", "customer_id", "template") if not fields[name] or "\0" in fields[name]]
    return f"{', '.join(texts)} must not be empty or hold a NUL character" if texts else None


def _record(job: Job, done: Done, sent: Sent) -> None:
    saga_id, template = job.fields["meta"]["saga_id"], job.fields["template"]
    for state, channels in (("sent", done.fields["delivered"]), ("refused", done.fields["refused"])):
        sent.rows.extend((job.token, channel, saga_id, template, done.facts[channel], state) for channel in channels)


def service(database: Database, provider: Client) -> Service[Sent]:
    """Return the notification participant."""
    insert_sql = database.sql(insert(MESSAGES))

    def load(_connection: Connection, _commands: Sequence[Command], _ended: Sequence[JobDone | FeedPage]) -> Sent:
        return Sent()

    def save(connection: Connection, sent: Sent) -> None:
        execute(connection, insert_sql, sent.rows)

    return Service(
        "notification",
        NOTIFICATION_COMMANDS.name,
        REVISION,
        {"notification.NotifyCustomer": Bulk(check_notify, partial(notify, provider), _record)},
        load,
        save,
    )
