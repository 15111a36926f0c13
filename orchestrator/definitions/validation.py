"""Validating a definition's text: all that is wrong with it, each with its line and with what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from orchestrator.core.definition import Definition
from orchestrator.definitions.checks import (
    bounds,
    choices,
    compensation,
    dependencies,
    flow,
    keywords,
    locks,
    messages,
    names,
    programs,
    size,
    timing,
)
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.findings import Finding, Findings, Level
from orchestrator.definitions.fragments import Library, expand
from orchestrator.definitions.outline import Outline, outline
from orchestrator.definitions.positions import Place, Source, Unreadable, read
from orchestrator.definitions.remedies import finding_of
from orchestrator.definitions.versions import is_version

_SAID_BY = {"cycle": "comes round", "unreachable": "is never reached", "duplicate-name": "the name"}
"""How the compiler begins to say what a rule has said, at a place that it does not know as well."""

Compile = Callable[[Any], Definition]
"""Compiles a document. Raises DefinitionError."""


@dataclass(frozen=True, slots=True)
class Located:
    """A finding with its place in the text."""

    finding: Finding
    place: Place

    def line(self, file: str) -> str:
        """Return the finding as one line, the way compilers write it."""
        level = "" if self.finding.level is Level.ERROR else "warning: "
        problem, remedy = self.finding.problem.rstrip("."), self.finding.remedy.rstrip(".")
        return f"{file}:{self.place.line}: {level}{problem}. {remedy}."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a text: findings in the order of their lines, its document, tasks and, if it has one, graph."""

    findings: tuple[Located, ...]
    document: Any
    drawn: Outline
    definition: Definition | None

    @property
    def errors(self) -> tuple[Located, ...]:
        """The findings that forbid a deployment."""
        return tuple(one for one in self.findings if one.finding.level is Level.ERROR)


def validate(text: str, compile_document: Compile, library: Library) -> Verdict:
    """Check a definition as it was written, YAML or JSON; `library` holds the fragments that it may use."""
    try:
        source = read(text)
    except Unreadable as error:
        finding = Finding("", f"this cannot be read: {error.problem}", error.remedy, rule="unreadable")
        return Verdict((Located(finding, error.place),), None, outline(None), None)
    findings = Findings(_repeated(source))
    drawn = outline(_expanded(source.document, library))
    findings.extend(_checked(source, drawn))
    definition = None
    try:
        definition = compile_document(_with_a_version(source.document))
    except DefinitionError as error:
        findings.extend(_uncovered(error, findings, source))
    if definition is not None:
        findings.extend(timing.check(definition, drawn))
    places = {one.where: one.place for one in source.repeated}
    located = [
        Located(one, places[one.where] if one.rule == "repeated-key" else source.place(one.where))
        for one in findings.all()
    ]
    return Verdict(tuple(sorted(located, key=lambda one: one.place)), source.document, drawn, definition)


def _with_a_version(document: Any) -> Any:
    """Return a document with a version that can be compiled: where it is wrong, that is known, and the rest counts."""
    head = document.get("document") if isinstance(document, dict) else None
    version = head.get("version") if isinstance(head, dict) else None
    if not isinstance(head, dict) or (isinstance(version, str) and is_version(version)):
        return document
    return {**document, "document": {**head, "version": "1.0.0"}}


def _expanded(document: Any, library: Library) -> Any:
    """Return a document with its fragments written out; where they cannot be, the compiler says why."""
    try:
        return expand(document, library)
    except DefinitionError:
        return document


def _checked(source: Source, drawn: Outline) -> Iterator[Finding]:
    """Yield what is wrong with a document, whether or not it can be compiled."""
    if not isinstance(source.document, dict):
        yield Finding("", "this is no object", "Begin with `document:`, then `do:`", rule="schema")
        return
    for check in (
        keywords.check, names.check, flow.check, compensation.check, bounds.check, choices.check, locks.check,
        dependencies.check, programs.check, messages.check,
    ):  # fmt: skip
        yield from check(drawn)
    yield from size.check(drawn, source.size)


def _repeated(source: Source) -> Iterator[Finding]:
    for one in source.repeated:
        yield Finding(
            one.where, f"{one.key} stands here a second time, and only one of the two would count",
            "Take one of them out, or give it another name", rule="repeated-key",
        )  # fmt: skip


def _uncovered(error: DefinitionError, findings: Findings, source: Source) -> Iterator[Finding]:
    """Yield the compiler's finding where no check has said anything about that part already."""
    where = error.where.removeprefix("definition.")
    for one in findings.errors():
        if error.message.startswith(_SAID_BY.get(one.rule, "\0")):
            return
        if source.place(one.where).line == source.place(where).line:
            return
        around = one.where and where.startswith((f"{one.where}.", f"{one.where}["))
        if where == one.where or around:
            return
        if one.where.startswith((f"{where}.", f"{where}[")):
            return
    yield finding_of(error)
