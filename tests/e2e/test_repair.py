"""Refunds that fail for good wait for a person, who repairs one and skips the other; then the books hold."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from confluent_kafka import Producer

from campaigns.installation import Installation
from cli.failure import ExitCode
from orchestrator.definitions import library
from orchestrator.definitions.registry import load
from schemas import topics
from services.gateway.parts import SAGAS
from services.gateway.sagas import saga_id_of
from services.gateway.security.identity import OPEN
from verify.collect import collect
from verify.proof import prove
from verify.sources import from_data
from verify.topics import Reader

PATIENCE_S = 180.0
SUSPENDED, REVOKED = "MANUAL_INTERVENTION", "TRANSACTION_REVOKED"
ORDER: dict[str, Any] = {
    "customer_id": "17850",
    "currency": "GBP",
    "total": "15.30",
    "payment_method": "pm_refund_fails",
    "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55"}],
    "shipping": {"method": "standard", "country": "United Kingdom", "address": "REJECT-ADDRESS"},
}
"""It is paid, cannot be shipped, and cannot be refunded."""


class Desk:
    """What a person on duty sees and does."""

    def __init__(self, installation: Installation) -> None:
        self.directory = installation.directory
        self.addresses = installation.addresses
        self.probes: list[str] = []

    def request(self, url: str, body: object, method: str = "POST", **headers: str) -> Any:
        data = json.dumps(body).encode()
        told = {"Content-Type": "application/json", **headers}
        request = urllib.request.Request(url, data, told, method=method)  # noqa: S310 - an address of the test's own installation
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - see above
            return json.loads(answer.read() or b"null")

    def order(self, key: str, **changes: Any) -> str:
        taken = self.request(f"{self.addresses.gateway}/v1/orders", {**ORDER, **changes}, **{"Idempotency-Key": key})
        return str(taken["order_id"])

    def start(self, definition: str, example: Any) -> str:
        saga_id = saga_id_of(f"{OPEN.client}{SAGAS}", definition)
        data = {name: saga_id if value == "$saga_id" else value for name, value in example.items()}
        taken = self.request(
            f"{self.addresses.gateway}/v1/sagas",
            {"definition": definition, "version": 1, "data": data},
            **{"Idempotency-Key": definition},
        )
        assert taken["saga_id"] == saga_id
        return saga_id

    def awaits(self, saga_id: str) -> bool:
        events = self.show(f"/v1/sagas/{saga_id}/history")["events"]
        return bool(events) and events[-1]["type"] == "SignalAwaited"

    def show(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.addresses.gateway}{path}", timeout=30) as answer:  # noqa: S310 - see above
            return json.load(answer)

    def reach(self, order_id: str, status: str) -> None:
        wait_for(lambda: self.show(f"/v1/orders/{order_id}")["status"] == status, f"{order_id} is {status}")

    def starts_version_2(self) -> bool:
        """Try an order that is soon over."""
        probe = self.order(f"probe-{len(self.probes)}", payment_method="pm_card_declined")
        self.probes.append(probe)
        self.reach(probe, REVOKED)
        return bool(self.show(f"/v1/sagas/{probe}")["version"] == 2)

    def saga(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("saga", *arguments)

    def dlq(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("dlq", *arguments)

    def open_letters(self, saga_id: str) -> list[dict[str, Any]]:
        found = self.dlq("list", "--saga", saga_id, "--state", "open", "--output", "jsonl")
        return [json.loads(line) for line in found.stdout.splitlines()]

    def poison(self, saga_id: str) -> None:
        producer = Producer({"bootstrap.servers": self.addresses.bootstrap, "partitioner": "murmur2_random"})
        producer.produce(topics.REPLIES.name, b"poison", saga_id.encode())
        assert producer.flush(PATIENCE_S) == 0

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli.app", *arguments, "--gateway", self.addresses.gateway]
        return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)

    def verify(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli.app", "verify", "--data", str(self.directory), "-o", "json", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=2 * PATIENCE_S, check=False)

    def alerts(self) -> list[dict[str, Any]]:
        with Reader(self.addresses.bootstrap) as reader:
            return [json.loads(record.value or b"{}") for record in reader.read([topics.ALERTS.name])]

    def dead_letters(self) -> list[str]:
        with Reader(self.addresses.bootstrap) as reader:
            letters = reader.read([topics.DEAD_LETTERS.name])
            return [letter.key for letter in letters if letter.headers.get("error_code") == "compensation_failed"]


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s in vain until {what}"
        time.sleep(0.1)


def impatient() -> Any:
    """Return the shipped process as a version 2 that tries an undo twice, where version 1 tries for two minutes."""
    path = Path(library.__file__).with_name("order-fulfillment.yaml")
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["document"]["version"] = "2.0.0"
    document["use"]["retries"]["undo"] = {"delay": {"milliseconds": 100}, "limit": {"attempt": {"count": 1}}}
    return document


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Give the desk of an installation that gives up refunds quickly."""
    with Installation(tmp_path_factory.mktemp("installation")) as installation:
        desk = Desk(installation)
        desk.request(f"{desk.addresses.gateway}/v1/definitions?actor=test", impatient())
        wait_for(desk.starts_version_2, "the orchestrator starts orders under version 2")
        yield desk


def test_what_failed_for_good_is_paged_repaired_or_skipped_and_the_books_hold(desk: Desk) -> None:
    shipped = desk.order("shipped", payment_method="pm_card_ok", shipping={**ORDER["shipping"], "address": "1 High St"})
    down = {"operation": "refund", "match": {"customer_id": "17851"}, "action": "error", "status": 500, "times": 999}
    desk.request(f"{desk.addresses.sandboxes['psp']}/v1/faults", down)
    orders = [desk.order("repaired", payment_method="pm_card_ok", customer_id="17851"), desk.order("skipped")]
    for order_id in orders:
        desk.reach(order_id, SUSPENDED)
    repaired, skipped = orders

    assert sorted(desk.dead_letters()) == sorted(orders)
    wait_for(lambda: len(desk.alerts()) == len(orders), "each failed compensation has its alert")
    assert {(one["saga_id"], one["kind"], one["severity"], one["step"]) for one in desk.alerts()} == {
        (order_id, "compensation_failed", "high", "capture-payment") for order_id in orders
    }
    undone = [
        event["step"]
        for event in desk.show(f"/v1/orders/{repaired}/history")["events"]
        if event["type"] == "StepCompleted" and event["detail"]["undo"]
    ]
    assert (sorted(undone), undone[-1]) == (
        ["confirm-order", "deduct-inventory", "lock-inventory", "ship"],
        "lock-inventory",
    )

    again = desk.saga("resolve", repaired, "retry", "--step", "ship")
    assert (again.returncode, "waits for no person" in again.stderr) == (ExitCode.CHECK_FAILED, True)
    desk.request(f"{desk.addresses.sandboxes['psp']}/v1/faults", None, method="DELETE")
    assert desk.saga("resolve", repaired, "retry", "--actor", "ann").returncode == 0
    desk.reach(repaired, REVOKED)

    assert desk.saga("resolve", skipped, "skip").returncode == ExitCode.CHECK_FAILED
    why = "refunded by bank transfer 4711"
    assert desk.saga("resolve", skipped, "skip", "--actor", "ann", "--reason", why).returncode == 0
    desk.reach(skipped, REVOKED)
    told = desk.saga("show", skipped, "--history").stdout
    assert f"ann has the compensation of capture-payment left as it is: {why}" in told

    desk.reach(shipped, "COMPLETED")
    accepted = frozenset([shipped, *orders, *desk.probes])
    evidence = collect(from_data(desk.directory), accepted, PATIENCE_S, lambda _: None, must_end=True)
    report = prove(evidence, must_end=True)
    assert report.findings == ()
    assert report.holds
    assert report.outcomes == {"COMPLETED": 1, "REVOKED": 2 + len(desk.probes)}
    assert report.by_hand == (f"{skipped}: capture-payment:undo",)
    assert len(desk.alerts()) == len(orders)


def test_the_books_hold_after_a_saga_of_every_shipped_definition(desk: Desk) -> None:
    documents = {version.pin[0]: version.document["document"] for version in load(None, {}).versions()}
    examples = {name: head["metadata"]["example"] for name, head in documents.items() if "metadata" in head}
    assert len(examples) == len(documents)
    sagas = {name: desk.start(name, example) for name, example in examples.items()}
    chain = sagas["two-approver-chain"]
    for name in ("approve", "confirm"):
        wait_for(lambda: desk.awaits(chain), f"the chain waits for {name}")
        desk.request(f"{desk.addresses.gateway}/v1/sagas/{chain}/signals", {"name": name, "actor": "ann"})
    accepted = frozenset(sagas.values())
    evidence = collect(from_data(desk.directory), accepted, PATIENCE_S, lambda _: None, must_end=True)
    report = prove(evidence, must_end=True)
    assert report.findings == ()
    assert report.holds


def test_an_order_that_waits_for_an_approval_is_told_of_and_holds_nobody_up(desk: Desk) -> None:
    lines = [{"sku": "85123A", "quantity": 6, "unit_price": "25.50"}]
    to = {**ORDER["shipping"], "address": "1 High St"}
    order_id = desk.order("waits", payment_method="pm_card_ok", lines=lines, total="153.00", shipping=to)
    desk.reach(order_id, "AWAITING_APPROVAL")

    patient = desk.verify("--wait", str(int(PATIENCE_S)))
    verdict = json.loads(patient.stdout)
    assert (patient.returncode, patient.stderr, verdict["findings"]) == (ExitCode.OK, "", [])
    [waiting] = verdict["waiting"]
    [wait] = waiting["waits"]
    assert (waiting["saga_id"], wait["what"]) == (order_id, "approve or reject")
    strict = desk.verify("--ended", "--wait", "1")
    [finding] = json.loads(strict.stdout)["findings"]
    assert (strict.returncode, finding["orders"]) == (ExitCode.CHECK_FAILED, [order_id])
    assert f"waits for approve or reject until {wait['until']}" in finding["detail"]

    desk.request(f"{desk.addresses.gateway}/v1/orders/{order_id}/approve", {"actor": "bob"})
    desk.reach(order_id, "COMPLETED")
    ended = desk.verify("--ended", "--wait", str(int(PATIENCE_S)))
    assert (ended.returncode, json.loads(ended.stdout)["waiting"]) == (ExitCode.OK, [])


def test_a_poisoned_order_waits_is_seen_and_ships_once_the_poison_is_left_out(desk: Desk) -> None:
    """Guards what an operator relies on: the order goes on where it stood, once, and nothing is left to do."""
    lines = [{"sku": "85123A", "quantity": 6, "unit_price": "25.50"}]
    to = {**ORDER["shipping"], "address": "1 High St"}
    order_id = desk.order("poisoned", payment_method="pm_card_ok", lines=lines, total="153.00", shipping=to)
    desk.reach(order_id, "AWAITING_APPROVAL")
    desk.poison(order_id)
    wait_for(lambda: len(desk.open_letters(order_id)) == 1, "the dead letter is listed")
    (letter,) = desk.open_letters(order_id)
    wait_for(lambda: desk.open_letters(order_id)[0]["parked"], "the letter says that its saga waits")
    wait_for(lambda: "record_parked" in [one["kind"] for one in desk.alerts()], "somebody is paged")
    desk.request(f"{desk.addresses.gateway}/v1/orders/{order_id}/approve", {"actor": "bob"})
    wait_for(lambda: len(desk.show(letter["url"])["waiting"]) == 2, "the approval waits behind the poison")

    would = desk.dlq("redrive", letter["id"], "--dry-run", "--actor", "ann")
    assert (would.returncode, "readable now:  no" in would.stdout) == (ExitCode.OK, True)
    assert desk.show(f"/v1/orders/{order_id}")["status"] == "AWAITING_APPROVAL"
    assert desk.dlq("resolve", letter["id"], "--actor", "ann", "--reason", "sent by mistake").returncode == ExitCode.OK
    desk.reach(order_id, "COMPLETED")
    again = desk.dlq("resolve", letter["id"], "--actor", "ann", "--reason", "sent by mistake")
    assert (again.returncode, "resolved by ann" in again.stderr) == (ExitCode.CHECK_FAILED, True)
    assert "ann: drop record 0" in desk.saga("show", order_id, "--history").stdout

    accepted = frozenset([order_id])
    evidence = collect(from_data(desk.directory), accepted, PATIENCE_S, lambda _: None, must_end=True)
    report = prove(evidence, must_end=True)
    assert report.findings == ()
    assert report.holds
