"""Definitions and sagas through a gateway process on a real broker."""

from __future__ import annotations

import json
import uuid

from schemas import topics
from schemas.codec import Codec
from tests.definition_texts import echo
from tests.kafka.gateway.site import Site, kill, terminate


def test_a_deployment_that_got_201_is_on_the_topic_and_outlives_the_gateway(site: Site) -> None:
    name = f"echo-{uuid.uuid4().hex[:12]}"
    process = site.start_gateway()
    before = site.end_offsets()
    path = "/v1/definitions?actor=mara"
    document = echo("1.0.0", name=name, schedule={"cron": "0 0 1 1 *"}).encode()
    assert site.call("POST", path, raw=document).status == 201
    assert site.call("POST", path, raw=document).status == 200
    assert site.call("POST", path, raw=echo("1.0.1", name=name).encode()).status == 409
    assert site.call("POST", path, raw=b"document: {}").status == 422

    [record] = site.records(topics.DEFINITIONS, before)
    assert record.key() == f"{name}/1".encode()
    [armed] = site.records(topics.INPUTS, before)
    assert (armed.key(), Codec().decode(armed.value()).name) == (f"/schedule/{name}".encode(), "saga.ArmSchedule")

    kill(process)
    process = site.start_gateway()
    shown = site.call("GET", f"/v1/definitions/{name}/1")
    assert (shown.status, shown.body["sha256"]) == (200, json.loads(record.value() or b"")["sha256"])
    assert site.call("POST", path, raw=echo("2.0.0", name=name).encode()).status == 201
    assert [one["version"] for one in site.call("GET", f"/v1/definitions/{name}").body["versions"]] == [1, 2]
    assert terminate(process) == 0


def test_a_saga_that_got_202_is_in_kafka_once(site: Site) -> None:
    site.start_gateway()
    before = site.end_offsets()
    form = {"definition": "notify-customer", "data": {"n": 1}, "options": {"audit": False}}
    key = uuid.uuid4().hex
    taken = site.call("POST", "/v1/sagas", form, key)
    assert taken.status == 202
    assert site.call("POST", "/v1/sagas", form, key).body == taken.body
    assert site.call("POST", f"{taken.body['status_url']}/cancel", {"actor": "mara"}).status == 202

    records = site.records(topics.INPUTS, before)
    messages = [Codec().decode(record.value()) for record in records]
    assert [message.name for message in messages] == ["saga.StartSaga", "saga.CancelSaga"]
    assert {(record.key() or b"").decode() for record in records} == {taken.body["saga_id"]}
    assert messages[0].fields["options"] == '{"audit":false}'
