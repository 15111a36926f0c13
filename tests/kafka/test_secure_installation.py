"""`saga dev --secure` on a real broker: everybody does his own work and nothing else, and no secret is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from campaigns.installation import Installation
from cli.kafka_secrets import KafkaSecrets, ensure_secrets, read_password, utc_now
from cli.options import API_KEY_FILE
from schemas import topics
from schemas.access import ACCESS, ADMIN, PRINCIPALS, Access
from schemas.personal_data import PREFIX
from streams.kafka_security import connection

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180.0
REFUSED_S = 4.0
ADDRESS = f"{uuid.uuid4().hex[:12]} Marker Lane"
CARD = "4242 4242 4242 4242"
FORBIDDEN = KafkaError.TOPIC_AUTHORIZATION_FAILED


class Site:
    """One secure installation and its administrator."""

    def __init__(self, installation: Installation) -> None:
        self.data = installation.directory
        self.addresses = installation.addresses
        self.bootstrap = self.addresses.bootstrap
        self.secrets = KafkaSecrets(self.data / "kafka-secrets")
        self.key = (self.data / API_KEY_FILE).read_text().strip()

    def settings(self, principal: str) -> Mapping[str, str]:
        return {**connection(self.bootstrap, self.secrets.environ(principal)), "log_level": "0"}

    def ask(self, path: str, body: Mapping[str, Any] | None = None, method: str | None = None) -> tuple[int, bytes]:
        """Return the gateway's status and answer."""
        request = urllib.request.Request(  # noqa: S310 - our own address
            self.addresses.gateway + path,
            None if body is None else json.dumps(body).encode(),
            {
                "Authorization": f"Bearer {self.key}",
                "Content-Type": "application/json",
                "Idempotency-Key": uuid.uuid4().hex,
            },
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - our own address
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Give an installation with every lock it has."""
    with Installation(tmp_path_factory.mktemp("secure"), flags=["--secure"]) as installation:
        yield Site(installation)


@pytest.fixture(scope="module")
def delivered(site: Site) -> str:
    """Give the id of an order that has gone all its way."""
    status, answer = site.ask("/v1/orders", order())
    assert status == 202, answer
    order_id = str(json.loads(answer)["order_id"])
    wait_for(lambda: json.loads(site.ask(f"/v1/orders/{order_id}")[1]).get("lifecycle") == "delivered", order_id)
    return order_id


def order(**changed: Any) -> dict[str, Any]:
    return {
        "customer_id": "17850",
        "currency": "GBP",
        "total": "15.30",
        "payment_method": "pm_card_ok",
        "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55"}],
        "shipping": {"method": "express", "country": "France", "address": ADDRESS},
        **changed,
    }


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what}: it never came"
        time.sleep(0.1)


def test_an_order_goes_its_way_while_every_process_has_rights_of_its_own(site: Site, delivered: str) -> None:
    """Guards the other side of least privilege: no process lacks a right that it needs."""
    processes = json.loads((site.data / "dev.json").read_text())["processes"]

    assert delivered
    assert [name for name, process in processes.items() if process["restarts"]] == []
    for log in (site.data / "logs").glob("*.log"):
        assert "AUTHORIZATION_FAILED" not in log.read_text().upper().replace(" ", "_"), log.name


def test_a_process_that_reaches_for_a_topic_not_its_own_is_refused(site: Site) -> None:
    """Every principal at every topic that the table does not give it, for reading and for writing."""
    reaching = {access.principal: Reaching(site, access) for access in ACCESS}

    for principal, process in reaching.items():
        assert process.seen() == process.sees, principal
        assert process.writing_refused() == process.sees - process.writes, principal
        assert process.reading_refused() == process.sees - process.reads, principal

    assert topics.INVENTORY_COMMANDS.name not in reaching["payment"].seen()
    assert topics.EVENTS.name not in reaching["payment"].seen()


class Reaching:
    """A principal that tries every topic; what it may neither read nor write, it is not even shown."""

    def __init__(self, site: Site, access: Access) -> None:
        self.reads = {topic.name for topic in access.reads}
        self.writes = {topic.name for topic in access.writes}
        self.sees = self.reads | self.writes | {topic.name for topic in access.describes}
        settings = site.settings(access.principal)
        self._consumer = Consumer(
            {**settings, "group.id": (*access.groups, "none")[0], "auto.offset.reset": "earliest"}
        )
        self._consumer.assign([TopicPartition(name, 0, 0) for name in self.sees - self.reads])
        self._producer = Producer({**settings, "message.timeout.ms": 30_000})
        self._unwritten: set[str] = set()
        for name in self.sees - self.writes:
            self._producer.produce(name, b"not mine", on_delivery=self._reported)

    def _reported(self, error: KafkaError | None, message: Message) -> None:
        if error is not None and error.code() == FORBIDDEN:
            self._unwritten.add(str(message.topic()))

    def seen(self) -> set[str]:
        return set(self._producer.list_topics(timeout=PATIENCE_S).topics)

    def writing_refused(self) -> set[str]:
        assert self._producer.flush(PATIENCE_S) == 0
        return self._unwritten

    def reading_refused(self) -> set[str]:
        refused: set[str] = set()
        deadline = time.monotonic() + PATIENCE_S
        while refused < self.sees - self.reads and time.monotonic() < deadline:
            for message in self._consumer.consume(100, 0.2):
                error = message.error()
                assert error is not None, f"read {message.topic()}"
                if error.code() == FORBIDDEN:
                    refused.add(str(message.topic()))
        self._consumer.close()
        return refused


def test_a_process_cannot_take_the_group_or_the_transactions_of_another(site: Site) -> None:
    payment = site.settings("payment")
    producer = Producer({**payment, "transactional.id": "orchestrator-0"})
    consumer = Consumer({**payment, "group.id": "inventory"})
    consumer.subscribe([topics.PAYMENT_COMMANDS.name])

    with pytest.raises(KafkaException) as refused:
        producer.init_transactions(PATIENCE_S)
    message = consumer.poll(PATIENCE_S)
    consumer.close()

    assert refused.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    assert message is not None
    error = message.error()
    assert error is not None
    assert error.code() == KafkaError.GROUP_AUTHORIZATION_FAILED


def test_nobody_but_the_administrator_changes_topics_or_rights(site: Site) -> None:
    for principal in ("gateway", "orchestrator"):
        client = AdminClient(dict(site.settings(principal)))
        [deleted] = client.delete_topics([topics.EVENTS.name], operation_timeout=10).values()
        with pytest.raises(KafkaException) as refused:
            deleted.result(PATIENCE_S)
        assert refused.value.args[0].code() == FORBIDDEN


def test_a_client_without_the_right_password_or_without_any_is_not_let_in(site: Site, tmp_path: Path) -> None:
    right = dict(site.settings("payment"))
    foreign = ensure_secrets(tmp_path, ["127.0.0.1"], utc_now())
    internal = internal_address(site.data / "kafka" / "server.properties")
    authority = {
        "bootstrap.servers": internal,
        "security.protocol": "SSL",
        "ssl.ca.location": str(site.secrets.authority),
    }
    strangers = {
        "a wrong password": {**right, "sasl.password": "guessed"},
        "another's password": {**right, "sasl.password": read_password(site.secrets, "inventory")},
        "no encryption and no name": {"bootstrap.servers": site.bootstrap},
        "no name": {**authority, "bootstrap.servers": site.bootstrap},
        "the listener for brokers, without a certificate": authority,
        "the listener for brokers, with a certificate of one's own": {
            **authority,
            "ssl.certificate.location": str(foreign.broker_store),
            "ssl.key.location": str(foreign.broker_store),
        },
        "a broker that is not ours": {**right, "ssl.ca.location": str(foreign.authority)},
    }
    clients = {who: AdminClient({**settings, "log_level": 0}) for who, settings in strangers.items()}
    known = AdminClient({**right, "log_level": 0})

    assert known.list_topics(timeout=PATIENCE_S).brokers
    with ThreadPoolExecutor(len(clients)) as pool:
        assert [who for who, is_in in zip(clients, pool.map(is_let_in, clients.values()), strict=True) if is_in] == []


def is_let_in(client: AdminClient) -> bool:
    try:
        return bool(client.list_topics(timeout=REFUSED_S).brokers)
    except KafkaException:
        return False


def internal_address(properties: Path) -> str:
    lines = dict(line.split("=", 1) for line in properties.read_text().splitlines())
    return next(part for part in lines["listeners"].split(",") if "INTERNAL" in part).removeprefix("INTERNAL://")


@pytest.fixture(scope="module")
def left(site: Site, delivered: str) -> Mapping[str, bytes]:
    """Give all that the run of an order, and of one with a card number, left behind, by its place."""
    assert delivered
    status, answer = site.ask("/v1/orders", order(reference=CARD))
    assert status == 422
    files_left = {str(path.relative_to(site.data)): path.read_bytes() for path in files(site.data)}
    return {**files_left, **records(site), "the answer": answer}


def test_no_secret_and_no_card_number_is_left_anywhere(site: Site, left: Mapping[str, bytes]) -> None:
    """Greps topics, logs, databases, stores and answers for what was planted."""
    passwords = [read_password(site.secrets, principal) for principal in PRINCIPALS]
    keys = [path.read_text().strip() for path in (site.data / "vault").iterdir()]
    planted = [CARD, CARD.replace(" ", ""), site.key, site.key.split("_", 2)[2], *passwords, *keys]

    assert PREFIX.encode() in left[topics.INPUTS.name]
    for marker in planted:
        assert places(left, marker) == []


def test_the_address_of_a_parcel_is_at_the_carrier_and_nowhere_else(left: Mapping[str, bytes]) -> None:
    assert {place.partition("-")[0] for place in places(left, ADDRESS)} == {"databases/carrier.sqlite"}


def places(left: Mapping[str, bytes], marker: str) -> list[str]:
    return [place for place, content in left.items() if marker.encode() in content]


def test_after_an_erasure_no_parcel_is_sent_and_the_books_still_hold(site: Site, delivered: str) -> None:
    """An order that waits for approval while its customer's key is destroyed is undone; all histories stay readable."""
    assert delivered
    line = {"sku": "85123A", "quantity": 80, "unit_price": "2.55"}
    waiting = str(json.loads(site.ask("/v1/orders", order(total="204.00", lines=[line]))[1])["order_id"])
    wait_for(lambda: status_of(site, waiting) == "AWAITING_APPROVAL", waiting)

    erased = site.ask("/v1/customers/17850/personal-data", method="DELETE")
    assert (erased[0], json.loads(erased[1])["keys_destroyed"]) == (200, 1)
    assert site.ask(f"/v1/orders/{waiting}/approve", {"reason": "a good customer"})[0] == 202
    wait_for(lambda: status_of(site, waiting) == "TRANSACTION_REVOKED", waiting)

    environ = {**os.environ, **site.secrets.environ(ADMIN)}
    command = [sys.executable, "-m", "cli.app", "verify", "--ended", "--data", str(site.data), "--wait", "60"]
    verdict = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def status_of(site: Site, order_id: str) -> str:
    return str(json.loads(site.ask(f"/v1/orders/{order_id}")[1]).get("status"))


def files(data: Path) -> Iterator[Path]:
    """Yield what the installation wrote, but for the files that are there to hold secrets, and offsets."""
    for path in data.rglob("*"):
        if path.suffix in {".index", ".timeindex"}:
            continue
        if path.is_file() and path.name != API_KEY_FILE and not {"kafka-secrets", "vault"} & set(path.parts):
            yield path


def records(site: Site) -> Mapping[str, bytes]:
    """Return the bytes of every record of every topic, aborted ones too."""
    consumer = Consumer(
        {
            **site.settings(ADMIN),
            "group.id": "grep",
            "enable.partition.eof": True,
            "isolation.level": "read_uncommitted",
            "enable.auto.commit": False,
        }
    )
    found = {topic.name: [b""] for topic in topics.ALL}
    parts = [TopicPartition(topic.name, number, 0) for topic in topics.ALL for number in range(topic.partitions)]
    consumer.assign(parts)
    ended: set[tuple[str | None, int | None]] = set()
    deadline = time.monotonic() + PATIENCE_S
    while len(ended) < len(parts):
        assert time.monotonic() < deadline, "the topics did not end"
        for message in consumer.consume(500, 0.2):
            if message.error() is not None:
                ended.add((message.topic(), message.partition()))
            else:
                headers = b" ".join(value or b"" for _, value in message.headers() or [])  # type: ignore[misc,str-unpack]  # the stub allows texts, which the client never gives
                found[str(message.topic())] += [str(message.key()).encode(), message.value() or b"", headers]
    consumer.close()
    return {topic: b" ".join(texts) for topic, texts in found.items()}
