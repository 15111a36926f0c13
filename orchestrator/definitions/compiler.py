"""Compiling a definition document to the core's graph: every name is resolved here and nowhere later."""

from __future__ import annotations

import re
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
from orchestrator.definitions.document import (
    duration_ms,
    entries,
    flag,
    items,
    mapping,
    milestone,
    milestones_of,
    retry_policy,
    text,
)
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import arguments, export_name, predicate, projection
from orchestrator.definitions.graph import check, followers

END = "end"
DEFAULT_TIMEOUT_MS = 30_000

_VERSION = re.compile(r"^([1-9]\d{0,8})\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?\Z")

_TOP = ("document", "use", "timeout", "parameters", "milestones", "signals", "do")
_STEP = ("with", "output", "export", "timeout", "retry", "status", "compensate", "optional", "then")
_CALL = ("call", *_STEP)


def compile_definition(document: Any, functions: Mapping[str, Compute]) -> Definition:
    """Compile a document; `functions` are the local ones it may call. Raises DefinitionError."""
    top = mapping(document, "definition", _TOP, ("document", "milestones", "do"))
    head = mapping(
        top["document"], "document", ("dsl", "namespace", "name", "version", "title"), ("dsl", "name", "version")
    )
    if not text(head["dsl"], "document.dsl").startswith("1.0."):
        raise DefinitionError("document.dsl", "must be a version 1.0 of the Serverless Workflow DSL")
    use = mapping(top.get("use", {}), "use", ("functions", "retries"))
    policies = entries(use.get("retries", {}), "use.retries")
    retries = {name: retry_policy(policy, f"use.retries.{name}") for name, policy in policies.items()}
    compiler = _Compiler(entries(use.get("functions", {}), "use.functions"), retries, functions)
    signals = entries(top.get("signals", {}), "signals")
    timeout = mapping(top.get("timeout", {}), "timeout", ("after",))
    entry = compiler.sequence(top["do"], "do", END)
    compiler.add(End(END), "do")
    definition = Definition(
        name=text(head["name"], "document.name"),
        version=_major(head["version"]),
        entry=entry,
        nodes=compiler.nodes,
        deadline_ms=duration_ms(timeout["after"], "timeout.after") if timeout else None,
        exports=compiler.exports,
        late_signals={name: _late(name, value) for name, value in signals.items()},
        milestones=_milestones(top["milestones"]),
        parameters=dict(entries(top.get("parameters", {}), "parameters")),
    )
    check(definition, compiler.branches)
    return definition


def _major(value: Any) -> int:
    """Return the version by which sagas are pinned: the major part of the document's semantic version."""
    version = _VERSION.match(text(value, "document.version"))
    if version is None:
        raise DefinitionError("document.version", "must be a semantic version from 1.0.0 on")
    return int(version.group(1))


def _milestones(value: Any) -> Milestones:
    names = ("started", "compensating", "completed", "revoked", "suspended")
    parts = mapping(value, "milestones", names, names)
    return Milestones(**{name: milestone(parts[name], f"milestones.{name}") for name in names})


def _late(name: str, value: Any) -> LateSignal:
    where = f"signals.{name}"
    parts = mapping(value, where, ("after", "lifecycle"), ("after", "lifecycle"))
    edge = mapping(parts["lifecycle"], f"{where}.lifecycle", ("from", "to"), ("from", "to"))
    return LateSignal(
        name,
        frozenset(text(step, f"{where}.after") for step in items(parts["after"], f"{where}.after")),
        text(edge["from"], f"{where}.lifecycle.from"),
        text(edge["to"], f"{where}.lifecycle.to"),
    )


class _Compiler:
    """Collects the nodes of one document."""

    def __init__(
        self, commands: Mapping[str, Any], retries: Mapping[str, RetryPolicy], local: Mapping[str, Compute]
    ) -> None:
        self.nodes: dict[str, Node] = {}
        self.exports: dict[str, str] = {}
        self.branches: dict[str, frozenset[str]] = {}
        """The steps of each branch of a fork, by the name of the first."""
        self._commands = commands
        self._retries = retries
        self._local = local

    def add(self, node: Node, where: str) -> None:
        if node.name in self.nodes:
            raise DefinitionError(where, f"the name {node.name} is taken")
        self.nodes[node.name] = node

    def sequence(self, tasks: Any, where: str, after: str) -> str:
        """Compile tasks in order, the last of which goes on to `after`. Returns the name of the first."""
        named = [_named(task, f"{where}[{index}]") for index, task in enumerate(items(tasks, where))]
        for index, (name, task) in enumerate(named):
            following = named[index + 1][0] if index + 1 < len(named) else after
            self._task(name, task, f"{where}.{name}", following)
        return named[0][0]

    def _task(self, name: str, task: Mapping[str, Any], where: str, following: str) -> None:
        if ":" in name or "/" in name or name == "undo":
            raise DefinitionError(where, "a name may not hold ':' or '/', and 'undo' is taken: ids are made of names")
        then = text(task["then"], f"{where}.then") if "then" in task else following
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
            local = self._local.get(text(function["function"], f"use.functions.{task['call']}.with.function"))
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
            optional=flag(task.get("optional", False), f"{where}.optional"),
            on_start=on_start,
            on_end=on_end,
            then=then,
        )

    def _function(self, name: Any, where: str) -> tuple[str, Mapping[str, Any]]:
        declared = self._commands.get(text(name, where))
        if declared is None:
            raise DefinitionError(where, f"there is no function {name} in use.functions")
        function = mapping(declared, f"use.functions.{name}", ("call", "with"), ("call", "with"))
        match function["call"]:
            case "local":
                return "local", mapping(function["with"], f"use.functions.{name}.with", ("function",), ("function",))
            case "command":
                keys = ("topic", "message")
                command = mapping(function["with"], f"use.functions.{name}.with", keys, keys)
                return "command", {key: text(command[key], f"use.functions.{name}.with.{key}") for key in keys}
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
            always=flag(parts.get("always", False), f"{where}.always"),
        )

    def _fork(self, name: str, task: Mapping[str, Any], where: str, then: str) -> Node:
        fork = mapping(task["fork"], f"{where}.fork", ("branches",), ("branches",))
        join = f"{name}.join"
        entries: list[str] = []
        ends: list[frozenset[str]] = []
        for index, branch in enumerate(items(fork["branches"], f"{where}.fork.branches")):
            before = set(self.nodes)
            entries.append(self.sequence([branch], f"{where}.fork.branches[{index}]", join))
            new = [node for key, node in self.nodes.items() if key not in before]
            self._inside(new, entries[-1], join, f"{where}.fork.branches[{index}]")
            ends.append(frozenset(node.name for node in new if join in followers(node)))
        self.add(Join(join, tuple(ends), then), where)
        return Fork(name, tuple(entries))

    def _inside(self, nodes: list[Node], entry: str, join: str, where: str) -> None:
        """Take note that these nodes are one branch. Raises DefinitionError where a way leads out of it."""
        names = frozenset(node.name for node in nodes)
        for node in nodes:
            if not names.issuperset(set(followers(node)) - {join}):
                raise DefinitionError(where, f"{node.name} leaves the fork")
        self.branches[entry] = names


def _named(task: Any, where: str) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(task, dict) or len(task) != 1:
        raise DefinitionError(where, "must be one name with its task")
    name, body = next(iter(task.items()))
    if not isinstance(body, dict):
        raise DefinitionError(f"{where}.{name}", "must be an object")
    return text(name, where), body


def _switch(name: str, task: Mapping[str, Any], where: str) -> Switch:
    cases: list[Case] = []
    for index, case in enumerate(items(task["switch"], f"{where}.switch")):
        place = f"{where}.switch[{index}]"
        label, body = _named(case, place)
        parts = mapping(body, f"{place}.{label}", ("when", "then"), ("then",))
        when = predicate(parts["when"], f"{place}.{label}.when") if "when" in parts else None
        cases.append(Case(label, when, text(parts["then"], f"{place}.{label}.then")))
    return Switch(name, tuple(cases))


def _listen(name: str, task: Mapping[str, Any], where: str, then: str) -> Listen:
    listen = mapping(task["listen"], f"{where}.listen", ("to",), ("to",))
    to = mapping(listen["to"], f"{where}.listen.to", ("any",), ("any",))
    signals = tuple(
        _event(item, f"{where}.listen.to.any[{index}]")
        for index, item in enumerate(items(to["any"], f"{where}.listen.to.any"))
    )
    timeout = mapping(task.get("timeout", {}), f"{where}.timeout", ("after", "code"))
    on_start, on_end = milestones_of(task.get("status"), f"{where}.status")
    timeout_ms = duration_ms(timeout["after"], f"{where}.timeout.after") if "after" in timeout else None
    code = text(timeout.get("code", "timeout"), f"{where}.timeout.code")
    return Listen(name, signals, timeout_ms, code, on_start, on_end, then)


def _event(item: Any, where: str) -> str:
    parts = mapping(mapping(item, where, ("with",), ("with",))["with"], f"{where}.with", ("type",), ("type",))
    return text(parts["type"], f"{where}.with.type")


def _raise(name: str, task: Mapping[str, Any], where: str) -> Raise:
    error = mapping(task["raise"], f"{where}.raise", ("error",), ("error",))["error"]
    parts = mapping(error, f"{where}.raise.error", ("type", "title", "status"), ("type", "title"))
    return Raise(
        name, text(parts["type"], f"{where}.raise.error.type"), text(parts["title"], f"{where}.raise.error.title")
    )
