"""JSON Schema of every payload: what is really written validates, and what is broken does not."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator, ValidationError

from schemas import catalogue, topics
from schemas.codec import Codec
from schemas.json_schema import json_schema, names, plain_names
from services.gateway.orders import Refused, read_order
from services.watchdog.alert import Alert, alert_of
from streams.logs import JsonLines
from tests.message_examples import examples
from tests.orchestrator_world import World
from tests.order_form import form

CURRENCIES = frozenset({"GBP"})
CODEC = Codec()


def validator(name: str) -> Draft7Validator:
    """Return the validator of a payload."""
    schema = json_schema(name)
    assert schema is not None
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def validate(name: str, document: Any) -> None:
    """Raise ValidationError for a document that is none of its kind."""
    validator(name).validate(document)


@pytest.fixture(scope="module")
def world() -> World:
    """Give an orchestrator that has run sagas of every kind of ending, and heard what makes no sense."""
    world = World()
    world.start_order("ord_good")
    world.start_order("ord_bad", payment_method="pm_card_declined")
    world.start_saga("sag_a", "basket", {"lines": [{"sku": "A1", "quantity": 1, "unit_price_minor": 100}]})
    world.run()
    world.send("saga.CancelSaga", "ord_good", actor="olga", reason="too late")
    world.put(topics.INPUTS.name, b"ord_good", b"no message")
    world.run()
    return world


def test_every_message_and_every_json_topic_has_a_schema() -> None:
    carried = {topic.name for topic in topics.ALL if topic.format is topics.Format.JSON}
    assert set(plain_names()) == carried | {"telemetry"}
    assert set(names()) == set(catalogue.latest()) | set(plain_names())
    assert json_schema("saga.NoSuchThing") is None
    assert json_schema("../avro/saga/State.1") is None


@pytest.mark.parametrize("name", names())
def test_a_schema_says_something_and_refuses_what_is_of_another_shape(name: str) -> None:
    found = validator(name)
    if name == "saga.emitted":
        return
    assert not found.is_valid("a text")
    assert not found.is_valid({})


def test_every_version_of_every_message_validates_as_it_is_decoded() -> None:
    for example in examples():
        name, fields = CODEC.decode(example.value)
        validate(name, json.loads(json.dumps(fields)))


def test_a_message_with_a_field_too_few_or_of_another_type_does_not_validate() -> None:
    _, fields = CODEC.decode(next(one for one in examples() if one.schema.name == "payment.PaymentCaptured").value)
    validate("payment.PaymentCaptured", fields)
    for broken in (
        {**fields, "amount_minor": "12"},
        {**fields, "amount_minor": 2**63},
        {**fields, "more": 1},
        {name: value for name, value in fields.items() if name != "charge_id"},
    ):
        with pytest.raises(ValidationError):
            validate("payment.PaymentCaptured", broken)


@pytest.mark.parametrize("topic", [topic for topic in topics.ALL if topic.format is topics.Format.AVRO], ids=str)
def test_what_an_orchestrator_writes_to_avro_topics_validates(world: World, topic: topics.Topic) -> None:
    for record in world.records(topic.name):
        if record.value is not None and record.value[:1] == b"\0":
            name, fields = CODEC.decode(record.value)
            validate(name, fields)


@pytest.mark.parametrize("topic", [topics.STATUS, topics.AUDIT], ids=["status", "audit"])
def test_what_an_orchestrator_writes_to_json_topics_validates(world: World, topic: topics.Topic) -> None:
    records = world.records(topic.name)
    assert len(records) > 5
    for record in records:
        validate(topic.name, json.loads(record.value or b""))


def test_a_deployed_definition_validates(world: World) -> None:
    text = json.dumps(
        {
            "document": {"dsl": "1.0.3", "namespace": "tests", "name": "small", "version": "1.0.0"},
            "timeout": {"after": {"hours": 1}},
            "do": [{"greet": {"set": {"said": "hello"}}}],
        }
    )
    assert world.deploy(text)
    for record in world.records(topics.DEFINITIONS.name):
        validate(topics.DEFINITIONS.name, json.loads(record.value or b""))


def alerts() -> Iterator[Alert]:
    """Yield an alert of each kind."""
    yield Alert("ord_a:locked:1", "ord_a", 1, 2)
    meta = {"saga_id": "ord_a", "sequence": 3, "at": 1, "status": "RUNNING"}
    fields = {"meta": meta, "step": "x", "code": "c", "message": "m", "undo": True, "final": True}
    for name in ("saga.StepFailed", "saga.StepHeld"):
        found = alert_of(name, fields, 2)
        assert found is not None
        yield found


def test_every_kind_of_alert_validates() -> None:
    for alert in alerts():
        validate(topics.ALERTS.name, json.loads(json.dumps(alert.document())))


def test_the_lines_of_a_log_validate() -> None:
    lines = JsonLines("orchestrator-0")
    logger = logging.getLogger("orchestrator")
    plain = logger.makeRecord("orchestrator", logging.INFO, "file", 1, "stats %d", (1,), None, extra={"records": 3})
    validate("telemetry", json.loads(lines.format(plain)))
    try:
        json.loads("{")
    except json.JSONDecodeError as error:
        told = (type(error), error, error.__traceback__)
    failed = logger.makeRecord("orchestrator", logging.ERROR, "file", 1, "failed", (), told)
    validate("telemetry", json.loads(lines.format(failed)))


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"reference": None}, {"process": None}, {"process": "order-fulfillment-payment-first"},
        {"total": "0,5"}, {"total": 15.3}, {"customer_id": ""}, {"customer_id": None}, {"payment_method": "PM"},
        {"lines": []}, {"lines": None}, {"lines": [{"sku": "A1", "quantity": 0, "unit_price": "1"}]},
        {"lines": [{"sku": "A1", "quantity": True, "unit_price": "15.30"}]}, {"shipping": None}, {"shipping": {}},
        {"shipping": {"method": "carrier pigeon", "country": "x", "address": "y"}}, {"more": 1},
        {"reference": "x" * 65}, {"reference": "\x07"}, {"process": "no-such-process"},
        {"lines": [{"sku": "HEART", "quantity": 6, "unit_price": "2.55"}]},
    ],
)  # fmt: skip
def test_the_schema_of_inbound_orders_agrees_with_what_takes_them(changes: dict[str, Any]) -> None:
    order = json.loads(json.dumps(form(**changes)))
    assert validator("orders.inbound").is_valid(order) is not isinstance(read_order(order, CURRENCIES), Refused)
