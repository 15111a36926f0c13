"""Builds the command line that ties a child process to this process's life."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

TETHER = Path(__file__).with_name("tether.py")


def tethered(command: Sequence[str]) -> list[str]:
    """Return the command wrapped so that it dies with the process that starts it, kill -9 included (Linux).

    The kernel means the starting thread: start children from a thread that lives as long as they should.
    """
    # -I and -S keep the wrapper at about 10 ms: no site packages, no environment.
    return [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *command]
