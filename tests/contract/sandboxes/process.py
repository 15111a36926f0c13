"""A sandbox process and a client that speaks to it over its port."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

START_S = 60.0


class Reply(NamedTuple):
    """An HTTP answer with its JSON body."""

    status: int
    body: Any


class Sandbox:
    """One sandbox, which can be killed and started again on the same ledger."""

    def __init__(self, name: str, database: Path, **settings: str) -> None:
        self._name = name
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._environment = {**os.environ, "SANDBOX_DATABASE": str(database), "PORT": str(self.port), **settings}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process and wait until it is healthy."""
        command = [sys.executable, "-m", f"services.sandboxes.{self._name}"]
        self.process = subprocess.Popen(command, env=self._environment)
        deadline = time.monotonic() + START_S
        while True:
            try:
                if self.call("GET", "/healthz").status == 200:
                    return
            except OSError:
                assert self.process.poll() is None, "the sandbox ended"
                assert time.monotonic() < deadline, "the sandbox does not answer"
                time.sleep(0.02)

    def kill(self) -> None:
        """End the process with SIGKILL."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def terminate(self) -> int:
        """End the process with SIGTERM and return its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=START_S)

    def call(
        self, method: str, path: str, body: object = None, key: str | None = None, patience_s: float = 10.0
    ) -> Reply:
        """Make one request. Raises TimeoutError when there is no answer in time, OSError without a connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience_s)
        headers: Mapping[str, str] = {} if key is None else {"Idempotency-Key": key}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return Reply(answer.status, json.loads(answer.read()))
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def script(self, **rule: object) -> None:
        """Add a fault script."""
        added = self.call("POST", "/v1/faults", rule)
        assert added.status == 201, added
