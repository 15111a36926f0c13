"""The embedded broker: its data outlives a kill -9, and what keeps it from starting is named."""

from __future__ import annotations

import socket
import uuid
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined] # documented, but not re-exported

from cli import broker as broker_module
from cli.broker import EmbeddedBroker, death_of_broker
from cli.failure import Failure


def test_records_survive_a_kill_of_the_broker(tmp_path: Path) -> None:
    embedded = EmbeddedBroker(tmp_path)
    try:
        bootstrap = embedded.start()
        admin = AdminClient({"bootstrap.servers": bootstrap})
        [created] = admin.create_topics([NewTopic("kept", 1, 1)]).values()
        created.result(15)
        producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
        producer.produce("kept", b"precious")
        assert producer.flush(15) == 0

        embedded.kill()
        bootstrap = embedded.start()

        consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "g", "auto.offset.reset": "earliest"})
        consumer.subscribe(["kept"])
        record = consumer.poll(20)
        consumer.close()
        assert record is not None
        assert record.value() == b"precious"
    finally:
        embedded.stop()


def test_a_cluster_id_that_begins_with_a_dash_is_an_id_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dashed = uuid.UUID(bytes=b"\xf8" + bytes(15))
    monkeypatch.setattr(uuid, "uuid4", lambda: dashed)
    with EmbeddedBroker(tmp_path / "kafka") as bootstrap:
        assert str(AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=10).cluster_id).startswith("-")


def test_a_taken_port_is_named_with_the_flag_that_changes_it(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(Failure) as failure:
            EmbeddedBroker(tmp_path, port).start()

    assert str(port) in failure.value.problem
    assert "--kafka-port" in failure.value.remedy


def test_a_nearly_full_disk_is_named_before_the_broker_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module, "free_bytes", lambda _: 10 * 2**20)

    with pytest.raises(Failure, match="only 10 MB free"):
        EmbeddedBroker(tmp_path).start()


def test_a_broker_that_died_of_a_full_disk_is_explained_by_its_log(tmp_path: Path) -> None:
    log = tmp_path / "broker.log"
    log.write_text("ERROR Error while writing\njava.io.IOException: No space left on device\n")

    assert "is full" in death_of_broker(log).problem
