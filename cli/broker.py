"""The embedded Kafka broker as a child process: prepared, started, usable, stopped."""

from __future__ import annotations

import base64
import os
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from cli import broker_config
from cli.broker_config import BrokerSettings, Secured
from cli.failure import Failure
from cli.jars import cache_directory, ensure_jars, free_bytes, read_lock
from cli.java import Java, find_java
from cli.kafka_secrets import KafkaSecrets
from cli.ports import free_ports, is_taken
from cli.tethered import tethered
from schemas.access import ADMIN
from streams.kafka_security import connection

READY_TIMEOUT_S = 60.0
FORMAT_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
METADATA_TIMEOUT_S = 1.0
FREE_BYTES_NEEDED = 512 * 1024 * 1024
LOG_TAIL_BYTES = 200_000

Report = Callable[[str], None]


class EmbeddedBroker:
    """A single-node Kafka in one child process; a context manager that gives the bootstrap address.

    Everything lives under `directory`; starting again on it finds the topics of before. The process dies with the
    thread that started it. Not thread-safe.
    """

    def __init__(self, directory: Path, port: int | None = None, report: Report = lambda _: None) -> None:
        """Take the data directory and the port to listen on; without a port a free one is chosen."""
        self._directory = directory
        self._fixed_port = port
        self._report = report
        self._process: subprocess.Popen[bytes] | None = None
        self._settings: BrokerSettings | None = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The process id of the running broker."""
        return self._process.pid if self._process else None

    def start(self) -> str:
        """Start the broker and return its bootstrap address once it answers. Raises Failure with the reason."""
        port = self._fixed_port or (self._settings.port if self._settings else free_ports(1)[0])
        java = find_java(os.environ)
        jars = read_lock()
        class_path = ensure_jars(cache_directory(os.environ, jars), jars, self._report)
        self._settings = prepare(self._directory, port, java, class_path)
        log = self._directory / "broker.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                tethered(broker_config.run_command(java, class_path, self._settings)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        process = self._process
        wait_until_usable(self._settings.bootstrap, log, lambda: process.poll() is None)
        return self._settings.bootstrap

    def stop(self) -> None:
        """Stop the broker in order; after 15 s without an answer, kill it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """Kill the broker as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def prepare(
    directory: Path, port: int, java: Java, class_path: Sequence[Path], secrets: KafkaSecrets | None = None
) -> BrokerSettings:
    """Write the broker's properties and, the first time, format its log directory. Raises Failure.

    With `secrets` the broker encrypts and asks everybody for a password. Refuses a taken port and a file system with
    less than 512 MB free: a broker dies in worse ways later.
    """
    if is_taken(port):
        raise Failure(
            f"Port {port} is taken by another program, so the Kafka broker cannot listen on it.",
            f"Stop that program (`ss -ltnp 'sport = :{port}'` names it) or choose another port with --kafka-port.",
        )
    if free_bytes(directory) < FREE_BYTES_NEEDED:
        raise Failure(
            f"The file system of {directory} has only {free_bytes(directory) // 2**20} MB free; the Kafka broker "
            f"needs {FREE_BYTES_NEEDED // 2**20} MB.",
            "Free space there, or choose another directory with --data.",
        )
    controller_port, internal_port = free_ports(2)
    secured = None if secrets is None else Secured(secrets, internal_port, ADMIN)
    settings = BrokerSettings(directory.resolve(), port, controller_port, secured)
    settings.log_directory.mkdir(parents=True, exist_ok=True)
    settings.properties_file.write_text(broker_config.render(broker_config.properties(settings)), encoding="utf-8")
    if not (settings.log_directory / "meta.properties").exists():
        _format(settings, java, class_path)
    return settings


def wait_until_usable(bootstrap: str, log: Path, alive: Callable[[], bool], timeout_s: float = READY_TIMEOUT_S) -> None:
    """Wait until the broker answers a metadata request with itself in it. Raises Failure when it dies or never does."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if answers(bootstrap):
            return
        if not alive():
            raise death_of_broker(log)
    raise Failure(f"The Kafka broker did not answer on {bootstrap} within {timeout_s:.0f} s.", f"Read {log}.")


def answers(bootstrap: str, environ: Mapping[str, str] | None = None) -> bool:
    """Ask the broker for its metadata, for at most a second; True when it is registered and usable.

    `environ` says who asks; without it, the process's own environment. Raises SecurityUnusable.
    """
    # confluent_kafka takes 60 ms to import; most commands never ask.
    from confluent_kafka import KafkaException  # noqa: PLC0415 - see above
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415 - see above

    client = AdminClient(
        {
            **connection(bootstrap, environ),
            "reconnect.backoff.ms": 20,
            "reconnect.backoff.max.ms": 100,
            "socket.connection.setup.timeout.ms": 1000,
            "log_level": 0,
        }
    )
    try:
        return bool(client.list_topics(timeout=METADATA_TIMEOUT_S).brokers)
    except KafkaException:
        return False


def death_of_broker(log: Path) -> Failure:
    """Return the error that explains a dead broker from the end of its log."""
    text = _tail(log)
    if "No space left on device" in text:
        return Failure(
            f"The disk under {log.parent} is full, so the Kafka broker stopped.", "Free space there and start again."
        )
    if "Address already in use" in text:
        return Failure("Another program took the Kafka broker's port.", "Choose another one with --kafka-port.")
    last = next((line for line in reversed(text.splitlines()) if "ERROR" in line or "Exception" in line), "no error")
    return Failure(f"The Kafka broker stopped: {last.strip()[:300]}", f"Read {log}.")


def _tail(log: Path) -> str:
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - LOG_TAIL_BYTES))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _format(settings: BrokerSettings, java: Java, class_path: Sequence[Path]) -> None:
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
    try:
        done = subprocess.run(
            broker_config.format_command(java, class_path, settings, cluster_id),
            capture_output=True,
            text=True,
            timeout=FORMAT_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Failure(
            f"Formatting {settings.log_directory} took longer than {FORMAT_TIMEOUT_S:.0f} s.",
            "The machine is very busy: try again.",
        ) from error
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines() or ["it said nothing"]
        raise Failure(
            f"{settings.log_directory} could not be formatted for Kafka: {lines[-1][:300]}",
            "Choose another directory with --data, or start afresh with --reset.",
        )
