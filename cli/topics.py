"""Creates the topics of an installation from the one table, and says where a cluster differs from it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined] # documented names, but not re-exported for mypy
    AdminClient,
    ClusterMetadata,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from cli.failure import ExitCode, Failure
from schemas.topics import ALL, Topic
from streams.kafka_security import connection

TIMEOUT_S = 30.0
BROKERS_TIMEOUT_S = 60.0
BROKERS_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class TopicState:
    """One topic as the cluster has it; `partitions` is 0 when it does not exist."""

    topic: Topic
    partitions: int
    replication: int
    drift: tuple[str, ...]


def create_topics(
    bootstrap: str,
    topics: Sequence[Topic] = ALL,
    brokers_wanted: int = 1,
    environ: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Create what is missing, and yield a line for each topic created or found different. Raises Failure.

    Waits for the number of brokers first, for at most 60 s: a topic gets as many copies as there are brokers then.

    Nothing that exists is changed: more partitions would send the records of a saga to another partition. `environ`
    says who asks; without it, the process's own environment.
    """
    client = _connect(bootstrap, environ)
    brokers = _wait_for_brokers(client, bootstrap, brokers_wanted)
    futures = client.create_topics([_new_topic(topic, brokers) for topic in topics], operation_timeout=TIMEOUT_S)
    created = 0
    for name, future in futures.items():
        try:
            future.result(TIMEOUT_S)
            created += 1
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise Failure(
                    f"Topic {name} could not be created: {error.args[0].str()}.",
                    "Check the rights of this client on the cluster and its number of brokers.",
                    ExitCode.CLUSTER_UNREACHABLE,
                ) from error
    yield f"{created} created, {len(topics) - created} there already"
    if created < len(topics):
        for state in describe_topics(bootstrap, topics, environ):
            yield from (f"{state.topic.name}: {difference}" for difference in state.drift)


def describe_topics(
    bootstrap: str, topics: Sequence[Topic] = ALL, environ: Mapping[str, str] | None = None
) -> list[TopicState]:
    """Return each topic of the table as the cluster has it, with its differences from the table. Raises Failure."""
    client = _connect(bootstrap, environ)
    metadata = _metadata(client, bootstrap)
    brokers = len(metadata.brokers)
    existing = [topic for topic in topics if topic.name in metadata.topics]
    resources = {topic.name: ConfigResource(ResourceType.TOPIC, topic.name) for topic in existing}
    answers = client.describe_configs(list(resources.values())) if resources else {}
    configs = {resource.name: future.result(TIMEOUT_S) for resource, future in answers.items()}
    states = []
    for topic in topics:
        if topic.name not in configs:
            states.append(TopicState(topic, 0, 0, ("missing",)))
            continue
        partitions = metadata.topics[topic.name].partitions
        replication = min((len(partition.replicas) for partition in partitions.values()), default=0)
        actual = {name: entry.value for name, entry in configs[topic.name].items()}
        states.append(
            TopicState(
                topic, len(partitions), replication, _drift(topic, brokers, len(partitions), replication, actual)
            )
        )
    return states


def _drift(
    topic: Topic, brokers: int, partitions: int, replication: int, actual: dict[str, str | None]
) -> tuple[str, ...]:
    differences = []
    if partitions != topic.partitions:
        differences.append(f"has {partitions} partitions, the table says {topic.partitions}")
    wanted = min(topic.replication, brokers)
    if replication < wanted:
        differences.append(f"has {replication} copies, the table says {wanted}")
    for name, value in _config(topic, brokers).items():
        if actual.get(name) != value:
            differences.append(f"has {name}={actual.get(name)}, the table says {value}")
    return tuple(differences)


def _new_topic(topic: Topic, brokers: int) -> NewTopic:
    return NewTopic(
        topic.name,
        num_partitions=topic.partitions,
        replication_factor=min(topic.replication, brokers),
        config=_config(topic, brokers),
    )


def _config(topic: Topic, brokers: int) -> dict[str, str]:
    # One broker holds one copy, and more copies than there are cannot be demanded.
    in_sync = min(topic.min_in_sync, max(1, min(topic.replication, brokers) - 1))
    return {**topic.config(), "min.insync.replicas": str(in_sync)}


def _wait_for_brokers(client: AdminClient, bootstrap: str, wanted: int) -> int:
    deadline = time.monotonic() + BROKERS_TIMEOUT_S
    while (brokers := len(_metadata(client, bootstrap).brokers)) < wanted:
        if time.monotonic() > deadline:
            raise Failure(
                f"The cluster on {bootstrap} has {brokers} brokers, not {wanted}.",
                "Start the others, or ask for fewer with --brokers.",
                ExitCode.CLUSTER_UNREACHABLE,
            )
        time.sleep(BROKERS_POLL_S)
    return brokers


def _connect(bootstrap: str, environ: Mapping[str, str] | None) -> AdminClient:
    return AdminClient({**connection(bootstrap, environ), "log_level": 0})


def _metadata(client: AdminClient, bootstrap: str) -> ClusterMetadata:
    try:
        return client.list_topics(timeout=TIMEOUT_S)
    except KafkaException as error:
        raise Failure(
            f"No Kafka cluster answers on {bootstrap}: {error.args[0].str()}.",
            "Start one with `saga dev`, or set KAFKA_BOOTSTRAP_SERVERS to the right address.",
            ExitCode.CLUSTER_UNREACHABLE,
        ) from error
