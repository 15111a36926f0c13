"""Deploys definitions and reads what is deployed: the one writer of saga.definitions."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from confluent_kafka import KafkaException

from orchestrator.core.definition import Definition
from orchestrator.definitions import library
from orchestrator.definitions.arming import arming
from orchestrator.definitions.deployed import Deployed, NoDeployment, read_deployed
from orchestrator.definitions.registry import Version, VersionTaken, compiled, load
from orchestrator.definitions.validation import Located, validate
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

TRANSACTIONAL_ID = topics.here("sagaline.definitions")
"""One for all deployers of a cluster: whoever begins later waits for, or ends, the transaction of the one before."""

SHIPPED_ACTOR = "sagaline"
_SOURCE = "deployment"
_ATTEMPTS = 8
_PAUSE_S = 0.1
_END_S = 10.0
_COMMIT_S = 10.0
_INIT_S = 15.0
_PARTITION = TopicPartition(topics.DEFINITIONS.name, 0)


class NotDeployed(Exception):
    """Kafka did not confirm the deployment: the version may be there or not; the same request may be repeated."""


class Invalid(ValueError):
    """The text is no definition that may be deployed; `findings` say all that is wrong with it, and where."""

    def __init__(self, findings: Sequence[Located]) -> None:
        super().__init__("; ".join(one.finding.problem for one in findings))
        self.findings = findings


class Outcome(NamedTuple):
    """What a deployment came to; `is_new` is false where the same document was there already."""

    deployed: Deployed
    is_new: bool


class Deployments(Protocol):
    """Where definitions are deployed. Every call blocks."""

    def deploy(self, text: str, actor: str, reason: str) -> Outcome:
        """Deploy a definition as it was written. Raises Invalid, VersionTaken, NotDeployed."""

    def versions(self) -> Mapping[tuple[str, int], Deployed]:
        """Return every version there is by name and major version, shipped ones included. Raises NotDeployed."""

    def knows(self, name: str, version: int | None) -> bool:
        """Tell whether there is a version, or any at all where none is named. Raises NotDeployed."""


def checked(text: str) -> Version:
    """Return the version that a text, YAML or JSON, is. Raises Invalid."""
    versions: list[Version] = []

    def compile_document(document: Any) -> Definition:
        versions.append(compiled(document))
        return versions[0].definition

    verdict = validate(text, compile_document, library.shipped())
    if verdict.errors or not versions:
        raise Invalid(verdict.errors)
    return versions[0]


@cache
def shipped() -> Mapping[tuple[str, int], Deployed]:
    """Return the versions that come with the package, deployed at time 0."""
    return {version.pin: deployed_of(version, 0, SHIPPED_ACTOR, "shipped") for version in load(None, {}).versions()}


@cache
def local_pins(directory: Path | None) -> frozenset[tuple[str, int]]:
    """Return name and major version of what orchestrators have without a deployment. Raises DefinitionError."""
    return frozenset(version.pin for version in load(directory, {}).versions())


def _is_in(pins: Collection[tuple[str, int]], name: str, version: int | None) -> bool:
    return (name, version) in pins if version is not None else any(known == name for known, _ in pins)


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
    """Deployments on a cluster. Any thread may call."""

    def __init__(
        self,
        bootstrap: str,
        client: str,
        codec: Codec,
        now_ms: Callable[[], int],
        chance: Callable[[], float],
        directory: Path | None = None,
    ) -> None:
        """Connect when asked; `chance`, from 0 to 1, keeps deployers that met from meeting again.

        `directory` has definitions that orchestrators load and nobody deploys.
        """
        self._directory = directory
        self._config = KafkaConfig(
            bootstrap, "definitions", client, init_timeout_s=_INIT_S, linger_ms=0, extra={"log_level": 0}
        )
        self._codec = codec
        self._now_ms = now_ms
        self._chance = chance
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._reading: _Reading | None = None

    def versions(self) -> Mapping[tuple[str, int], Deployed]:
        """Return every version there is by name and major version, shipped ones included. Raises NotDeployed."""
        with self._lock:
            if self._reading is None:
                self._reading = _Reading(self._config)
            return self._reading.versions()

    def knows(self, name: str, version: int | None) -> bool:
        """Tell whether there is a version, or any at all where none is named; what was read once needs no Kafka.

        Raises NotDeployed.
        """
        if _is_in(local_pins(self._directory), name, version):
            return True
        with self._lock:
            if self._reading is not None and _is_in(self._reading.found, name, version):
                return True
        return _is_in(self.versions(), name, version)

    def close(self) -> None:
        """Leave no thread behind."""
        with self._lock:
            if self._reading is not None:
                self._reading.close()
                self._reading = None

    def deploy(self, text: str, actor: str, reason: str) -> Outcome:
        """Deploy a definition as it was written. Raises Invalid, VersionTaken, NotDeployed.

        Deployers take turns by their common transactional id: each ends the open transaction of the one before, then
        reads what is deployed, then writes. The one that was put out begins anew, and so does one that does not know
        what became of its commit: it finds its own version there, or not.
        """
        wanted = deployed_of(checked(text), self._now_ms(), actor, reason)
        with self._turn, closing(_Reading(self._config)) as reading:
            return self._deploy(wanted, reading)

    def _deploy(self, wanted: Deployed, reading: _Reading) -> Outcome:
        problem = ""
        for attempt in range(_ATTEMPTS):
            known = reading.versions()
            if plan(wanted, known, self._codec) is None:
                held = known[wanted.name, wanted.version]
                return Outcome(held, is_new=bool(problem) and held == wanted)
            try:
                return self._take_turn(wanted, reading)
            except KafkaException as error:
                problem = kafka_error(error).str()
                _log.info("deploying %s again: %s", wanted.name, problem)
            except Fatal as error:
                raise NotDeployed(str(error)) from error
            time.sleep(_PAUSE_S * 2**attempt * self._chance())
        raise NotDeployed(f"{_ATTEMPTS} attempts failed, the last: {problem}")

    def _take_turn(self, wanted: Deployed, reading: _Reading) -> Outcome:
        """Write the version unless somebody else did meanwhile. Raises VersionTaken, KafkaException, Fatal."""
        producer = open_producer(self._config, TRANSACTIONAL_ID)
        known = reading.versions()
        planned = plan(wanted, known, self._codec)
        if planned is None:
            return Outcome(known[wanted.name, wanted.version], is_new=False)
        deployed, armed = planned
        producer.begin_transaction()
        producer.produce(topics.DEFINITIONS.name, deployed.value(), deployed.key, 0)
        if armed is not None:
            producer.produce(armed.topic, armed.value, armed.key, headers=armed.headers)  # type: ignore[arg-type]  # list is invariant, its use here is not
        producer.commit_transaction(_COMMIT_S)
        return Outcome(deployed, is_new=True)


class _Reading:
    """What is deployed, as far as it was read. Not thread-safe."""

    def __init__(self, config: KafkaConfig) -> None:
        self._follower = KafkaFollower(config, _PARTITION)
        self.found: dict[tuple[str, int], Deployed] = {}

    def versions(self) -> Mapping[tuple[str, int], Deployed]:
        """Return every version there is now, shipped ones included. Raises NotDeployed."""
        try:
            if not self.found:
                self._follower.check(_END_S)
            records = self._follower.take_to_end(_END_S)
        except (Fatal, EndNotReached) as error:
            raise NotDeployed(f"{topics.DEFINITIONS.name} cannot be read: {error}") from error
        for record in records:
            if record.value is not None:
                self._take(record.key, record.value)
        return {**shipped(), **self.found}

    def _take(self, key: bytes | None, value: bytes) -> None:
        try:
            deployed = read_deployed(key, value)
        except NoDeployment as error:
            _log.warning("skipped a record: %s", error)
            return
        self.found.setdefault((deployed.name, deployed.version), deployed)

    def close(self) -> None:
        """Leave no thread behind."""
        self._follower.close()
