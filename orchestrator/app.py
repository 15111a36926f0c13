"""The orchestrator process: puts its parts together, runs until told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from dataclasses import asdict
from functools import partial

from orchestrator.definition_feed import DefinitionFeed
from orchestrator.definitions.arming import armings
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.registry import Registry, load
from orchestrator.metering import SagaCounts, runtime_metrics
from orchestrator.outbound import Outbound
from orchestrator.processor import SagaProcessor
from orchestrator.settings import BadSetting, Settings, read
from orchestrator.telemetry import Telemetry
from schemas import topics
from schemas.codec import MAX_MESSAGE_BYTES, Codec
from streams.collector import spare_collector
from streams.errors import Fatal
from streams.kafka_config import KafkaConfig
from streams.kafka_driver import KafkaDriver
from streams.kafka_follower import EndNotReached, KafkaFollower
from streams.kafka_security import SecurityUnusable
from streams.kafka_send import send
from streams.lag import Lag
from streams.logs import Log, configure
from streams.message_sizes import MessageSizes
from streams.metrics import MetricsAddress, metrics_address, serve_metrics
from streams.record import TopicPartition
from streams.runtime import Runtime
from streams.runtime_config import RuntimeConfig
from streams.stats import Stats
from streams.store_directory import StoreDirectory

EXIT_FATAL = 1
EXIT_BAD_SETTINGS = 2
_START_S = 30.0
_JOIN_S = 2.0

_log = logging.getLogger("orchestrator")


def main() -> int:
    """Run the orchestrator. Returns 0 after SIGTERM or SIGINT, 1 where a restart may help, 2 for unusable settings."""
    try:
        settings = read(os.environ)
        log = configure(settings.instance, settings.log_level)
        limits = {
            "approval_limits_minor": dict(settings.approval_limits_minor),
            "unusual_quantity": settings.unusual_quantity,
        }
        parameters = {"order-fulfillment": limits, "order-fulfillment-payment-first": limits}
        registry = load(settings.definitions, parameters)
        metrics = metrics_address(os.environ)
    except (BadSetting, DefinitionError, ValueError) as error:
        print(f"orchestrator: {error}", file=sys.stderr)  # noqa: T201 - logging may not be set up yet
        return EXIT_BAD_SETTINGS
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        return _run(settings, registry, metrics, log, stop)
    except SecurityUnusable as error:
        _log.critical("ending: %s", error)
        return EXIT_BAD_SETTINGS
    except Fatal as error:
        _log.critical("ending: %s", error)
        return EXIT_FATAL


def _run(
    settings: Settings, registry: Registry, metrics: MetricsAddress | None, log: Log, stop: threading.Event
) -> int:
    """Follow definitions and run sagas until told to stop. Raises Fatal."""
    codec = Codec()
    kafka = KafkaConfig(
        bootstrap=settings.bootstrap,
        application_id=topics.here("orchestrator"),
        instance_id=topics.here(settings.instance),
        tracked_topics=frozenset({topics.CHANGELOG.name}),
    )
    follower = KafkaFollower(kafka, TopicPartition(topics.DEFINITIONS.name, 0))
    ended: list[Fatal] = []

    def end(error: Fatal) -> None:
        ended.append(error)
        stop.set()

    def arm() -> None:
        send(kafka, armings(codec, registry.versions(), "orchestrator", _now_ms()), _START_S)

    feed = DefinitionFeed(follower, registry)
    following = threading.Thread(target=feed.run, args=(stop, arm, end), name="definitions", daemon=True)
    try:
        _start(follower, feed)
        spare_collector()
        following.start()
        _runtime(settings, kafka, registry, metrics, log).run(stop)
    finally:
        stop.set()
        if following.ident is not None:
            following.join(_JOIN_S)
    if ended:
        raise ended[0]
    follower.close()
    return 0


def _start(follower: KafkaFollower, feed: DefinitionFeed) -> None:
    """Take in all that is deployed before any saga is worked on. Raises Fatal."""
    follower.check(_START_S)
    try:
        feed.start(_START_S)
    except EndNotReached as error:
        raise Fatal(str(error)) from error


def _runtime(
    settings: Settings, kafka: KafkaConfig, registry: Registry, metrics: MetricsAddress | None, log: Log
) -> Runtime:
    """Return the runtime, with its metrics served."""
    sizes = MessageSizes(MAX_MESSAGE_BYTES, time.monotonic)
    codec = Codec(on_large=sizes.note)
    outbound, counts = Outbound(codec), SagaCounts()
    telemetry = Telemetry(log.process) if log.tells_info else None
    inputs = (topics.INPUTS.name, topics.REPLIES.name)
    config = RuntimeConfig(
        input_topics=inputs,
        changelog_topic=topics.CHANGELOG.name,
        dead_letter_topic=topics.DEAD_LETTERS.name,
    )
    stores = StoreDirectory(settings.state_dir / settings.instance)
    runtime = Runtime(
        KafkaDriver(kafka),
        config,
        lambda _partition: SagaProcessor(registry, codec, outbound, settings.retention_ms, counts, telemetry),
        stores.open,
        _now_ms,
        _tell,
        write_lines=log.output.write,
    )
    if metrics is not None:
        lag = Lag(settings.bootstrap, kafka.application_id)
        serve_metrics(
            metrics,
            counts.read,
            log.read,
            sizes.read,
            partial(runtime_metrics, runtime, config),
            partial(lag.of_group, inputs),
        )
    return runtime


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _tell(stats: Stats) -> None:
    if stats.transactions:
        _log.info("stats", extra=asdict(stats))


if __name__ == "__main__":
    sys.exit(main())
