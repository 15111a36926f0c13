"""The tutorial's participants, in Python and in another language: each fulfils its part with one orchestrator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition
from fastapi import FastAPI

from schemas import topics
from schemas.codec import Codec
from schemas.subjects import Subjects
from services.gateway import schema_registry
from tests.kafka.orchestrator_fleet import PATIENCE_S, ROOT, Fleet

EXAMPLES = ROOT / "examples"
COMMANDS = "loyalty.commands"
CODEC = Codec()
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    """Give the address of the schema registry's routes."""
    app = FastAPI()
    app.include_router(schema_registry.routes(Subjects()))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + PATIENCE_S
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the Node.js example with the packages that it names."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed here")
    directory = tmp_path_factory.mktemp("participant") / "node"
    shutil.copytree(EXAMPLES / "participant_node", directory)
    command = [npm, "install", "--silent", "--no-fund", "--no-audit", "--no-package-lock"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install what the example needs: {done.stderr.strip()[-300:]}")
    return directory


class Shop:
    """One orchestrator and one participant; both can be killed."""

    def __init__(self, fleet: Fleet, command: list[str], settings: Mapping[str, str]) -> None:
        self.fleet = fleet
        self._command = command
        self._settings = {**os.environ, **settings}
        self._participant: subprocess.Popen[bytes] | None = None
        self._sagas = 0
        self.customer = f"ann-{fleet.run}"

    def start(self) -> None:
        """Start the participant."""
        self._participant = subprocess.Popen(self._command, env=self._settings)

    def kill(self) -> None:
        """End the participant as `kill -9` does."""
        if self._participant is not None:
            self._participant.kill()
            self._participant.wait(PATIENCE_S)

    def begin(self, points: int, printer: str = "ok") -> str:
        """Start a saga and return its id."""
        self._sagas += 1
        data = {"customer": self.customer, "points": points, "printer": printer}
        return self.fleet.begin_saga("loyalty", self._sagas, data=data)

    def status(self, saga_id: str) -> str:
        """Return how a saga has ended."""
        self.fleet.finish([saga_id])
        return self.fleet.statuses[saga_id][1]

    def balance(self) -> int:
        """Return the customer's points as a saga of no points is told of them."""
        saga_id = self.begin(0)
        assert self.status(saga_id) == "COMPLETED"
        outputs = [fields for name, fields in self.fleet.events[saga_id] if name == "saga.StepCompleted"]
        told = next(fields["output"] for fields in outputs if fields["step"] == "award")
        balance: int = json.loads(told)["balance"]
        return balance


@pytest.fixture(params=["python", "node"])
def shop(request: pytest.FixtureRequest, broker: str, registry: str, tmp_path: Path) -> Iterator[Shop]:
    """Give a shop with a participant in each language."""
    if request.param == "python":
        command = [sys.executable, str(EXAMPLES / "participant_python" / "participant.py")]
    else:
        command = ["node", str(request.getfixturevalue("node_modules") / "participant.js")]
    kept = str(tmp_path / "kept")
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": broker, "SCHEMA_REGISTRY_URL": registry,
        "LOYALTY_DATABASE": kept, "LOYALTY_JOURNAL": kept,
        # One killed before this one may still be a member for a while, and clients of two kinds share no group.
        "LOYALTY_GROUP": f"loyalty-{uuid.uuid4().hex}",
    }  # fmt: skip
    fleet = Fleet(broker, tmp_path)
    orchestrator = fleet.start()
    fleet.deploy((EXAMPLES / "loyalty.yaml").read_text(encoding="utf-8"))
    shop = Shop(fleet, command, settings)
    shop.start()
    yield shop
    shop.kill()
    fleet.kill(orchestrator)


def test_a_saga_is_fulfilled_and_one_that_fails_is_undone(shop: Shop) -> None:
    assert shop.status(shop.begin(100)) == "COMPLETED"
    assert shop.status(shop.begin(20, printer="jammed")) == "TRANSACTION_REVOKED"
    assert shop.balance() == 100


def test_every_saga_ends_once_though_the_participant_is_killed(shop: Shop) -> None:
    assert shop.status(shop.begin(1)) == "COMPLETED"
    sagas = [shop.begin(10, printer="jammed" if number % 4 == 0 else "ok") for number in range(40)]
    shop.fleet.pump_until(lambda: len(shop.fleet.ended()) > 4, "some sagas end")
    shop.kill()
    shop.start()
    shop.fleet.finish(sagas)
    assert [shop.fleet.statuses[one][1] for one in sagas].count("TRANSACTION_REVOKED") == 10
    assert shop.balance() == 1 + 30 * 10


def replies(bootstrap: str, saga_id: str, wanted: int) -> list[Message]:
    """Return the replies to a saga, once there are so many."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": uuid.uuid4().hex, "enable.auto.commit": False})
    partitions = range(topics.REPLIES.partitions)
    consumer.assign([TopicPartition(topics.REPLIES.name, number, OFFSET_BEGINNING) for number in partitions])
    found: list[Message] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < wanted:
        assert time.monotonic() < deadline, f"{len(found)} replies came, not {wanted}"
        found += [one for one in consumer.consume(100, 0.2) if one.error() is None and one.key() == saga_id.encode()]
    consumer.close()
    return found


def command(saga_id: str, step: str, kind: str, undoes: str | None = None, **data: Any) -> bytes:
    """Return a command as an orchestrator writes it."""
    token = f"{saga_id}:{step}" + (":undo" if undoes else "")
    meta = {
        "saga_id": saga_id, "sequence": 1, "command_id": f"{token}:0", "token": token, "undoes": undoes, "step": step,
        "attempt": 0, "issued_at": 1, "deadline": None,
    }  # fmt: skip
    return CODEC.encode("saga.GenericCommand", {"meta": meta, "type": kind, "data": json.dumps(data)})


def test_a_repeated_command_has_the_same_answer_and_a_late_one_is_refused(shop: Shop) -> None:
    assert shop.status(shop.begin(7)) == "COMPLETED"
    saga_id = f"hand-{shop.fleet.run}"
    award = command(saga_id, "award", "loyalty.AwardPoints", customer=shop.customer, points=5)
    late = command(saga_id, "late", "loyalty.AwardPoints", customer=shop.customer, points=1000)
    undo = command(saga_id, "late", "loyalty.TakeBackPoints", undoes=f"{saga_id}:late")
    producer = Producer({"bootstrap.servers": shop.fleet.bootstrap, "partitioner": "murmur2_random"})
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    for value in (award, award, undo, late):
        producer.produce(COMMANDS, value, saga_id.encode(), headers={"traceparent": trace})
    assert producer.flush(PATIENCE_S) == 0

    first, again, undone, refused = replies(shop.fleet.bootstrap, saga_id, 4)
    assert first.value() == again.value()
    assert json.loads(CODEC.decode(first.value()).fields["data"]) == {"balance": 12}
    assert json.loads(CODEC.decode(undone.value()).fields["data"]) == {"taken_back": 0}
    name, fields = CODEC.decode(refused.value())
    assert (name, fields["kind"], fields["code"]) == ("saga.CommandFailed", "REJECTED", "superseded_by_undo")
    about = dict(first.headers() or [])
    assert about["traceparent"] == trace.encode()
    assert about["ce_type"] == b"sagaline.saga.GenericReply"
    assert about["causationid"] == f"{saga_id}:award:0".encode()
    assert shop.balance() == 12
