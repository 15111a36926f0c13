"""Deploys definitions and reads what is deployed: the one writer of saga.definitions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from confluent_kafka import KafkaException, Producer

from orchestrator.definitions.arming import arming
from orchestrator.definitions.deployed import Deployed, NoDeployment, read_deployed
from orchestrator.definitions.registry import Version, VersionTaken, compiled, load
from schemas import topics
from schemas.cloudevents import rfc3339
from schemas.codec import Codec
from streams.errors import Fatal
from streams.kafka_config import KafkaConfig
from streams.kafka_errors import kafka_error
from streams.kafka_follower import EndNotReached, KafkaFollower
from streams.kafka_transactions import open_producer
from streams.record import Outgoing, TopicPartition

_log = logging.getLogger(__name__)

TRANSACTIONAL_ID = "sagaline.definitions"
"""One for all deployers of a cluster: whoever begins later waits for, or ends, the transaction of the one before."""

SHIPPED_ACTOR = "sagaline"
_SOURCE = "deployment"
_ATTEMPTS = 5
_END_S = 10.0
_COMMIT_S = 10.0
_INIT_S = 15.0
_PARTITION = TopicPartition(topics.DEFINITIONS.name, 0)


class NotDeployed(Exception):
    """Kafka did not confirm the deployment: the version may be there or not; the same request may be repeated."""


class Outcome(NamedTuple):
    """What a deployment came to; `is_new` is false where the same document was there already."""

    deployed: Deployed
    is_new: bool


class Deployments(Protocol):
    """Where definitions are deployed. Every call blocks."""

    def deploy(self, document: Any, actor: str, reason: str) -> Outcome:
        """Deploy a document. Raises DefinitionError, VersionTaken, NotDeployed."""

    def versions(self) -> Mapping[tuple[str, int], Deployed]:
        """Return every version there is by name and major version, shipped ones included. Raises NotDeployed."""


def shipped() -> dict[tuple[str, int], Deployed]:
    """Return the versions that come with the package, deployed at time 0."""
    return {version.pin: deployed_of(version, 0, SHIPPED_ACTOR, "shipped") for version in load(None, {}).versions()}


def deployed_of(version: Version, at_ms: int, actor: str, reason: str) -> Deployed:
    """Return the deployment of a version."""
    name, major = version.pin
    return Deployed(name, major, version.semver, version.document, version.sha256, at_ms, actor, reason)


def view(deployed: Deployed) -> dict[str, Any]:
    """Return what is shown of a version beside its document."""
    return {
        "name": deployed.name,
        "version": deployed.version,
        "semver": deployed.semver,
        "sha256": deployed.sha256,
        "schedule": deployed.document.get("schedule"),
        "shipped": deployed.deployed_at == 0,
        "deployed_at": rfc3339(deployed.deployed_at) if deployed.deployed_at else None,
        "actor": deployed.actor,
        "reason": deployed.reason,
    }


def plan(
    wanted: Deployed, known: Mapping[tuple[str, int], Deployed], codec: Codec
) -> tuple[Deployed, Outgoing | None] | None:
    """Return what a deployment writes, None where the version is there already. Raises VersionTaken.

    The newest version decides about the schedule: one without a schedule ends the schedule of the versions before.
    """
    held = known.get((wanted.name, wanted.version))
    if held is not None:
        if held.sha256 == wanted.sha256:
            return None
        raise VersionTaken(
            f"{wanted.name} version {wanted.version} is deployed already, as {held.semver}, with another document: "
            f"give this one the version {max(version for name, version in known if name == wanted.name) + 1}.0.0"
        )
    others = [one for (name, _), one in known.items() if name == wanted.name]
    is_newest = all(one.version < wanted.version for one in others)
    if not is_newest or not any("schedule" in one.document for one in (wanted, *others)):
        return wanted, None
    return wanted, arming(codec, wanted.name, wanted.version, wanted.document, _SOURCE, wanted.deployed_at)


class KafkaDeployments:
    """Deployments on a cluster. Not thread-safe; holds nothing between two calls."""

    def __init__(self, bootstrap: str, client: str, codec: Codec, now_ms: Callable[[], int]) -> None:
        self._config = KafkaConfig(
            bootstrap, "definitions", client, init_timeout_s=_INIT_S, linger_ms=0, extra={"log_level": 0}
        )
        self._codec = codec
        self._now_ms = now_ms

    def versions(self) -> Mapping[tuple[str, int], Deployed]:
        """Return every version there is by name and major version, shipped ones included. Raises NotDeployed."""
        follower = KafkaFollower(self._config, _PARTITION)
        try:
            follower.check(_END_S)
            records = follower.take_to_end(_END_S)
        except (Fatal, EndNotReached) as error:
            raise NotDeployed(f"{topics.DEFINITIONS.name} cannot be read: {error}") from error
        finally:
            follower.close()
        found: dict[tuple[str, int], Deployed] = {}
        for record in records:
            if record.value is None:
                continue
            try:
                deployed = read_deployed(record.key, record.value)
            except NoDeployment as error:
                _log.warning("skipped a record: %s", error)
                continue
            found.setdefault((deployed.name, deployed.version), deployed)
        return {**found, **shipped()}

    def deploy(self, document: Any, actor: str, reason: str) -> Outcome:
        """Deploy a document. Raises DefinitionError, VersionTaken, NotDeployed.

        Deployers take turns by their common transactional id: each ends the open transaction of the one before, then
        reads what is deployed, then writes. The one that was put out begins anew, and so does one that does not know
        what became of its commit: it finds its own version there, or not.
        """
        wanted = deployed_of(compiled(document), self._now_ms(), actor, reason)
        problem = ""
        for _ in range(_ATTEMPTS):
            try:
                return self._attempt(wanted, problem)
            except KafkaException as error:
                problem = kafka_error(error).str()
                _log.warning("deploying %s again: %s", wanted.name, problem)
            except Fatal as error:
                raise NotDeployed(str(error)) from error
        raise NotDeployed(f"{_ATTEMPTS} attempts failed, the last: {problem}")

    def _attempt(self, wanted: Deployed, problem: str) -> Outcome:
        producer = open_producer(self._config, TRANSACTIONAL_ID)
        known = self.versions()
        planned = plan(wanted, known, self._codec)
        if planned is None:
            held = known[wanted.name, wanted.version]
            return Outcome(held, is_new=bool(problem) and held == wanted)
        deployed, armed = planned
        self._write(producer, deployed, armed)
        return Outcome(deployed, is_new=True)

    def _write(self, producer: Producer, deployed: Deployed, armed: Outgoing | None) -> None:
        producer.begin_transaction()
        producer.produce(topics.DEFINITIONS.name, deployed.value(), deployed.key, 0)
        if armed is not None:
            producer.produce(armed.topic, armed.value, armed.key, headers=armed.headers)  # type: ignore[arg-type]  # list is invariant, its use here is not
        producer.commit_transaction(_COMMIT_S)
