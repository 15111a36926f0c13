"""The words of the language by the place where they may stand, and the words of the DSL that are not run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TOP = frozenset(
    {
        "document", "use", "input", "output", "timeout", "schedule", "do", "parameters", "milestones", "signals",
        "defaults", "migrations",
    }
)  # fmt: skip
DOCUMENT = frozenset({"dsl", "namespace", "name", "version", "title", "summary", "tags", "metadata"})
USE = frozenset({"functions", "retries", "errors", "timeouts", "fragments"})
RETRY = frozenset({"when", "exceptWhen", "delay", "backoff", "limit", "jitter", "max"})
COMPENSATE = frozenset({"call", "with", "retry", "timeout", "always", "none"})
CATCH = frozenset({"errors", "as", "when", "exceptWhen", "retry", "do"})
FORK = frozenset({"branches", "compete"})
FOR = frozenset({"each", "in", "at", "concurrency"})
LISTEN = frozenset({"to"})
TO = frozenset({"one", "any", "all"})
RUN = frozenset({"workflow", "await"})
TIMEOUT = frozenset({"after", "total", "code"})
FUNCTION = frozenset({"call", "with"})
_OF_TASKS = frozenset(
    {
        "do", "emit", "for", "fork", "listen", "raise", "run", "set", "switch", "try", "wait", "if", "input",
        "output", "export", "timeout", "then", "metadata",
    }
)  # fmt: skip

_EVERY_TASK = frozenset(
    {"if", "input", "output", "export", "timeout", "then", "metadata", "status", "depends_on"}
)  # fmt: skip
_RESULT = frozenset({"output", "export", "timeout", "then", "status"})
_STEP = frozenset({"optional", "error_strategy", "pivot"})

TASKS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "call": _EVERY_TASK | _STEP | {"call", "with", "compensate", "retry", "locks", "decision"},
        "run": _EVERY_TASK | _STEP | {"run"},
        "set": _EVERY_TASK - {"timeout"} | {"set"},
        "switch": _EVERY_TASK - _RESULT | {"switch", "decision"},
        "fork": _EVERY_TASK | {"fork", "gather"},
        "for": _EVERY_TASK | {"for", "while", "do", "gather"},
        "listen": _EVERY_TASK | {"listen"},
        "emit": _EVERY_TASK - {"timeout"} | {"emit"},
        "raise": _EVERY_TASK - _RESULT | {"raise"},
        "try": _EVERY_TASK | {"try", "catch"},
        "wait": _EVERY_TASK - {"timeout"} | {"wait"},
        "do": _EVERY_TASK - {"status"} | {"do"},
        "fragment": _EVERY_TASK - {"status"} | {"fragment", "with"},
    }
)
"""What may stand in a task, by its kind."""

KNOWN_CALLS = frozenset({"asyncapi", "grpc", "http", "openapi", "a2a", "mcp"})
"""Calls of the DSL that need no function of the document; none is run."""

_ONLY_TYPE = dict.fromkeys(
    ("id", "source", "time", "datacontenttype", "dataschema"), "Leave it out: it is filled in by the product itself"
)

CALL_ELSEWHERE = "Declare a command of a participant in use.functions and call that"


ELSEWHERE: Mapping[str, str] = MappingProxyType(
    {
        "gather": "Write it on the task, beside `fork` or `for`",
        "while": "Write it on the task, beside `for`",
        "concurrency": "Write it in `for`, beside `in`",
        "compete": "Write it in `fork`, beside `branches`",
        "branches": "Write it in `fork`",
        "await": "Write it in `run`, beside `workflow`",
        "catch": "Write it on a task with `try`",
        "retry": "Write it on a call, or in the `catch` of a try",
        "compensate": "Write it on a call: only a command is undone",
        "locks": "Write it on a call",
        "within": "Write it in `gather`",
        "least": "Write it in `gather`",
        **dict.fromkeys(("days", "hours", "minutes", "seconds", "milliseconds"), "Write it in `after`, a duration"),
        "total": "Write it in the `timeout` of a call",
        "always": "Write it in `compensate`",
    }
)
"""Words of the language by where they belong, for those who wrote them elsewhere."""

_AT_ONCE = "Leave it out: the task takes no time"
_ON_THE_NEXT = "Leave it out, and write it on the task that follows"
_TASK_OF_A_FUNCTION = "Declare a command of a participant, or write the task where it is to run"
_BY_TIMEOUT = "Leave it out, and bound the step by its timeout: after for one attempt, total for all of them"


def is_elsewhere(function: object) -> bool:
    """Tell whether a call names what no document can declare: a protocol of the DSL, or a function of a catalog."""
    return isinstance(function, str) and (function in KNOWN_CALLS or "://" in function or "@" in function)


NOT_RUN: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "top": {"evaluate": "Leave it out: expressions are jq, written as ${ ... }"},
        "use": {
            "authentications": "Give the credentials to the participant that calls the provider",
            "secrets": "Give the secrets to the participant that needs them",
            "extensions": "Write the tasks into the definition itself, or into use.fragments",
            "catalogs": "Declare the function in use.functions",
        },
        "schedule": {"on": "Start the saga by a StartSaga on saga.inputs, or write every, cron or after"},
        "schema": {"schema": "Check the data in a step of its own, such as a local function"},
        "listen": {
            "foreach": "Listen to one event at a time; after it, start a saga for each further one",
            "read": "Leave it out: the data of the event is the result",
            "until": "Name the events to wait for in one, any or all",
        },
        "filter": {
            "correlate": "Leave it out: a signal is sent to one saga, by its id",
            "subject": "Leave it out: a signal is sent to one saga, by its id",
            **_ONLY_TYPE,
        },
        "function": dict.fromkeys(sorted(_OF_TASKS), _TASK_OF_A_FUNCTION),
        "limit": {"duration": _BY_TIMEOUT},
        "attempt": {"duration": _BY_TIMEOUT},
        "error": {"instance": "Leave it out: it is the path of the step that raises the error"},
        "set": {"timeout": _AT_ONCE},
        "emit": {"timeout": _AT_ONCE},
        "wait": {"timeout": "Leave it out, and write a shorter wait"},
        "switch": {
            "timeout": _AT_ONCE,
            "output": _ON_THE_NEXT,
            "export": _ON_THE_NEXT,
            "then": "Write it in a case without `when`",
        },
        "raise": {
            "timeout": _AT_ONCE,
            "output": "Leave it out: nothing follows",
            "export": "Leave it out: nothing follows",
            "then": "Leave it out: a `try` around it tells what follows",
        },
        "event": _ONLY_TYPE,
        "run": {
            "container": "Run the program behind a participant and call it by a function",
            "script": "Run the program behind a participant and call it by a function",
            "shell": "Run the program behind a participant and call it by a function",
            "return": "Leave it out: the output of the workflow is the result",
        },
    }
)
"""Words of the DSL that are refused by name, with what to write instead, by the place where they stand."""
