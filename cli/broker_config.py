"""How the embedded broker is configured: its properties and the command line of its JVM."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.java import Java
from cli.kafka_secrets import BROKER, MECHANISM, KafkaSecrets
from cli.ports import LOOPBACK

NODE_ID = 1
HEAP = "-Xmx512m"
_SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"


@dataclass(frozen=True, slots=True)
class Secured:
    """What makes a broker refuse whoever it does not know: its files, the listener for itself, and who may do all."""

    secrets: KafkaSecrets
    internal_port: int
    administrator: str


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """One single-node KRaft broker: where its data lives and which loopback ports it listens on."""

    directory: Path
    port: int
    controller_port: int
    secure: Secured | None = None

    @property
    def bootstrap(self) -> str:
        """The address clients connect to."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def properties_file(self) -> Path:
        """The file the broker reads its properties from."""
        return self.directory / "server.properties"

    @property
    def log_directory(self) -> Path:
        """The directory that holds the topics."""
        return self.directory / "topics"


def properties(settings: BrokerSettings) -> Mapping[str, str | int]:
    """Return the broker's properties: a single node, and recovery from any death in under 5 s."""
    controller = f"{LOOPBACK}:{settings.controller_port}"
    return {
        "process.roles": "broker,controller",
        "node.id": NODE_ID,
        "controller.quorum.voters": f"{NODE_ID}@{controller}",
        "controller.listener.names": "CONTROLLER",
        **(_open(settings, controller) if settings.secure is None else _secured(settings, controller, settings.secure)),
        "log.dirs": str(settings.log_directory),
        "auto.create.topics.enable": "false",
        "num.partitions": 8,
        "default.replication.factor": 1,
        # Internal topics on one node; few partitions, because each costs files and start-up time.
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 8,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # Kafka's defaults here make a take-over last longer than the 5 s this product promises.
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1000,
        # After a kill -9 the controller refuses the broker until the dead one's session has run out.
        "broker.heartbeat.interval.ms": 200,
        "broker.session.timeout.ms": 1000,
        "controller.quorum.election.timeout.ms": 500,
        "controller.quorum.fetch.timeout.ms": 1000,
        "controlled.shutdown.enable": "false",
        # Small segments: after a kill -9 the newest segment of every partition is read again.
        "log.segment.bytes": 64 * 1024 * 1024,
        "num.recovery.threads.per.data.dir": 2,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "message.max.bytes": 1024 * 1024,
    }


def _open(settings: BrokerSettings, controller: str) -> Mapping[str, str]:
    return {
        "listeners": f"PLAINTEXT://{settings.bootstrap},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{settings.bootstrap}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    }


def _secured(settings: BrokerSettings, controller: str, secured: Secured) -> Mapping[str, str]:
    """Clients show a password, the broker itself its certificate; what no access list allows is refused."""
    internal = f"INTERNAL://{LOOPBACK}:{secured.internal_port}"
    clients = f"CLIENTS://{settings.bootstrap}"
    return {
        "listeners": f"{clients},{internal},CONTROLLER://{controller}",
        "advertised.listeners": f"{clients},{internal}",
        "listener.security.protocol.map": "CLIENTS:SASL_SSL,INTERNAL:SSL,CONTROLLER:SSL",
        "inter.broker.listener.name": "INTERNAL",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(secured.secrets.broker_store),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(secured.secrets.authority),
        "listener.name.internal.ssl.client.auth": "required",
        "listener.name.controller.ssl.client.auth": "required",
        "ssl.principal.mapping.rules": "RULE:^CN=([^,]+)$/$1/,DEFAULT",
        "sasl.enabled.mechanisms": MECHANISM,
        f"listener.name.clients.{MECHANISM.lower()}.sasl.jaas.config": f"{_SCRAM_LOGIN} required;",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": f"User:{BROKER};User:{secured.administrator}",
    }


def render(values: Mapping[str, str | int]) -> str:
    """Return the text of a Java properties file."""
    return "".join(f"{name}={str(value).replace(chr(92), chr(92) * 2)}\n" for name, value in values.items())


def format_command(java: Java, class_path: Sequence[Path], settings: BrokerSettings, cluster_id: str) -> list[str]:
    """Return the command that prepares the log directory; it changes nothing when that is done already."""
    config = str(settings.properties_file)
    return [
        *_jvm(java, class_path, ["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]),
        "kafka.tools.StorageTool",
        # In one word: an id may begin with a dash, and would be read as an option of its own.
        *("format", "--ignore-formatted", f"--cluster-id={cluster_id}", "-c", config),
    ]


def run_command(java: Java, class_path: Sequence[Path], settings: BrokerSettings) -> list[str]:
    """Return the command that runs the broker in the foreground."""
    return [
        *_jvm(java, class_path, [HEAP, "-XX:+ExitOnOutOfMemoryError", "-XX:-UsePerfData"]),
        "kafka.Kafka",
        str(settings.properties_file),
    ]


def _jvm(java: Java, class_path: Sequence[Path], flags: Sequence[str]) -> list[str]:
    return [
        str(java.executable),
        *flags,
        "-Djava.awt.headless=true",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS",
        "-cp",
        os.pathsep.join(map(str, class_path)),
    ]
