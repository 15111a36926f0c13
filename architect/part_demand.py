"""The document's first part: what is asked for, the pattern, each constraint with its answer."""

from __future__ import annotations

from collections.abc import Sequence

from architect.choice import Choice, Pattern
from architect.clauses import plain, quoted
from architect.document import Section, section
from architect.numbers_shown import time_shown
from architect.requirements import Requirements, Statement, Step, Topic
from architect.verdicts import Verdict


def title(requirements: Requirements, choice: Choice) -> Section:
    """Return the heading of the whole document."""
    return section(1, f"{choice.pattern.value}: {plain(requirements.name)}")


def demand(requirements: Requirements) -> tuple[Section, ...]:
    """Return what was asked for: steps, triggers, and every clause of the input with its reading."""
    steps = [f"**{plain(step.name)}**: {_what(step)}" for step in requirements.steps]
    return (
        section(2, "Requirements", _input(requirements)),
        section(3, "Steps", *(steps or ["The input names no step."])),
        section(3, "Triggers and systems outside", *_triggers(requirements)),
        section(3, "Statements of the input", *_statements(requirements.statements)),
    )


def pattern(requirements: Requirements, choice: Choice) -> Section:
    """Return the choice between the patterns with its reasons."""
    kind = {
        Pattern.SAGA: "saga pattern",
        Pattern.STATE_MACHINE: "state machine",
        Pattern.SCATTER_GATHER: "scatter-gather",
    }[choice.pattern]
    history = (
        "event sourcing: the events of a saga are its only truth, its state is their fold, and deterministic "
        "replay gives the same state again"
    )
    return section(
        2,
        f"Pattern choice: {choice.pattern.value}",
        f"**Decision: {kind}**, orchestrated: {choice.because}.",
        *(f"{sentence}." for sentence in choice.rejected),
        (
            "**Decision: one orchestrator decides**, participants act on commands and answer with replies; no "
            "participant knows another."
        ),
        f"**Decision: {history}.**",
        f"Steps that act: {sum(step.acts for step in requirements.steps)} of {len(requirements.steps)};"
        f" with a compensation: {sum(bool(step.compensation) for step in requirements.steps)}.",
    )


def constraints(found: Sequence[Verdict]) -> Section:
    """Return every constraint of the input with its answer."""
    bullets = [
        f"{', '.join(quoted(words) for words in one.words)} ({one.topic.value}): **{one.answer}**; {one.because}."
        for one in found
    ]
    return section(2, "Constraints", *(bullets or ["The input states none."]))


def _input(requirements: Requirements) -> str:
    read = len({one.words for one in requirements.statements})
    return (
        f"Input: {requirements.form.replace('_', ' ')}; {len(requirements.steps)} steps, {read} statements read, "
        f"{len(requirements.unread)} not read."
    )


def _what(step: Step) -> str:
    limit = f", time limit {time_shown(step.limit_s)}" if step.limit_s is not None else ""
    owner = f"participant {plain(step.service)}" if step.remote else "the orchestrator itself"
    outside = ", by a call to a provider" if step.external else ""
    recipients = f", {step.recipients} recipients at once" if step.recipients > 1 else ""
    return f"{plain(step.effect) or 'acts'}; {owner}{outside}{recipients}{limit}."


def _triggers(requirements: Requirements) -> list[str]:
    bullets = [
        f"Trigger **{plain(one.name)}** ({quoted(one.words)}): {one.how}."
        if one.supported
        else f"Trigger **{plain(one.name)}** ({quoted(one.words)}): **unsupported**; {one.how}."
        for one in requirements.triggers
    ]
    if not any(one.supported for one in requirements.triggers):
        bullets.append(
            "No supported trigger is named: REST at the gateway is the one that sagas start by; a Kafka "
            "record and a schedule are the other two."
        )
    bullets.extend(
        (
            f"System outside {quoted(one.words)}: called by its participant over HTTP, with an idempotency key, a "
            "time limit, bounded concurrency and a circuit breaker."
        )
        for one in requirements.about(Topic.PARTICIPANT)
    )
    return bullets


def _statements(statements: Sequence[Statement]) -> list[str]:
    readings: dict[str, list[str]] = {}
    for one in statements:
        readings.setdefault(one.words, []).append(one.reading)
    bullets = [
        f"{quoted(words)}: {'; '.join(dict.fromkeys(plain(reading) for reading in found))}."
        for words, found in readings.items()
    ]
    return bullets or ["The input holds no statement that the reader knows."]
