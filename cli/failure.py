"""The error every command reports the same way: what is wrong, what to do next, and the exit code."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `saga`, the same for every command; `MEANINGS` says them in words."""

    OK = 0
    CHECK_FAILED = 1
    USAGE = 2
    MACHINE_UNUSABLE = 3
    DATA_IN_USE = 4
    CLUSTER_UNREACHABLE = 5
    TIME_IS_UP = 6
    INTERRUPTED = 130
    OUTPUT_CLOSED = 141


MEANINGS = {
    ExitCode.OK: "done",
    ExitCode.CHECK_FAILED: "a check failed, the gateway refused, or what was waited for ended in another way",
    ExitCode.USAGE: "wrong command line",
    ExitCode.MACHINE_UNUSABLE: "this machine lacks something",
    ExitCode.DATA_IN_USE: "the data directory is in use",
    ExitCode.CLUSTER_UNREACHABLE: "no gateway or Kafka cluster answers",
    ExitCode.TIME_IS_UP: "what was waited for had not come in time",
    ExitCode.INTERRUPTED: "interrupted with Ctrl-C",
    ExitCode.OUTPUT_CLOSED: "the reader of the output went away",
}
"""What a program may conclude from an exit code."""


class Failure(Exception):
    """Something the person at the terminal can act on: shown without a traceback."""

    def __init__(self, problem: str, remedy: str, code: ExitCode = ExitCode.MACHINE_UNUSABLE) -> None:
        super().__init__(f"{problem}\n{remedy}")
        self.problem = problem
        self.remedy = remedy
        self.code = code
