"""Runs a command that the kernel kills when its parent dies: `python -IS tether.py PARENT_PID COMMAND...` (Linux).

A separate tiny program, because setting this between fork and exec inside a threaded Python parent is not safe.
On systems without prctl the command just runs, and a killed parent can leave it behind.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Bind this process to its parent, then become the command."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("the parent died before the command started")
    os.execvp(command[0], command)  # noqa: S606 - replacing this process by the given command is its purpose


if __name__ == "__main__":
    main(sys.argv[1:])
