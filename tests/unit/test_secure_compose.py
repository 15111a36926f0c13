"""docker-compose.secure.yml: every process has the identity that the access list knows, the broker the same locks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from cli.broker_config import BrokerSettings, Secured, properties
from cli.kafka_secrets import KafkaSecrets
from schemas.access import ACCESS, ADMIN

ROOT = Path(__file__).parents[2]
OUTSIDE = frozenset({"shop"})
"""Principals of programs that are not ours."""
KEEPS = {"vault-master", "vault-reader"}
VAULT = {"gateway": KEEPS, "inbound": KEEPS, "shipping": {"vault-reader"}}
LOCKS = (
    "authorizer.class.name",
    "allow.everyone.if.no.acl.found",
    "super.users",
    "sasl.enabled.mechanisms",
    "ssl.principal.mapping.rules",
    "ssl.keystore.type",
    "ssl.truststore.type",
    "inter.broker.listener.name",
    "listener.name.internal.ssl.client.auth",
    "listener.name.controller.ssl.client.auth",
    "listener.name.clients.scram-sha-512.sasl.jaas.config",
)


def services(name: str) -> dict[str, Any]:
    found = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))["services"]
    assert isinstance(found, dict)
    return found


def variable(name: str) -> str:
    """Return the name that the image knows a property by."""
    return "KAFKA_" + name.replace("_", "__").replace("-", "___").replace(".", "_").upper()


def test_every_process_has_its_own_identity_and_sees_its_own_secrets_alone() -> None:
    secure = services("docker-compose.secure.yml")
    for principal in {access.principal for access in ACCESS} - OUTSIDE:
        service = secure[principal]
        assert service["environment"]["KAFKA_SASL_USERNAME"] == principal
        assert service["environment"]["KAFKA_SECURITY_PROTOCOL"] == "SASL_SSL"
        seen = {volume.split(":")[0].rpartition("/")[2] for volume in service["volumes"]}
        assert principal in seen
        assert seen - {principal} == VAULT.get(principal, set())
    assert secure["tools"]["environment"]["KAFKA_SASL_USERNAME"] == ADMIN


def test_no_process_that_talks_to_kafka_was_forgotten() -> None:
    connected = {
        name
        for name, service in services("docker-compose.yml").items()
        if "KAFKA_BOOTSTRAP_SERVERS" in service.get("environment", {})
    }

    assert connected <= services("docker-compose.secure.yml").keys()


def test_the_broker_has_the_locks_of_the_embedded_one() -> None:
    embedded = properties(BrokerSettings(Path("/k"), 1, 2, Secured(KafkaSecrets(Path("/s")), 3, ADMIN)))
    environment = services("docker-compose.secure.yml")["kafka"]["environment"]

    assert {name: environment[variable(name)].replace("$$", "$") for name in LOCKS} == {
        name: str(embedded[name]) for name in LOCKS
    }
    protocols = dict(pair.split(":") for pair in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    assert set(protocols.values()) == {"SASL_SSL", "SSL"}
