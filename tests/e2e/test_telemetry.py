"""A retried order on real processes: every line of every log is of the published schema, each transition is one."""

from __future__ import annotations

import base64
import json
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from campaigns.installation import Installation
from schemas import topics
from schemas.codec import Codec
from schemas.json_schema import json_schema
from verify.topics import Reader

PATIENCE_S = 180.0
ORDER: dict[str, Any] = {
    "customer_id": "17850",
    "currency": "GBP",
    "total": "15.30",
    "payment_method": "pm_flaky_2",
    "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55"}],
    "shipping": {"method": "standard", "country": "United Kingdom", "address": "planted-address"},
}
"""Its payment meets trouble twice."""
ENDPOINT = {
    "name": "nobody",
    "url": "http://127.0.0.1:9/",
    "secrets": ["whsec_" + base64.b64encode(b"s" * 32).decode()],
    "customers": ["nobody"],
}
NOT_OURS = frozenset({"broker.log"})


@dataclass(frozen=True, slots=True)
class Told:
    """What is left of an installation that had one order and was ended."""

    order_id: str
    events: list[tuple[int, str]]
    lines: list[dict[str, Any]]
    text: str
    scrapes: Mapping[str, str]
    """What each process showed as its metrics."""

    def of(self, logger: str) -> list[dict[str, Any]]:
        """Return the lines of a logger about the order."""
        return [line for line in self.lines if line["logger"] == logger and line["correlation_id"] == self.order_id]


def ask(url: str, body: object, **headers: str) -> Any:
    """Make a request and return the answer."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})  # noqa: S310 - an address of the test's own installation
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - see above
        return json.load(answer)


def delivered(bootstrap: str, order_id: str) -> list[tuple[int, str]]:
    """Return the events of an order after its delivery, the last thing that happens to it."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := events_of(bootstrap, order_id)) or found[-1][1] != "SignalReceived":
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


def events_of(bootstrap: str, saga_id: str) -> list[tuple[int, str]]:
    """Return the numbers and names of a saga's events on the topic."""
    codec = Codec()
    with Reader(bootstrap) as reader:
        found = [codec.decode(one.value) for one in reader.read([topics.EVENTS.name]) if one.key == saga_id]
    return [(fields["meta"]["sequence"], name.removeprefix("saga.")) for name, fields in found]


def logs(directory: Path) -> Iterator[str]:
    """Yield every line that a process of ours wrote."""
    for path in sorted((directory / "logs").iterdir()):
        if path.name not in NOT_OURS:
            yield from path.read_text(encoding="utf-8").splitlines()


def scraped(directory: Path) -> Iterator[tuple[str, str]]:
    """Yield the name of each process, and what it shows as its metrics."""
    for name, url in json.loads((directory / "dev.json").read_text(encoding="utf-8"))["metrics"].items():
        with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - see above
            yield name, answer.read().decode()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Give what an order left in the logs of an installation, from its start to its end."""
    directory = tmp_path_factory.mktemp("installation")
    endpoints = directory / "endpoints.json"
    endpoints.write_text(json.dumps({"endpoints": [ENDPOINT]}))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WEBHOOKS_FILE", str(endpoints))
        return _told(directory / "data")


def _told(directory: Path) -> Told:
    with Installation(directory) as installation:
        taken = ask(f"{installation.addresses.gateway}/v1/orders", ORDER, **{"Idempotency-Key": "planted-key"})
        events = delivered(installation.addresses.bootstrap, taken["order_id"])
        scrapes = dict(scraped(installation.directory))
    texts = list(logs(installation.directory))
    return Told(taken["order_id"], events, [json.loads(text) for text in texts], "\n".join(texts), scrapes)


def test_every_line_of_every_log_is_of_the_published_schema(told: Told) -> None:
    """Guards M100."""
    schema = json_schema("telemetry")
    assert schema is not None
    validator = Draft7Validator(schema)
    assert [line for line in told.lines if not validator.is_valid(line)] == []
    assert len({line["process"] for line in told.lines}) > 8


def test_a_retried_order_has_one_line_for_each_transition_and_one_id_in_every_process(told: Told) -> None:
    """Guards M99."""
    transitions = told.of("transition")
    assert len(told.events) > 25
    assert [(line["sequence"], line["message"]) for line in transitions] == told.events
    assert {"started", "completed", "failed", "retried"} <= {line["kind"] for line in transitions}

    answered = {(line["process"], line["command_id"]): line["kind"] for line in told.of("command")}
    assert {process for process, _ in answered} == {"inventory-0", "payment-0", "shipping-0", "notification-0"}
    sent = {line["command_id"] for line in transitions if line["message"] == "StepScheduled"}
    assert {command_id for _, command_id in answered} == sent
    assert sorted(answered["payment-0", f"{told.order_id}:capture-payment:{n}"] for n in range(3)) == [
        "completed",
        "failed",
        "failed",
    ]

    [accepted] = told.of("request")
    assert (accepted["process"], accepted["message"], accepted["kind"]) == ("gateway", "saga.StartSaga", "accepted")
    assert len({line["trace_id"] for line in (accepted, *transitions, *told.of("command"))}) == 1


def test_every_process_counts_the_lines_that_its_log_lost(told: Told) -> None:
    assert {"projector", "watchdog", "webhooks", "gateway", "inbound", "orchestrator-0"} <= told.scrapes.keys()
    assert {name for name, text in told.scrapes.items() if "\nlog_lines_lost_total 0.0\n" not in text} == set()


def test_no_log_has_anything_of_what_the_client_wrote(told: Told) -> None:
    assert "planted" not in told.text
    assert "17850" not in told.text
