"""Poison on the topics: its sagas wait through a kill -9, all others end, a person has them go on, once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from schemas import topics
from schemas.codec import Codec
from tests.kafka.gateway.site import Site, wait_until
from tests.kafka.orchestrator_fleet import PATIENCE_S, Fleet
from tests.scripted_participants import Reply, success
from verify.cases import gather
from verify.check_events import order_of_events_findings
from verify.check_log import sequence_findings
from verify.check_states import changelog_findings, status_findings
from verify.evidence import Evidence
from verify.log_reading import READ, LogBuilder
from verify.topics import Reader

GARBAGE = b"\xde\xad\xbe\xef"
UNKNOWN_SCHEMA = b"\x00\x00\x00\x27\x0fof another build"
COMPLETED = ("shipped", "COMPLETED")
WHO = {"actor": "ann", "reason": "looked at it"}


class Ward:
    """An orchestrator, a projector and a gateway; the sagas of `held` get no answer until they are let go."""

    def __init__(self, broker: str, directory: Path) -> None:
        self.fleet = Fleet(broker, directory, answer=self._answer)
        self.site = Site(broker, directory)
        self.held: set[str] = set()
        self.unanswered: list[Reply] = []
        self.site.start("projector")
        self.site.start_gateway()

    def _answer(self, name: str, command: dict[str, Any]) -> Reply | None:
        given = success(name, command)
        if command["meta"]["saga_id"] not in self.held:
            return given
        self.unanswered.append(given)
        return None

    def put(self, topic: str, key: str, value: bytes) -> None:
        """Write a record as any client may."""
        producer = Producer({"bootstrap.servers": self.fleet.bootstrap, "partitioner": "murmur2_random"})
        producer.produce(topic, value, key.encode())
        assert producer.flush(PATIENCE_S) == 0

    def answer_held(self) -> None:
        """Let everything held go on."""
        self.held.clear()
        for given in self.unanswered:
            self.fleet.reply(given)
        self.unanswered.clear()

    def parked(self, saga_id: str) -> list[str]:
        """Return why each record of a saga waits."""
        told = self.fleet.events.get(saga_id, [])
        return [fields["code"] for name, fields in told if name == "saga.RecordParked"]

    def unparked(self, saga_id: str) -> list[tuple[str, str]]:
        """Return what was done about each record of a saga, and by whom."""
        told = self.fleet.events.get(saga_id, [])
        return [(fields["action"], fields["actor"]) for name, fields in told if name == "saga.RecordUnparked"]

    def letters(self, saga_id: str, state: str = "open") -> list[dict[str, Any]]:
        """Return the dead letters of a saga."""
        path = f"/v1/dead-letters?saga_id={saga_id}&state={state}"
        found: list[dict[str, Any]] = self.site.call("GET", path).body["dead_letters"]
        return found

    def decide(self, letter: dict[str, Any], action: str, **more: object) -> int:
        """Decide about a letter and return the status of the answer."""
        return self.site.call("POST", f"{letter['url']}/{action}", {**WHO, **more}).status

    def close(self) -> None:
        """End everything."""
        self.fleet.close()
        self.site.close()


@pytest.fixture
def ward(broker: str, tmp_path: Path) -> Iterator[Ward]:
    """Give a ward without an orchestrator yet."""
    ward = Ward(broker, tmp_path)
    yield ward
    ward.close()


def assert_proved(ward: Ward) -> None:
    """Assert what `saga verify` says of events, their order, and the states that are published."""
    builder = LogBuilder(Codec())
    with Reader(ward.fleet.bootstrap) as reader:
        builder.add(reader.read(READ))
    evidence = Evidence(builder.build(), (), {}, frozenset(), 0)  # type: ignore[arg-type]  # no ledgers, no tables
    cases = gather(evidence)
    findings = [
        *sequence_findings(evidence, cases),
        *order_of_events_findings(cases),
        *changelog_findings(evidence, cases),
        *status_findings(evidence, cases),
    ]
    assert [one for one in findings if any(ward.fleet.run in saga_id for saga_id in one.orders)] == []


def test_poison_parks_its_sagas_through_a_kill_and_a_person_has_them_go_on_once(ward: Ward) -> None:
    """Guards the order of a saga's records: out of order, or dropped, some saga here does not end, or ends twice."""
    fleet = ward.fleet
    first = fleet.start()
    ids = [f"ord_{fleet.run}_{number}" for number in range(8)]
    ward.held = set(ids[:3])
    fleet.begin(8)
    fleet.pump_until(lambda: len(ward.unanswered) == 3, "the first commands of those that are held")
    poison = [(topics.REPLIES, GARBAGE), (topics.INPUTS, GARBAGE), (topics.REPLIES, UNKNOWN_SCHEMA)]
    for saga_id, (topic, value) in zip(ids, poison, strict=False):
        ward.put(topic.name, saga_id, value)
    fleet.pump_until(lambda: all(map(ward.parked, ids[:3])), "the poison is parked")
    ward.answer_held()
    fleet.pump_until(lambda: all(len(ward.parked(one)) == 2 for one in ids[:3]), "what follows waits behind it")
    fleet.finish(ids[3:])
    fleet.kill(first)
    fleet.start()
    assert [ward.parked(one)[0] for one in ids[:3]] == ["undecodable", "undecodable", "unknown_schema"]
    wait_until(lambda: all(ward.letters(one) for one in ids[:3]), "the letters are shown")

    by_saga = {saga_id: ward.letters(saga_id)[0] for saga_id in ids[:3]}
    told = ward.site.call("POST", f"{by_saga[ids[0]]['url']}/redrive", {**WHO, "dry_run": True}).body
    assert (told["decodable"], told["waiting"]) == (False, 2)
    assert ward.decide(by_saga[ids[1]], "redrive") == 202
    wait_until(lambda: ward.letters(ids[1])[0]["attempts"] == 1, "the redrive that changed nothing is shown")
    with ThreadPoolExecutor(4) as people:
        for letter in by_saga.values():
            answers = list(people.map(lambda _, letter=letter: ward.decide(letter, "resolve"), range(4)))
            assert set(answers) <= {202, 409}
            assert 202 in answers
    fleet.finish(ids)

    assert {fleet.statuses[saga_id] for saga_id in ids} == {COMPLETED}
    assert [ward.unparked(saga_id) for saga_id in ids[:3]] == [[("drop", "ann"), ("redrive", "ann")]] * 3
    fleet.assert_exactly_once(ids)
    wait_until(lambda: all(ward.letters(one, "resolved") for one in ids[:3]), "the letters are closed")
    assert {ward.letters(one, "resolved")[0]["decided_by"] for one in ids[:3]} == {"ann"}
    assert_proved(ward)


def test_what_no_saga_waits_for_is_put_back_once_whoever_asks_and_becomes_another_letter(ward: Ward) -> None:
    nobody = f"ord_{ward.fleet.run}_nobody"
    since = ward.site.end_offsets()
    ward.fleet.start()
    ward.put(topics.INPUTS.name, nobody, GARBAGE)
    wait_until(lambda: len(ward.letters(nobody)) == 1, "the letter is shown")
    (letter,) = ward.letters(nobody)
    assert not letter["parked"]

    with ThreadPoolExecutor(4) as people:
        answers = sorted(people.map(lambda _: ward.decide(letter, "redrive"), range(8)))
    assert answers == [202] + [409] * 7
    wait_until(lambda: len(ward.letters(nobody, "redriven")) == 1, "the first letter is closed")
    wait_until(lambda: len(ward.letters(nobody)) == 1, "the record came again and is a letter again")

    origin = letter["origin"]
    place = f"{origin['topic']}:{origin['partition']}:{origin['offset']}".encode()
    came = [record for record in ward.site.records(topics.INPUTS, since) if record.key() == nobody.encode()]
    assert [(record.value(), record.headers()) for record in came] == [
        (GARBAGE, None),
        (GARBAGE, [("redriven-of", place)]),
    ]
    again = ward.site.call("GET", ward.letters(nobody)[0]["url"]).body
    assert again["headers"] == {"redriven-of": place.decode()}
