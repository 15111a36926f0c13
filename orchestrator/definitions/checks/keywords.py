"""Words that do not belong where they stand, words that are missing, and words of the DSL that are not run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from orchestrator.definitions.checks import vocabulary
from orchestrator.definitions.findings import Finding, Level
from orchestrator.definitions.outline import KINDS, Outline, Task
from orchestrator.definitions.versions import is_version


def check(outline: Outline) -> Iterator[Finding]:
    """Yield a finding for each word of the document that is not understood, and for each that is missing."""
    yield from _head(outline)
    for task in outline.tasks.every():
        yield from _task(task)
    for block in outline.tasks.scopes():
        for where, entry in block.odd:
            yield _no_task(where, entry)
        if not block.tasks and not block.odd and (block.where != "do" or "do" in outline.top):
            yield Finding(
                block.where, "holds no task", f"Write a list of named tasks: {block.where}: [{{NAME: {{...}}}}]",
                rule="schema",
            )  # fmt: skip


def _no_task(where: str, entry: Any) -> Finding:
    """Return what is wrong with an entry of a list of tasks that is none."""
    words = list(entry) if isinstance(entry, dict) else []
    if any(word in KINDS for word in words):
        problem, remedy = "this task has no name", f"Write `- NAME:`, and beneath it {', '.join(map(str, words))}"
    elif len(words) > 1:
        problem = f"{' and '.join(map(str, words[:3]))} stand in one entry of the list"
        remedy = "Begin each task with `- `, and indent what belongs to it deeper than its name"
    elif words:
        problem, remedy = (
            f"nothing says what {words[0]} does",
            f"Write `{words[0]}: {{call: FUNCTION}}` or such",
        )
    else:
        problem, remedy = "this is no task", "Write `- NAME: {call: FUNCTION}`, or another task"
    return Finding(where, problem, remedy, rule="schema")


def _head(outline: Outline) -> Iterator[Finding]:
    top = {key: value for key, value in outline.top.items() if not str(key).startswith("x-")}
    yield from _words(top, "", vocabulary.TOP, "top")
    for name, example in (("document", "document: {dsl: 1.0.3, namespace: N, name: N, version: 1.0.0}"), ("do", "do:")):
        if name not in top:
            yield Finding("", f"there is no {name}", f"Begin with `{example}`", rule="schema")
    document = outline.section("document")
    yield from _words(document, "document", vocabulary.DOCUMENT, "document")
    for name, example in (("dsl", "1.0.3"), ("namespace", "shop"), ("name", "my-saga"), ("version", "1.0.0")):
        if "document" in top and not isinstance(document.get(name), str):
            problem = "is missing" if name not in document else f"is {document[name]!r}, not a text"
            level = Level.WARNING if name == "namespace" else Level.ERROR
            yield Finding(
                f"document.{name}", f"document.{name} {problem}", f'Write `{name}: "{example}"`', level, "schema"
            )
    yield from _version(document)
    yield from _use(outline)
    yield from _not_run(outline.section("schedule"), "schedule", "schedule")
    for name in ("input", "output"):
        yield from _not_run(outline.section(name), name, "schema")


def _use(outline: Outline) -> Iterator[Finding]:
    yield from _words(outline.section("use"), "use", vocabulary.USE, "use")
    for name, function in outline.section("use", "functions").items():
        if vocabulary.is_elsewhere(_object(function).get("call")):
            yield _call_not_run(f"use.functions.{name}.call", _object(function)["call"])
        yield from _words(_object(function), f"use.functions.{name}", vocabulary.FUNCTION, "function")
    for name, policy in outline.section("use", "retries").items():
        yield from _retry(_object(policy), f"use.retries.{name}")
    for name, timeout in outline.section("use", "timeouts").items():
        yield from _words(_object(timeout), f"use.timeouts.{name}", vocabulary.TIMEOUT, "timeout")
    for name, error in outline.section("use", "errors").items():
        yield from _not_run(_object(error), f"use.errors.{name}", "error")


def _retry(policy: Mapping[str, Any], where: str) -> Iterator[Finding]:
    yield from _words(policy, where, vocabulary.RETRY, "retry")
    limit = _object(policy.get("limit"))
    yield from _not_run(limit, f"{where}.limit", "limit")
    yield from _not_run(_object(limit.get("attempt")), f"{where}.limit.attempt", "attempt")


def _version(document: Mapping[str, Any]) -> Iterator[Finding]:
    version = document.get("version")
    if isinstance(version, str) and not is_version(version):
        yield Finding(
            "document.version",
            f"the version {version} names no major version from 1 on, and by that sagas are pinned to it",
            "Write 1.0.0 for the first version",
            rule="schema",
        )


def _task(task: Task) -> Iterator[Finding]:
    if not task.kind:
        yield Finding(
            task.where,
            f"nothing says what {task.name} does: {_listed(task.body) or 'it is empty'}",
            f"Write one of {', '.join(KINDS)}",
            rule="schema",
        )
        return
    others = [kind for kind in KINDS if kind in task.body and kind not in vocabulary.TASKS[task.kind]]
    for other in others:
        yield Finding(
            f"{task.where}.{other}",
            f"{task.name} is a {task.kind} and a {other} at once",
            f"Make two tasks of it: one with {task.kind}, one with {other}",
            rule="schema",
        )
    body = {key: value for key, value in task.body.items() if key not in others}
    # What a fork or a catch holds is told apart from the task by its place.
    place = task.kind if task.kind not in {"fork", "for", "try"} else "task"
    yield from _words(body, task.where, vocabulary.TASKS[task.kind], place)
    for name in ("input", "output", "export"):
        yield from _not_run(_object(body.get(name)), f"{task.where}.{name}", "schema")
    yield from _inside(task)


def _inside(task: Task) -> Iterator[Finding]:
    """Yield what is wrong with the words of the objects that a task holds."""
    body, where = task.body, task.where
    for key, words in (("compensate", vocabulary.COMPENSATE), ("timeout", vocabulary.TIMEOUT)):
        yield from _words(_object(body.get(key)), f"{where}.{key}", words, key)
    yield from _retry(_object(body.get("retry")), f"{where}.retry")
    for holder in ("compensate", "catch"):
        yield from _retry(_object(_object(body.get(holder)).get("retry")), f"{where}.{holder}.retry")
    yield from _own(task)


def _own(task: Task) -> Iterator[Finding]:
    """Yield what is wrong with the words of the object that tells what a task does."""
    body, where = task.body, task.where
    own = _object(body[task.kind])
    match task.kind:
        case "call" if vocabulary.is_elsewhere(body["call"]):
            yield _call_not_run(f"{where}.call", body["call"])
        case "fork":
            yield from _words(own, f"{where}.fork", vocabulary.FORK, "fork")
        case "for":
            yield from _words(own, f"{where}.for", vocabulary.FOR, "for")
        case "listen":
            yield from _words(own, f"{where}.listen", vocabulary.LISTEN, "listen")
            to = _object(own.get("to"))
            yield from _words(to, f"{where}.listen.to", vocabulary.TO, "listen")
            yield from _filters(to, f"{where}.listen.to")
        case "emit":
            event = _object(_object(own.get("event")).get("with"))
            yield from _not_run(event, f"{where}.emit.event.with", "event")
        case "raise":
            yield from _not_run(_object(own.get("error")), f"{where}.raise.error", "error")
        case "run":
            yield from _words(own, f"{where}.run", vocabulary.RUN, "run")
        case "try":
            if "catch" not in body:
                yield Finding(
                    where, f"{task.name} tries, but catches nothing", "Add `catch:` with errors, retry or do",
                    rule="schema",
                )  # fmt: skip
            yield from _words(_object(body.get("catch")), f"{where}.catch", vocabulary.CATCH, "catch")


def _call_not_run(where: str, function: Any) -> Finding:
    return Finding(where, f"call: {function} is not supported", vocabulary.CALL_ELSEWHERE, rule="not-supported")


def _filters(to: Mapping[str, Any], where: str) -> Iterator[Finding]:
    for kind, given in to.items():
        listed = given if isinstance(given, list) else [given]
        for index, one in enumerate(listed):
            at = f"{where}.{kind}[{index}]" if isinstance(given, list) else f"{where}.{kind}"
            yield from _not_run(_object(one), at, "filter")
            yield from _not_run(_object(_object(one).get("with")), f"{at}.with", "filter")


def _words(value: Mapping[str, Any], where: str, known: Collection[str], place: str) -> Iterator[Finding]:
    refused = vocabulary.NOT_RUN.get(place, {})
    yield from _not_run(value, where, place)
    for key in value:
        if str(key) not in known and str(key) not in refused:
            inside = f"{where}.{key}" if where else str(key)
            close = get_close_matches(str(key), known, 1)
            instead = f"Write {close[0]}" if close else f"Leave it out; known here are {', '.join(sorted(known))}"
            instead = vocabulary.ELSEWHERE.get(str(key), instead)
            yield Finding(inside, f"{key} is not known here", instead, rule="unknown-word")


def _not_run(value: Mapping[str, Any], where: str, place: str) -> Iterator[Finding]:
    for key in value:
        remedy = vocabulary.NOT_RUN.get(place, {}).get(key)
        if remedy is not None:
            inside = f"{where}.{key}" if where else key
            yield Finding(inside, f"{key} is not supported", remedy, rule="not-supported")


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(body: Mapping[str, Any]) -> str:
    return f"it has only {', '.join(map(str, body))}" if body else ""
