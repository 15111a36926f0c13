"""What can start a saga: the triggers the product has, and those it refuses by name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from architect.requirements import Trigger

_REST = "the gateway takes it over REST with an idempotency key and answers after the brokers have confirmed the record"
_KAFKA = "a start record on the input topic, keyed by the saga id, is what the gateway writes too"
_SCHEDULE = "the schedule of the definition starts it: cron, fixed interval or after the end of the one before"
_SIGNAL = "a signal of a running saga, or a child saga started by its parent"
_BRIDGE = (
    "not supported as a trigger; a function of the owner's that posts to the gateway with the object's id as "
    "idempotency key bridges it"
)

# Name, whether there is one, how, and the words; supported ones first, because an API in front of S3 is still an API.
_TRIGGERS: tuple[tuple[str, bool, str, str], ...] = (
    ("REST", True, _REST, r"\brest(?:ful)?\b|\bhttps?\b|\bapi\s+(?:gateway|call|request|trigger)s?\b|"
                          r"\bweb\s?hooks?\b|\bpost\s+/|\bcheckout\b|\bweb\s+(?:shop|form)\b"),
    ("Kafka topic", True, _KAFKA, r"\bkafka\b|\bevent\s+(?:bus|stream|topic)s?\b|\btopics?\b"),
    ("schedule", True, _SCHEDULE, r"\bcron\b|\bschedul\w+|\bnightly\b|\bdaily\b|\bhourly\b|\bevery\s+(?:day|hour|"
                                  r"night|minute|week|morning)\b"),
    ("signal", True, _SIGNAL, r"\bsignals?\b|\bcallbacks?\b"),
    ("S3", False, _BRIDGE, r"\bs3\b|\bobject\s+(?:storage|created)\b|\bbuckets?\b|\bblob\s+storage\b|"
                           r"\bfile\s+(?:uploads?|drops?)\b"),
    ("SNS", False, _BRIDGE, r"\bsns\b"),
    ("SQS", False, _BRIDGE, r"\bsqs\b"),
    ("EventBridge", False, _BRIDGE, r"\bevent\s?bridge\b"),
    ("Kinesis", False, _BRIDGE, r"\bkinesis\b"),
    ("Pub/Sub", False, _BRIDGE, r"\bpub\s?/?\s?sub\b"),
    ("RabbitMQ", False, _BRIDGE, r"\brabbit\s?mq\b|\bamqp\b"),
    ("DynamoDB stream", False, _BRIDGE, r"\bdynamodb(?:\s+streams?)?\b"),
    ("Lambda", False, _BRIDGE, r"\blambdas?\b|\bcloud\s+functions?\b|\bazure\s+functions?\b"),
    ("gRPC", False, _BRIDGE, r"\bgrpc\b"),
    ("MQTT", False, _BRIDGE, r"\bmqtt\b|\biot\s+core\b"),
)  # fmt: skip
_PATTERNS = tuple((name, has, how, re.compile(pattern, re.IGNORECASE)) for name, has, how, pattern in _TRIGGERS)


def triggers_in(clause: str) -> Iterator[Trigger]:
    """Yield every trigger that a clause names."""
    for name, supported, how, pattern in _PATTERNS:
        if pattern.search(clause):
            yield Trigger(name, supported, how, clause)
