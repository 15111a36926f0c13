"""The data directory of `saga dev`: who uses it, where things are in it, and what runs on it right now."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from cli.failure import ExitCode, Failure
from cli.supervisor import Status

STATE_FILE = "dev.json"
LOCK_FILE = "dev.lock"


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Paths under one data directory; all absolute."""

    root: Path

    @property
    def broker(self) -> Path:
        """Where Kafka keeps its properties and topics."""
        return self.root / "kafka"

    @property
    def kafka_secrets(self) -> Path:
        """Where the certificates and passwords of a secure Kafka are; they outlive --reset."""
        return self.root / "kafka-secrets"

    @property
    def vault(self) -> Path:
        """Where the keys of the vault of personal data are; they outlive --reset."""
        return self.root / "vault"

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.root / "logs"

    @property
    def state_file(self) -> Path:
        """The JSON file that says what runs: see `write_state`."""
        return self.root / STATE_FILE

    def database(self, name: str) -> Path:
        """The SQLite file of a service or sandbox."""
        return self.root / "databases" / f"{name}.sqlite"

    def stores(self, instance: str) -> Path:
        """Where an orchestrator keeps the state stores of its partitions."""
        return self.root / "state" / instance


@contextmanager
def claim(root: Path, *, reset: bool) -> Iterator[DataDirectory]:
    """Hold the directory for this process, emptied first with `reset`. Raises Failure when another process has it.

    The claim is a file lock: the kernel drops it when the process dies, however it dies.
    """
    directory = DataDirectory(root.resolve())
    _make(directory)
    lock_path = directory.root / LOCK_FILE
    with lock_path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise Failure(
                f"Another `saga dev` (process {lock.read().strip() or 'unknown'}) is running on {directory.root}.",
                "Stop it, or give this one another directory with --data and other ports.",
                ExitCode.DATA_IN_USE,
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        if reset:
            _empty(directory)
        for path in (directory.broker, directory.logs, directory.database("x").parent):
            path.mkdir(parents=True, exist_ok=True)
        yield directory


def write_state(directory: DataDirectory, endpoints: Mapping[str, object], processes: Mapping[str, Status]) -> None:
    """Replace the state file: `{"supervisor": pid, ...endpoints, "processes": {name: {pid, started_ms, ...}}}`."""
    state = {
        "supervisor": os.getpid(),
        **endpoints,
        "processes": {name: asdict(status) for name, status in sorted(processes.items())},
    }
    draft = directory.state_file.with_suffix(".json.new")
    draft.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
    draft.replace(directory.state_file)


def read_state(root: Path) -> dict[str, object]:
    """Return the state file of the `saga dev` that runs, or last ran, on the directory. Raises Failure without one."""
    path, remedy = root / STATE_FILE, "Start one, or name its directory with --data."
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        problem = f"{path} does not exist: no `saga dev` has run on {root}."
        raise Failure(problem, remedy, ExitCode.CLUSTER_UNREACHABLE) from error
    except (OSError, ValueError) as error:
        raise Failure(f"{path} cannot be read: {error}.", remedy, ExitCode.CLUSTER_UNREACHABLE) from error
    if not isinstance(state, dict):
        raise Failure(f"{path} is not what `saga dev` wrote.", remedy, ExitCode.CLUSTER_UNREACHABLE)
    return state


def _make(directory: DataDirectory) -> None:
    try:
        directory.root.mkdir(parents=True, exist_ok=True)
        (directory.root / LOCK_FILE).touch()
    except OSError as error:
        raise Failure(
            f"The data directory {directory.root} cannot be written: {error.strerror}.", "Choose another with --data."
        ) from error


def _empty(directory: DataDirectory) -> None:
    """Delete what this program made there, and nothing else: somebody may have named the wrong directory."""
    for name in ("kafka", "logs", "databases", "state"):
        shutil.rmtree(directory.root / name, ignore_errors=True)
    directory.state_file.unlink(missing_ok=True)
