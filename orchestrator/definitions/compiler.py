"""Compiling a definition document to the core's graph: every name is resolved here and nowhere later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.core.definition import (
    Call,
    Case,
    Compensation,
    Compute,
    Definition,
    End,
    Fork,
    Join,
    LateSignal,
    Listen,
    Local,
    Milestones,
    Node,
    Raise,
    RetryPolicy,
    Switch,
)
from orchestrator.definitions.document import duration_ms, mapping, milestone, milestones_of, retry_policy, text
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import arguments, export_name, predicate, projection
from orchestrator.definitions.graph import check, followers

END = "end"
DEFAULT_TIMEOUT_MS = 30_000

_TOP = ("document", "use", "timeout", "parameters", "milestones", "signals", "do")
_STEP = ("with", "output", "export", "timeout", "retry", "status", "compensate", "optional", "then")
_CALL = ("call", *_STEP)


def compile_definition(document: Any, functions: Mapping[str, Compute]) -> Definition:
    """Compile a document; `functions` are the local ones it may call. Raises DefinitionError."""
    top = mapping(document, "definition", _TOP, ("document", "milestones", "do"))
    head = mapping(
        top["document"], "document", ("dsl", "namespace", "name", "version", "title"), ("dsl", "name", "version")
    )
    use = mapping(top.get("use", {}), "use", ("functions", "retries"))
    retries = {name: retry_policy(policy, f"use.retries.{name}") for name, policy in use.get("retries", {}).items()}
    compiler = _Compiler(use.get("functions", {}), retries, functions)
    entry = compiler.sequence(top["do"], "do", END)
    compiler.add(End(END), "do")
    definition = Definition(
        name=text(head["name"], "document.name"),
        version=_major(head["version"]),
        entry=entry,
        nodes=compiler.nodes,
        deadline_ms=duration_ms(top["timeout"]["after"], "timeout.after") if "timeout" in top else None,
        exports=compiler.exports,
        late_signals={name: _late(name, value) for name, value in top.get("signals", {}).items()},
        milestones=_milestones(top["milestones"]),
        parameters=dict(top.get("parameters", {})),
    )
    check(definition)
    return definition


def _major(value: Any) -> int:
    """Return the version by which sagas are pinned: the major part of the document's semantic version."""
    major = text(value, "document.version").split(".")[0]
    if not major.isdecimal() or int(major) < 1:
        raise DefinitionError("document.version", "must be a semantic version from 1.0.0 on")
    return int(major)


def _milestones(value: Any) -> Milestones:
    names = ("started", "compensating", "completed", "revoked", "suspended")
    parts = mapping(value, "milestones", names, names)
    return Milestones(**{name: milestone(parts[name], f"milestones.{name}") for name in names})


def _late(name: str, value: Any) -> LateSignal:
    where = f"signals.{name}"
    parts = mapping(value, where, ("after", "lifecycle"), ("after", "lifecycle"))
    edge = mapping(parts["lifecycle"], f"{where}.lifecycle", ("from", "to"), ("from", "to"))
    return LateSignal(name, frozenset(parts["after"]), edge["from"], edge["to"])


class _Compiler:
    """Collects the nodes of one document."""

    def __init__(
        self, commands: Mapping[str, Any], retries: Mapping[str, RetryPolicy], local: Mapping[str, Compute]
    ) -> None:
        self.nodes: dict[str, Node] = {}
        self.exports: dict[str, str] = {}
        self._commands = commands
        self._retries = retries
        self._local = local

    def add(self, node: Node, where: str) -> None:
        if node.name in self.nodes or ":" in node.name or "/" in node.name:
            raise DefinitionError(f"{where}.{node.name}", "the name is taken, or holds ':' or '/'")
        self.nodes[node.name] = node

    def sequence(self, tasks: Any, where: str, after: str) -> str:
        """Compile tasks in order, the last of which goes on to `after`. Returns the name of the first."""
        if not isinstance(tasks, list) or not tasks:
            raise DefinitionError(where, "must be a list of tasks")
        named = [_named(task, f"{where}[{index}]") for index, task in enumerate(tasks)]
        for index, (name, task) in enumerate(named):
            following = named[index + 1][0] if index + 1 < len(named) else after
            self._task(name, task, f"{where}.{name}", following)
        return named[0][0]

    def _task(self, name: str, task: Mapping[str, Any], where: str, following: str) -> None:
        then = task.get("then", following)
        if "export" in task:
            export = mapping(task["export"], f"{where}.export", ("as",), ("as",))
            self.exports[name] = export_name(export["as"], f"{where}.export.as")
        if "call" in task:
            node = self._call(name, mapping(task, where, _CALL), where, then)
        elif "set" in task:
            parts = mapping(task, where, ("set", "export", "status", "then"))
            _, on_end = milestones_of(parts.get("status"), f"{where}.status")
            node = Local(name, arguments(parts["set"], f"{where}.set"), on_end, then)
        elif "switch" in task:
            node = _switch(name, mapping(task, where, ("switch",)), where)
        elif "listen" in task:
            node = _listen(name, mapping(task, where, ("listen", "timeout", "status", "then")), where, then)
        elif "raise" in task:
            node = _raise(name, mapping(task, where, ("raise",)), where)
        elif "fork" in task:
            node = self._fork(name, mapping(task, where, ("fork", "then")), where, then)
        else:
            raise DefinitionError(where, "is none of call, set, switch, listen, raise, fork")
        self.add(node, where)

    def _call(self, name: str, task: Mapping[str, Any], where: str, then: str) -> Node:
        kind, function = self._function(task["call"], f"{where}.call")
        on_start, on_end = milestones_of(task.get("status"), f"{where}.status")
        if kind == "local":
            local = self._local.get(function["function"])
            if local is None:
                raise DefinitionError(f"{where}.call", f"there is no local function {function['function']}")
            return Local(name, local, on_end, then)
        if "compensate" not in task:
            raise DefinitionError(
                where, "needs compensate: a call, or none with the reason why nothing is to be undone"
            )
        timeout = mapping(task.get("timeout", {}), f"{where}.timeout", ("after", "total"))
        output = mapping(task.get("output", {}), f"{where}.output", ("as",))
        return Call(
            name=name,
            command=function["message"],
            topic=function["topic"],
            arguments=arguments(task.get("with", {}), f"{where}.with"),
            project=projection(output.get("as"), f"{where}.output.as"),
            timeout_ms=duration_ms(timeout["after"], f"{where}.timeout.after")
            if "after" in timeout
            else DEFAULT_TIMEOUT_MS,
            budget_ms=duration_ms(timeout["total"], f"{where}.timeout.total") if "total" in timeout else None,
            retry=self._retry(task.get("retry"), f"{where}.retry"),
            compensation=self._compensation(task["compensate"], f"{where}.compensate"),
            optional=task.get("optional", False) is True,
            on_start=on_start,
            on_end=on_end,
            then=then,
        )

    def _function(self, name: Any, where: str) -> tuple[str, Mapping[str, Any]]:
        declared = self._commands.get(name)
        if declared is None:
            raise DefinitionError(where, f"there is no function {name} in use.functions")
        function = mapping(declared, f"use.functions.{name}", ("call", "with"), ("call", "with"))
        match function["call"]:
            case "local":
                return "local", mapping(function["with"], f"use.functions.{name}.with", ("function",), ("function",))
            case "command":
                keys = ("topic", "message")
                return "command", mapping(function["with"], f"use.functions.{name}.with", keys, keys)
            case other:
                raise DefinitionError(f"use.functions.{name}.call", f"'{other}' is neither command nor local")

    def _retry(self, value: Any, where: str) -> RetryPolicy:
        if value is None:
            return RetryPolicy()
        if isinstance(value, str):
            if value not in self._retries:
                raise DefinitionError(where, f"there is no retry policy {value} in use.retries")
            return self._retries[value]
        return retry_policy(value, where)

    def _compensation(self, value: Any, where: str) -> Compensation | None:
        parts = mapping(value, where, ("call", "with", "retry", "timeout", "always", "none"))
        if "none" in parts:
            text(parts["none"], f"{where}.none")
            return None
        kind, function = self._function(parts.get("call"), f"{where}.call")
        if kind != "command":
            raise DefinitionError(f"{where}.call", "must send a command")
        timeout = mapping(parts.get("timeout", {}), f"{where}.timeout", ("after",))
        return Compensation(
            command=function["message"],
            topic=function["topic"],
            arguments=arguments(parts.get("with", {}), f"{where}.with"),
            timeout_ms=duration_ms(timeout["after"], f"{where}.timeout.after") if timeout else DEFAULT_TIMEOUT_MS,
            retry=self._retry(parts.get("retry"), f"{where}.retry"),
            always=parts.get("always", False) is True,
        )

    def _fork(self, name: str, task: Mapping[str, Any], where: str, then: str) -> Node:
        fork = mapping(task["fork"], f"{where}.fork", ("branches",), ("branches",))
        join = f"{name}.join"
        entries: list[str] = []
        ends: list[frozenset[str]] = []
        for index, branch in enumerate(fork["branches"]):
            before = set(self.nodes)
            entries.append(self.sequence([branch], f"{where}.fork.branches[{index}]", join))
            new = [node for key, node in self.nodes.items() if key not in before]
            ends.append(frozenset(node.name for node in new if join in followers(node)))
        self.add(Join(join, tuple(ends), then), where)
        return Fork(name, tuple(entries))


def _named(task: Any, where: str) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(task, dict) or len(task) != 1:
        raise DefinitionError(where, "must be one name with its task")
    name, body = next(iter(task.items()))
    if not isinstance(body, dict):
        raise DefinitionError(f"{where}.{name}", "must be an object")
    return text(name, where), body


def _switch(name: str, task: Mapping[str, Any], where: str) -> Switch:
    cases: list[Case] = []
    for index, case in enumerate(task["switch"]):
        place = f"{where}.switch[{index}]"
        label, body = _named(case, place)
        parts = mapping(body, f"{place}.{label}", ("when", "then"), ("then",))
        when = predicate(parts["when"], f"{place}.{label}.when") if "when" in parts else None
        cases.append(Case(label, when, text(parts["then"], f"{place}.{label}.then")))
    return Switch(name, tuple(cases))


def _listen(name: str, task: Mapping[str, Any], where: str, then: str) -> Listen:
    listen = mapping(task["listen"], f"{where}.listen", ("to",), ("to",))
    to = mapping(listen["to"], f"{where}.listen.to", ("any",), ("any",))
    signals = tuple(text(item["with"]["type"], f"{where}.listen.to.any") for item in to["any"])
    timeout = mapping(task.get("timeout", {}), f"{where}.timeout", ("after", "code"))
    on_start, on_end = milestones_of(task.get("status"), f"{where}.status")
    timeout_ms = duration_ms(timeout["after"], f"{where}.timeout.after") if "after" in timeout else None
    return Listen(name, signals, timeout_ms, timeout.get("code", "timeout"), on_start, on_end, then)


def _raise(name: str, task: Mapping[str, Any], where: str) -> Raise:
    error = mapping(task["raise"], f"{where}.raise", ("error",), ("error",))["error"]
    parts = mapping(error, f"{where}.raise.error", ("type", "title", "status"), ("type", "title"))
    return Raise(name, text(parts["type"], where), text(parts["title"], where))
