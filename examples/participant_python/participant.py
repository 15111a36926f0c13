"""A participant in one file: it keeps loyalty points, and uses nothing of Sagaline but its published protocol.

usage: python participant.py, with KAFKA_BOOTSTRAP_SERVERS, SCHEMA_REGISTRY_URL (a gateway's address) and
LOYALTY_DATABASE (the path of an SQLite file). It needs the packages confluent-kafka and fastavro.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import struct
import time
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import fastavro
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # not re-exported for mypy

NAME = "loyalty"
COMMANDS, REPLIES, DEAD_LETTERS = "loyalty.commands", "saga.replies", "saga.dead-letters"
TABLES = """
CREATE TABLE IF NOT EXISTS replies (command_id TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS effects (
    token TEXT PRIMARY KEY, state TEXT NOT NULL, customer TEXT, points INTEGER, answer TEXT
);
CREATE TABLE IF NOT EXISTS balances (customer TEXT PRIMARY KEY, points INTEGER NOT NULL);
"""
Answer = tuple[str, dict[str, Any]]
"""The name of a reply, and its fields without their meta."""


def done(data: Mapping[str, Any]) -> Answer:
    """Return the reply of a command that was done."""
    return "saga.GenericReply", {"data": json.dumps(data)}


def rejected(code: str, message: str) -> Answer:
    """Return a definite refusal: there is no effect, and none will come of a retry."""
    return "saga.CommandFailed", {"kind": "REJECTED", "code": code, "message": message, "causes": []}


class Registry:
    """Reads schemas from the registry's REST API, each once. Values: 0x00, the schema's id in 4 bytes, Avro."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    @cache  # noqa: B019 - it lives as long as the process
    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self._url + path, timeout=10) as answer:  # noqa: S310 - the operator's address
            return json.load(answer)

    @cache  # noqa: B019 - it lives as long as the process
    def _schema(self, schema_id: int) -> Any:
        return fastavro.parse_schema(json.loads(self._get(f"/schemas/ids/{schema_id}")["schema"]))

    def decode(self, value: bytes) -> tuple[str, Any]:
        """Return the full name and the fields of a record."""
        magic, schema_id = struct.unpack_from(">BI", value)
        if magic != 0:
            raise ValueError(f"the value begins with {magic}, not 0")
        schema = self._schema(schema_id)
        return schema["name"], fastavro.schemaless_reader(io.BytesIO(value[5:]), schema)

    def encode(self, name: str, fields: Mapping[str, Any]) -> bytes:
        """Return a record of the newest version of a message."""
        schema_id = self._get(f"/subjects/sagaline.{name}/versions/latest")["id"]
        out = io.BytesIO(struct.pack(">BI", 0, schema_id))
        out.seek(5)
        fastavro.schemaless_writer(out, self._schema(schema_id), fields)
        return out.getvalue()


class Loyalty:
    """The points, and what was done for which command: always in one transaction."""

    def __init__(self, path: str, registry: Registry) -> None:
        self._database = sqlite3.connect(path)
        self._database.executescript(TABLES)
        self._registry = registry

    def handle(self, command: Mapping[str, Any]) -> bytes:
        """Return the reply to a command: for the same command always the same one."""
        meta = command["meta"]
        with self._database as sql:
            known = sql.execute("SELECT value FROM replies WHERE command_id = ?", [meta["command_id"]]).fetchone()
            if known is not None:
                return bytes(known[0])
            name, fields = self._answer(meta, command["type"], json.loads(command["data"]))
            about = {field: meta[field] for field in ("saga_id", "command_id", "token", "step", "attempt")}
            about |= {"participant": NAME, "completed_at": time.time_ns() // 1_000_000}
            value = self._registry.encode(name, {"meta": about, **fields})
            sql.execute("INSERT INTO replies VALUES (?, ?)", [meta["command_id"], value])
            return value

    def _answer(self, meta: Mapping[str, Any], kind: str, data: Mapping[str, Any]) -> Answer:
        """Do what a command asks for, unless its token says that it was done or undone before."""
        find = "SELECT state, answer FROM effects WHERE token = ?"
        effect = self._database.execute(find, [meta["token"]]).fetchone()
        if effect is not None and effect[0] != "done":
            return rejected("superseded_by_undo", "the effect was undone before this command came")
        if effect is not None:
            name, fields = json.loads(effect[1])
            return name, fields
        match kind:
            case "loyalty.AwardPoints":
                answer = done({"balance": self._add(data["customer"], data["points"])})
                self._keep(meta["token"], "done", data["customer"], data["points"], answer)
            case "loyalty.TakeBackPoints":
                answer = self._take_back(meta["undoes"])
                self._keep(meta["token"], "done", None, 0, answer)
            case "loyalty.PrintCard" if data["printer"] == "jammed":
                answer = rejected("printer_jammed", "no card can be printed")
                self._keep(meta["token"], "done", None, 0, answer)
            case "loyalty.PrintCard":
                answer = done({"card": f"card of {data['customer']}"})
                self._keep(meta["token"], "done", None, 0, answer)
            case _:
                answer = rejected("invalid_command", f"{NAME} takes no {kind}")
        return answer

    def _take_back(self, undone: str) -> Answer:
        """Undo an award. One that has not come yet is barred: its late command will be refused."""
        row = self._database.execute("SELECT customer, points FROM effects WHERE token = ?", [undone]).fetchone()
        if row is None:
            self._keep(undone, "barred", None, 0, None)
            return done({"taken_back": 0})
        self._database.execute("UPDATE effects SET state = 'undone' WHERE token = ?", [undone])
        self._add(row[0], -row[1])
        return done({"taken_back": row[1]})

    def _add(self, customer: str, points: int) -> int:
        sql = "INSERT INTO balances VALUES (?, ?) ON CONFLICT DO UPDATE SET points = points + ? RETURNING points"
        balance: int = self._database.execute(sql, [customer, points, points]).fetchone()[0]
        return balance

    def _keep(self, token: str, state: str, customer: str | None, points: int, answer: Answer | None) -> None:
        row = [token, state, customer, points, json.dumps(answer)]
        self._database.execute("INSERT INTO effects VALUES (?, ?, ?, ?, ?)", row)


def headers_of(command: Message, meta: Mapping[str, Any], kind: str) -> dict[str, str | bytes | None]:
    """Return the reply's headers: CloudEvents, what caused it, and the trace that the command belongs to."""
    headers: dict[str, str | bytes | None] = {
        "ce_specversion": "1.0",
        "ce_id": f"{meta['command_id']}:reply",
        "ce_type": kind,
        "ce_source": f"/{NAME}",
        "ce_time": datetime.now(UTC).isoformat(),
        "ce_subject": meta["saga_id"],
        "causationid": meta["command_id"],
    }
    trace = dict(command.headers() or []).get("traceparent")
    return headers if trace is None else {**headers, "traceparent": trace}


def create_topic(bootstrap: str) -> None:
    """Make the topic of the commands where it is not there; sagas and their commands have the same partitions."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    try:
        admin.create_topics([NewTopic(COMMANDS, num_partitions=4)])[COMMANDS].result(30)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise


def serve(bootstrap: str, registry: Registry, loyalty: Loyalty) -> None:
    """Answer commands until SIGTERM. What is not answered when the process dies comes again."""
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopping.append(number))
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap, "group.id": os.environ.get("LOYALTY_GROUP", NAME),
            "enable.auto.commit": False, "isolation.level": "read_committed",
            "auto.offset.reset": "earliest", "session.timeout.ms": 6_000,
        }
    )  # fmt: skip
    # murmur2, as every client of the installation: the replies of a saga have to be in its partition.
    producer = Producer(
        {"bootstrap.servers": bootstrap, "enable.idempotence": True, "partitioner": "murmur2_random", "linger.ms": 0}
    )
    consumer.subscribe([COMMANDS])
    while not stopping:
        commands = [record for record in consumer.consume(100, 0.05) if record.error() is None]
        for record in commands:
            try:
                _, command = registry.decode(record.value() or b"")
                value = loyalty.handle(command)
            except (ValueError, KeyError, TypeError, struct.error, EOFError) as error:
                why: dict[str, str | bytes | None] = {"error_code": "undecodable", "error_detail": repr(error)}
                producer.produce(DEAD_LETTERS, record.value(), record.key(), headers=why)
                continue
            kind, fields = registry.decode(value)
            producer.produce(REPLIES, value, record.key(), headers=headers_of(record, fields["meta"], kind))
        if commands:
            if producer.flush(30):
                raise SystemExit("Kafka does not take the replies")
            consumer.commit(asynchronous=False)
    consumer.close()


def main() -> None:
    """Run the participant."""
    bootstrap, registry = os.environ["KAFKA_BOOTSTRAP_SERVERS"], Registry(os.environ["SCHEMA_REGISTRY_URL"])
    create_topic(bootstrap)
    serve(bootstrap, registry, Loyalty(os.environ["LOYALTY_DATABASE"], registry))


if __name__ == "__main__":
    main()
