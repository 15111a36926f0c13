"""The error every command reports the same way: what is wrong, what to do next, and the exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `saga`; 2 is the shell's own convention for a wrong command line."""

    OK = 0
    CHECK_FAILED = 1
    USAGE = 2
    MACHINE_UNUSABLE = 3
    DATA_IN_USE = 4
    CLUSTER_UNREACHABLE = 5
    INTERRUPTED = 130


class Failure(Exception):
    """Something the person at the terminal can act on: shown without a traceback."""

    def __init__(self, problem: str, remedy: str, code: ExitCode = ExitCode.MACHINE_UNUSABLE) -> None:
        super().__init__(f"{problem}\n{remedy}")
        self.problem = problem
        self.remedy = remedy
        self.code = code
