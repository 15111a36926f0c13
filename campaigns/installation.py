"""One `saga dev` of our own: in a directory of its own, on free ports, and gone when we are."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from campaigns.address_book import AddressBook, Running, read_addresses, read_processes
from cli.ports import free_ports
from cli.tethered import tethered

_READY = "ready: gateway"
_STOP_S = 60.0
_POLL_S = 0.05


class NotStarted(Exception):
    """The installation did not come up: the message ends with what it said last."""


class Installation:
    """Starts `saga dev` and stops it by its process id. Use as a context manager; raises NotStarted."""

    def __init__(
        self,
        directory: Path,
        *,
        gateway_port: int | None = None,
        kafka_port: int | None = None,
        orchestrators: int = 1,
        flags: Sequence[str] = (),
        say: Callable[[str], None] = lambda _: None,
        timeout_s: float = 240.0,
    ) -> None:
        """Take the data directory, whose earlier contents are deleted; `say` is told every line of `saga dev`.

        `flags` are more options for it.
        """
        first, second = free_ports(2)
        self.directory = directory
        self.log = directory / "dev.log"
        self._arguments = (
            "dev", "--data", str(directory), "--reset", "--port", str(gateway_port or first),
            "--kafka-port", str(kafka_port or second), "--orchestrators", str(orchestrators), *flags,
        )  # fmt: skip
        self._say = say
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._told = 0

    def __enter__(self) -> Installation:  # noqa: PYI034 - nobody derives from it
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and return when the gateway is ready. Raises NotStarted."""
        self.directory.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "cli.app", *self._arguments]
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                tethered(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        deadline = time.monotonic() + self._timeout_s
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise NotStarted(f"saga dev did not become ready: {self._last_lines()}")
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Stop everything, as Ctrl-C would; kill it where that takes longer than a minute."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait(self) -> None:
        """Wait until `saga dev` ends by itself."""
        if self._process is not None:
            self._process.wait()

    @property
    def addresses(self) -> AddressBook:
        """Where everything can be reached."""
        return read_addresses(self.directory)

    def process(self, name: str) -> Running:
        """Return what is known of one process now. Raises KeyError."""
        return read_processes(self.directory)[name]

    def _is_ready(self) -> bool:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        whole = [line.rstrip("\n") for line in lines if line.endswith("\n")]
        for line in whole[self._told :]:
            self._say(line)
        self._told = len(whole)
        return any(_READY in line for line in whole)

    def _last_lines(self) -> str:
        return " / ".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
