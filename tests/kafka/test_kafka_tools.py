"""Kafka's own console tools show every topic, with keys, headers and JSON; our command decodes the Avro ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.jars import cache_directory, read_lock
from cli.java import find_java
from schemas import topics
from tests.kafka.orchestrator_fleet import Fleet

TOPICS = "org.apache.kafka.tools.TopicCommand"
CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer"
SHOWN = ("--formatter-property", "print.key=true", "--formatter-property", "print.headers=true")


def kafka(tool: str, bootstrap: str, *arguments: str) -> list[str]:
    """Run one of Kafka's own tools and return the lines that it prints."""
    java, jars = find_java(os.environ), cache_directory(os.environ, read_lock())
    logging = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"
    command = [str(java.executable), logging, "-cp", f"{jars}/*", tool, "--bootstrap-server", bootstrap, *arguments]
    shown = subprocess.run(command, capture_output=True, timeout=120, check=True).stdout
    return shown.decode(errors="replace").split("\n")  # Avro is no text


def consumed(bootstrap: str, topic: str, records: int) -> list[tuple[dict[str, str], str, str]]:
    """Return headers, key and value of the first records of a topic, as the console consumer prints them."""
    from_start = ("--from-beginning", "--isolation-level", "read_committed", "--max-messages", str(records))
    lines = kafka(CONSUMER, bootstrap, "--topic", topic, *from_start, *SHOWN)
    found = []
    for line in lines[:records]:
        headers, key, value = line.split("\t", 2)
        found.append((dict(one.split(":", 1) for one in headers.split(",") if ":" in one), key, value))
    return found


def test_every_topic_can_be_watched_with_kafkas_tools(broker: str, tmp_path: Path) -> None:
    if os.environ.get("SAGALINE_TEST_BOOTSTRAP"):
        pytest.skip("a broker of somebody else's may have other topics, and records of before")
    fleet = Fleet(broker, tmp_path)
    fleet.start()
    try:
        ids = fleet.begin(1)
        fleet.finish(ids)

        assert {topic.name for topic in topics.ALL} <= set(kafka(TOPICS, broker, "--list"))

        for topic in (topics.STATUS, topics.AUDIT):
            ((_, key, value),) = consumed(broker, topic.name, 1)
            assert json.loads(value)["saga_id"] == key

        about, key, _ = consumed(broker, topics.EVENTS.name, 1)[0]
        assert about["ce_type"] == "sagaline.saga.SagaStarted"
        assert about["ce_subject"] == key

        command = [sys.executable, "-m", "cli.app", "topics", "tail", topics.EVENTS.name, "--from-beginning"]
        told = subprocess.run(
            [*command, "--bootstrap", broker, "--key", ids[0]], capture_output=True, text=True, timeout=180, check=True
        )
        events = [json.loads(line) for line in told.stdout.splitlines()]
        assert (events[0]["type"], events[-1]["type"]) == ("saga.SagaStarted", "saga.SagaCompleted")
        assert events[0]["value"]["meta"]["definition"] == "order-fulfillment"
    finally:
        fleet.close()
