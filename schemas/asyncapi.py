"""The AsyncAPI 3.0 document of an installation: every topic, what it carries, and who writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from schemas import catalogue, topics
from schemas.carried import CARRIED
from schemas.catalogue import MessageSchema
from schemas.json_schema import json_schema, plain_names
from schemas.topics import Format, Topic

VERSION = "1.0.0"
"""Of the document: its major part changes with a change that breaks readers."""
Document = dict[str, Any]

_AVRO = "application/vnd.apache.avro+json;version=1.9.0"
_JSON = "application/schema+json;version=draft-07"
_BINDING = "0.5.0"
_TAKEN_IN = frozenset({topics.INPUTS.name, topics.REPLIES.name, topics.INBOUND.name})
"""Topics that others write and this product reads; it writes all the others."""
_ORIGINAL = "any record that nobody could use, as it came; the headers error_code and error_detail say why"


def asyncapi() -> Document:
    """Return the document, as JSON has it."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Sagaline",
            "version": VERSION,
            "description": "Event-sourced sagas on Apache Kafka. Values of Avro topics have Confluent's wire format.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "variables": {"bootstrap": {"default": "localhost:9092", "description": "KAFKA_BOOTSTRAP_SERVERS"}},
            }
        },
        "channels": {topic.name: _channel(topic) for topic in topics.ALL},
        "operations": {_operation_id(topic): _operation(topic) for topic in topics.ALL},
        "components": {
            "messages": {name: _message(topic, name) for topic in topics.ALL for name in _names(topic)},
            "messageTraits": {"cloudEvent": {"headers": _HEADERS}, "signed": {"headers": _SIGNED}},
        },
    }


def _names(topic: Topic) -> tuple[str, ...]:
    """Return the names of what a topic carries: messages, or the topic itself where it is not Avro."""
    return CARRIED.get(topic) or (_plain(topic),)


def _plain(topic: Topic) -> str:
    return topic.name.removeprefix(topics.PREFIX)


def _channel(topic: Topic) -> Document:
    settings = topic.config()
    configuration: Document = {"cleanup.policy": [settings["cleanup.policy"]]}
    configuration |= {name: int(settings[name]) for name in ("retention.ms", "max.message.bytes") if name in settings}
    return {
        "address": topic.name,
        "description": f"{topic.holds}; key: {topic.key}",
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _names(topic)},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "replicas": topic.replication,
                "topicConfiguration": configuration,
                "bindingVersion": _BINDING,
            }
        },
    }


def _operation_id(topic: Topic) -> str:
    return f"{'receive' if topic.name in _TAKEN_IN else 'send'}.{topic.name}"


def _operation(topic: Topic) -> Document:
    return {
        "action": "receive" if topic.name in _TAKEN_IN else "send",
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": topic.holds,
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{name}"} for name in _names(topic)],
    }


def _message(topic: Topic, name: str) -> Document:
    key = {"type": "string", "description": topic.key}
    if topic.format is Format.AVRO:
        return _avro(catalogue.latest()[name], key)
    binding: Document = {"key": key, "bindingVersion": _BINDING}
    message: Document = {"name": name, "title": topic.holds, "bindings": {"kafka": binding}}
    if topic is topics.INBOUND:
        message["traits"] = [{"$ref": "#/components/messageTraits/signed"}]
    if name not in plain_names():
        return {**message, "contentType": "application/octet-stream", "payload": {"description": _ORIGINAL}}
    schema = {"schemaFormat": _JSON, "schema": json_schema(name)}
    return {**message, "contentType": "application/json", "payload": schema}


def _avro(schema: MessageSchema, key: Mapping[str, str]) -> Document:
    written = json.loads(schema.text)
    return {
        "name": f"sagaline.{schema.name}",
        "title": schema.name,
        "summary": written.get("doc", schema.name),
        "contentType": "application/vnd.confluent.avro",
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": {"schemaFormat": _AVRO, "schema": written},
        "bindings": {
            "kafka": {
                "key": key,
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "schemaLookupStrategy": "RecordNameStrategy",
                "bindingVersion": _BINDING,
            }
        },
        "x-schema-id": schema.schema_id,
        "x-schema-version": schema.version,
        "x-json-schema": f"/v1/schemas/{schema.name}",
    }


def _texts(about: Mapping[str, str], *, required: int) -> Document:
    return {
        "type": "object",
        "properties": {name: {"type": "string", "description": told} for name, told in about.items()},
        "required": list(about)[:required],
    }


_HEADERS = _texts(
    {
        "ce_specversion": "1.0",
        "ce_id": "of the event, command or input; equal when it is sent again",
        "ce_type": "sagaline. and the message's name",
        "ce_source": "who wrote it",
        "ce_time": "RFC 3339, in UTC",
        "ce_subject": "the saga's id",
        "causationid": "what this follows from",
        "traceparent": "W3C trace context",
    },
    required=7,
)
_SIGNED = _texts(
    {
        "webhook-id": "equal to the key",
        "webhook-timestamp": "seconds since the epoch",
        "webhook-signature": "v1, and the base64 of HMAC-SHA256 over id, time and value, joined by dots",
        "client-id": "whose secret signed it",
        "traceparent": "W3C trace context",
    },
    required=4,
)
