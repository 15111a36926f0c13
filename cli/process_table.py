"""The processes of one installation as data: names, commands, settings, what each waits for, the order of stopping."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from cli.data_directory import DataDirectory
from cli.kafka_secrets import KafkaSecrets
from cli.ports import LOOPBACK
from cli.supervisor import Process
from cli.vault_keys import VaultKeys
from schemas.access import ADMIN
from schemas.topics import here

PARTICIPANTS = ("payment", "inventory", "shipping", "notification", "tasks")
SANDBOXES = ("psp", "carrier", "messages")
WITH_DATABASE = (*PARTICIPANTS, "projector", "watchdog", "gateway")
PROBE_TIMEOUT_S = 1.0

# Producers of new work stop first, the broker last, so that nothing is cut off while it still has work to finish.
STOP_GATEWAY, STOP_ORCHESTRATOR, STOP_PARTICIPANTS, STOP_SANDBOXES, STOP_BROKER = range(5)


@dataclass(frozen=True, slots=True)
class Installation:
    """Everything the settings of the processes are made from; `environ` is passed on to all of them."""

    directory: DataDirectory
    bootstrap: str
    gateway_port: int
    sandbox_ports: Mapping[str, int]
    orchestrators: int
    environ: Mapping[str, str]
    metrics_ports: Mapping[str, int] = field(default_factory=dict)
    """Where each process serves its metrics, by its name; one without a port serves none."""
    keys_file: Path | None = None
    secrets: KafkaSecrets | None = None
    vault: VaultKeys | None = None

    @property
    def gateway_url(self) -> str:
        """Where clients send orders."""
        return f"http://{LOOPBACK}:{self.gateway_port}"

    def sandbox_url(self, name: str) -> str:
        """Where a provider's sandbox listens."""
        return f"http://{LOOPBACK}:{self.sandbox_ports[name]}"

    def database_url(self, name: str) -> str:
        """The SQLAlchemy address of a service's database."""
        return f"sqlite:///{self.directory.database(name)}"

    def endpoints(self) -> dict[str, object]:
        """Return the addresses that tools need, for the state file."""
        return {
            "bootstrap": self.bootstrap,
            "kafka_credentials": str(self.secrets.root / ADMIN / "client.env") if self.secrets else "",
            "gateway": self.gateway_url,
            "sandboxes": {name: self.sandbox_url(name) for name in SANDBOXES},
            "sandbox_databases": {name: str(self.directory.database(name)) for name in SANDBOXES},
            "databases": {name: self.database_url(name) for name in WITH_DATABASE},
            "metrics": {name: f"http://{LOOPBACK}:{port}/metrics" for name, port in self.metrics_ports.items()},
        }


def process_names(orchestrators: int, environ: Mapping[str, str]) -> list[str]:
    """Return the name of every process but the broker."""
    numbered = [f"orchestrator-{number}" for number in range(orchestrators)]
    webhooks = ["webhooks"] if environ.get("WEBHOOKS_FILE") else []
    return [*SANDBOXES, *PARTICIPANTS, *numbered, "projector", "watchdog", *webhooks, "gateway", "inbound"]


def processes(installation: Installation) -> list[Process]:
    """Return every process but the broker, for a table that has the steps `topics` and `migrations` above."""
    return [
        *(_sandbox(installation, name) for name in SANDBOXES),
        *(_participant(installation, name) for name in PARTICIPANTS),
        *(_orchestrator(installation, number) for number in range(installation.orchestrators)),
        _reader(installation, "projector"),
        _reader(installation, "watchdog"),
        *([_reader(installation, "webhooks")] if installation.environ.get("WEBHOOKS_FILE") else []),
        _gateway(installation),
        _inbound(installation),
    ]


def answers_ok(port: int, path: str) -> bool:
    """Tell whether a GET of the path answers 200 within a second."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _sandbox(installation: Installation, name: str) -> Process:
    port = installation.sandbox_ports[name]
    return _python(
        installation,
        name,
        f"services.sandboxes.{name}",
        {
            "HOST": LOOPBACK,
            "PORT": str(port),
            "SANDBOX_DATABASE": str(installation.directory.database(name)),
        },
        ready=partial(answers_ok, port, "/healthz"),
        stop_rank=STOP_SANDBOXES,
    )


def _participant(installation: Installation, name: str) -> Process:
    return _python(
        installation,
        name,
        f"services.{name}.app",
        {
            "DATABASE_URL": installation.database_url(name),
            "SAGA_INSTANCE": f"{name}-0",
            "PSP_URL": installation.sandbox_url("psp"),
            "CARRIER_URL": installation.sandbox_url("carrier"),
            "MESSAGES_URL": installation.sandbox_url("messages"),
            "READ_MODEL_URL": installation.database_url("projector"),
            **(installation.vault.asker(installation.gateway_url) if installation.vault and name == "shipping" else {}),
        },
        after=("topics", "migrations"),
        stop_rank=STOP_PARTICIPANTS,
    )


def _orchestrator(installation: Installation, number: int) -> Process:
    name = f"orchestrator-{number}"
    return _python(
        installation,
        name,
        "orchestrator.app",
        {"SAGA_INSTANCE": name, "SAGA_STATE_DIR": str(installation.directory.stores(name))},
        principal="orchestrator",
        after=("topics",),
        stop_rank=STOP_ORCHESTRATOR,
    )


def _reader(installation: Installation, name: str) -> Process:
    return _python(
        installation,
        name,
        f"services.{name}.app",
        {"DATABASE_URL": installation.database_url(name), "SAGA_INSTANCE": f"{name}-0"},
        after=("topics", "migrations"),
        stop_rank=STOP_PARTICIPANTS,
    )


def _gateway(installation: Installation) -> Process:
    return _python(
        installation,
        "gateway",
        "services.gateway.app",
        {
            "DATABASE_URL": installation.database_url("gateway"),
            "READ_MODEL_URL": installation.database_url("projector"),
            "HOST": LOOPBACK,
            "PORT": str(installation.gateway_port),
            **_authentication(installation.keys_file),
            **(installation.vault.keeper() if installation.vault else {}),
        },
        after=("topics", "migrations"),
        ready=partial(answers_ok, installation.gateway_port, "/readyz"),
        stop_rank=STOP_GATEWAY,
    )


def _inbound(installation: Installation) -> Process:
    return _python(
        installation,
        "inbound",
        "services.gateway.inbound.app",
        {
            "DATABASE_URL": installation.database_url("gateway"),
            "SAGA_INSTANCE": "inbound-0",
            **_authentication(installation.keys_file),
            **(installation.vault.keeper() if installation.vault else {}),
        },
        after=("topics", "migrations"),
        stop_rank=STOP_GATEWAY,
    )


def _authentication(keys_file: Path | None) -> Mapping[str, str]:
    if keys_file is None:
        return {"GATEWAY_AUTH": "off"}
    return {"GATEWAY_AUTH": "required", "GATEWAY_KEYS_FILE": str(keys_file)}


def _kafka(installation: Installation, principal: str) -> Mapping[str, str]:
    """Return what a process needs to reach Kafka; each has an identity of its own, and the sandboxes have none."""
    address = {"KAFKA_BOOTSTRAP_SERVERS": installation.bootstrap}
    if installation.secrets is None or principal in SANDBOXES:
        return address
    return {**address, **installation.secrets.environ(here(principal))}


def _python(
    installation: Installation,
    name: str,
    module: str,
    settings: Mapping[str, str],
    *,
    stop_rank: int,
    principal: str | None = None,
    after: tuple[str, ...] = (),
    ready: Callable[[], bool] | None = None,
) -> Process:
    environ = {**installation.environ, **_kafka(installation, principal or name), **settings}
    port = installation.metrics_ports.get(name)
    if port is not None:
        environ["METRICS_PORT"] = str(port)
    return Process(name, (sys.executable, "-m", module), environ, after=after, ready=ready, stop_rank=stop_rank)
