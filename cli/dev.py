"""`saga dev`: broker, sandboxes, services, orchestrators and gateway as processes on this machine, kept alive."""

from __future__ import annotations

import asyncio
import getpass
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from cli import broker, broker_config
from cli.data_directory import DataDirectory, claim, write_state
from cli.failure import ExitCode, Failure
from cli.jars import cache_directory, ensure_jars, read_lock
from cli.java import find_java
from cli.kafka_access import grant, set_passwords
from cli.kafka_secrets import KafkaSecrets, ensure_secrets, utc_now
from cli.key_store import ensure_own_key
from cli.migrations import migrate_all
from cli.options import API_KEY_FILE
from cli.ports import LOOPBACK, free_ports, is_taken
from cli.process_table import SANDBOXES, STOP_BROKER, Installation, process_names, processes
from cli.supervisor import Process, Report, Step, Supervisor
from cli.topics import create_topics
from cli.vault_keys import ensure_vault_keys
from schemas.access import ADMIN

PORT_RELEASE_S = 3.0


@dataclass(frozen=True, slots=True)
class DevOptions:
    """What the person asked for; `cluster` is the address of a Kafka to use instead of the embedded one."""

    data: Path
    gateway_port: int
    kafka_port: int
    orchestrators: int
    reset: bool
    cluster: str | None
    auth: bool = False
    secure: bool = False
    vault: bool = False


def run_dev(options: DevOptions, report: Report) -> None:
    """Run until Ctrl-C or SIGTERM. Raises Failure when it cannot start."""
    with claim(options.data, reset=options.reset) as directory:
        require_port(options.gateway_port, "--port", "the gateway")
        secrets = _secrets(directory, options)
        installation = arranged(options, directory, secrets, os.environ)
        table: list[Step | Process] = []
        if options.cluster is None:
            require_port(options.kafka_port, "--kafka-port", "the Kafka broker")
            table += _broker(directory, options.kafka_port, secrets, report)
        table += [
            Step("topics", partial(_topics, installation, report), after=(table[-1].name,) if table else ()),
            Step("migrations", partial(migrate_all, installation.database_url)),
            *processes(installation),
        ]
        endpoints = installation.endpoints()
        supervisor = Supervisor(
            table, directory.logs, report, lambda running: write_state(directory, endpoints, running)
        )
        asyncio.run(_supervise(supervisor, partial(_announce, installation, report)))


def arranged(
    options: DevOptions, directory: DataDirectory, secrets: KafkaSecrets | None, environ: Mapping[str, str]
) -> Installation:
    """Return what the processes are made from, with keys for what is protected. Raises Failure.

    `secure` protects the gateway and personal data, too. A vault that was used once is used again: without it, the
    addresses of the orders that it sealed could not be read.
    """
    named = process_names(options.orchestrators, environ)
    ports = free_ports(len(SANDBOXES) + len(named))
    asks, seals = options.auth or options.secure, options.vault or options.secure or directory.vault.exists()
    return Installation(
        directory=directory,
        bootstrap=options.cluster or f"{LOOPBACK}:{options.kafka_port}",
        gateway_port=options.gateway_port,
        sandbox_ports=dict(zip(SANDBOXES, ports, strict=False)),
        metrics_ports=dict(zip(named, ports[len(SANDBOXES) :], strict=True)),
        orchestrators=options.orchestrators,
        environ=environ,
        keys_file=ensure_own_key(directory.root, getpass.getuser(), datetime.now(UTC)) if asks else None,
        secrets=secrets,
        vault=ensure_vault_keys(directory.vault) if seals else None,
    )


async def _supervise(supervisor: Supervisor, when_ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, supervisor.stop)
    await supervisor.run(when_ready)


def require_port(port: int, flag: str, user: str) -> None:
    """Wait until the port is free, for at most 3 s: killed processes leave theirs a moment late. Raises Failure."""
    deadline = time.monotonic() + PORT_RELEASE_S
    while is_taken(port):
        if time.monotonic() > deadline:
            raise Failure(
                f"Port {port} is taken by another program, so {user} cannot listen on it.",
                f"Stop that program (`ss -ltnp 'sport = :{port}'` names it) or choose another port with {flag}.",
            )
        time.sleep(0.05)


def _secrets(directory: DataDirectory, options: DevOptions) -> KafkaSecrets | None:
    if not options.secure:
        return None
    if options.cluster is not None:
        raise Failure(
            "--secure secures the embedded broker, and KAFKA_BOOTSTRAP_SERVERS names another cluster.",
            "Leave one of them out; docs/kafka-security.md says how to connect to a secure cluster.",
            ExitCode.USAGE,
        )
    return ensure_secrets(directory.kafka_secrets, [LOOPBACK, "localhost"], utc_now())


def _broker(directory: DataDirectory, port: int, secrets: KafkaSecrets | None, report: Report) -> list[Step | Process]:
    """Return the broker and, where it is a secure one, the step that tells it whom it may let in."""
    java = find_java(os.environ)
    jars = read_lock()
    class_path = ensure_jars(cache_directory(os.environ, jars), jars, report)
    settings = broker.prepare(directory.broker, port, java, class_path, secrets)
    address, environ = settings.bootstrap, None
    if secrets is not None and settings.secure is not None:
        address, environ = f"{LOOPBACK}:{settings.secure.internal_port}", secrets.broker_environ()
    process = Process(
        "broker",
        tuple(broker_config.run_command(java, class_path, settings)),
        os.environ,
        ready=partial(broker.answers, address, environ),
        explain=lambda log: broker.death_of_broker(log).problem,
        stop_rank=STOP_BROKER,
    )
    if secrets is None:
        return [process]
    return [process, Step("access", partial(_access, address, secrets, report), after=("broker",))]


def _access(internal: str, secrets: KafkaSecrets, report: Report) -> None:
    environ = secrets.broker_environ()
    for line in (*set_passwords(internal, secrets, environ), *grant(internal, environ)):
        report(f"access: {line}")


def _topics(installation: Installation, report: Report) -> None:
    environ = None if installation.secrets is None else installation.secrets.environ(ADMIN)
    for line in create_topics(installation.bootstrap, environ=environ):
        report(f"topics: {line}")


def _announce(installation: Installation, report: Report) -> None:
    report(f"ready: gateway {installation.gateway_url}, Kafka {installation.bootstrap}, {installation.directory.root}")
    if installation.keys_file is None:
        report("the gateway asks nobody for a key, and only this machine reaches it; --auth makes it ask")
    else:
        key = installation.directory.root / API_KEY_FILE
        report(f"the gateway asks for a key: `saga` takes {key} by itself; saga keys create makes others")
        report(f'others send it: curl -H "Authorization: Bearer $(cat {key})" {installation.gateway_url}/v1/orders')
    if installation.vault is not None:
        report(f"addresses are sealed; keys that cannot be replaced: {installation.directory.vault}")
    if installation.secrets is not None:
        file = installation.secrets.root / ADMIN / "client.env"
        report(f"Kafka lets only those in that it knows; as administrator: . {file}")
    report("Ctrl-C stops everything")
