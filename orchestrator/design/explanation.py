"""A definition in plain words: each step, its waits, what can fail, what happens then, how long it may take."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.core.definition import Loop, Switch, Try
from orchestrator.definitions.durations import in_words
from orchestrator.design.analysis import Design
from orchestrator.design.steps import Step

_HOLDERS = frozenset({"for", "fork", "try"})
"""Steps whose own time is that of the steps inside of them."""


def explanation(design: Design) -> Iterator[str]:
    """Yield the explanation line by line."""
    head, definition = design.document["document"], design.definition
    yield f"{design.name}, version {head['version']}: {head.get('title', 'no title')}"
    yield f"It is shaped as: {design.pattern.name}. {design.pattern.reason}."
    states = design.lifecycle.states
    yield f"Its business states are {', '.join(states)}."
    yield ""
    for number, step in enumerate(design.steps, 1):
        yield from _step(number, step, design)
        yield ""
    yield "When it turns round, what is done is undone, last first:"
    for step in reversed(design.steps):
        if step.undo_longest_ms:
            yield f"  {step.undo} takes back {step.name}"
    if not design.rollbacks:
        yield "  nothing has to be undone"
    yield ""
    waits = sum(step.longest_ms for step in design.steps if step.kind not in _HOLDERS)
    undo = sum(step.undo_longest_ms for step in design.steps)
    loops = any(isinstance(node, Loop | Try) for node in definition.nodes.values())
    once = ", each round of a loop and each attempt of a try counted once" if loops else ""
    yield f"At worst, every step one after the other with all its retries{once}: {in_words(waits)}."
    if undo:
        yield f"Undoing all of it, with all retries: {in_words(undo)}."
    if definition.deadline_ms is not None:
        yield f"After {in_words(definition.deadline_ms)} it turns round, wherever it is."
    for late in definition.late_signals.values():
        yield (
            f"The signal {late.name} is taken at any time after {' or '.join(sorted(late.after))}: "
            f"{late.requires} becomes {late.lifecycle}, and nothing can be cancelled any more."
        )


def _step(number: int, step: Step, design: Design) -> Iterator[str]:
    yield f"{number}. {step.name}: {step.does}."
    node = design.definition.nodes[step.name]
    if isinstance(node, Switch):
        for decision in (one for one in design.decisions if one.step == step.name):
            yield f"   Decides on the {decision.label}."
        for way in node.cases:
            yield f"   {way.name}: goes on with {way.then}."
    if step.longest_ms:
        yield f"   Takes at most {in_words(step.longest_ms)}, with all its attempts."
    for case in step.cases:
        yield f"   If {_clause(case.cause)}: {case.treatment.value}; {case.effect}."
    if step.undo_longest_ms:
        yield f"   Undone by {step.undo}, which takes at most {in_words(step.undo_longest_ms)}."
    else:
        yield f"   Undo: {step.undo}."


def _clause(cause: str) -> str:
    """Return a cause as the rest of a sentence that begins with If."""
    if cause.split(maxsplit=1)[0] in {"fails", "refuses", "raises", "refused", "cancelled"}:
        be = "is " if cause.startswith(("refused", "cancelled")) else ""
        return f"it {be}{cause}"
    return f"there is {cause}" if cause.startswith(("no reply", "no signal", "a reply")) else cause
