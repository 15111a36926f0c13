"""The reference of the language: every example compiles, is found sound and runs to its end; no word is left out."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from orchestrator.core import attempts, errors
from orchestrator.core.definition import Definition, Listen, Loop
from orchestrator.core.paths import name_of
from orchestrator.core.state import StepStatus
from orchestrator.definitions import deployed, jq_programs, jq_rules, jq_tokens, task_scopes
from orchestrator.definitions.checks import vocabulary
from orchestrator.definitions.findings import Level
from orchestrator.definitions.library import shipped
from orchestrator.definitions.registry import compiled
from orchestrator.definitions.validation import validate
from orchestrator.schedules import MOST_MISSED
from tests.language_examples import BLOCKS, PAGE, example, title
from tests.saga_story import Moment, Story, begun, done, in_flight, says, the_next_timer, undone

ORDER = {
    "order_id": "ord_a",
    "total_minor": 5_000,
    "lines": [{"sku": "L-1", "quantity": 2}, {"sku": "S-1", "quantity": 1}],
    "scheduled_at": "2026-11-21T06:00:00.000Z",
}
ANSWER: Any = {"reservation_id": "res_1", "charge_id": "ch_1", "amount_minor": 100, "limit_minor": 10_000}


def what_comes_next(story: Story, definition: Definition) -> Moment:
    """Return the answer to a command, the signal that is waited for, or the time that has to pass."""
    if sent := in_flight(story):
        path = sent[-1]
        return undone(path.removesuffix(":undo")) if path.endswith(":undo") else done(path, **ANSWER)
    for path, step in story.state.steps.items():
        node = definition.nodes.get(name_of(path))
        if step.status is StepStatus.WAITING and isinstance(node, Listen):
            return says(node.signals[0], **ANSWER)
    return the_next_timer


@pytest.mark.parametrize("block", BLOCKS, ids=title)
def test_an_example_is_found_sound(block: str) -> None:
    verdict = validate(yaml.safe_dump(example(block), sort_keys=False), lambda it: compiled(it).definition, shipped())
    said = [one for one in verdict.findings if one.finding.level is Level.ERROR or one.finding.rule != "unused"]
    assert [one.line("docs/language.md") for one in said] == []


@pytest.mark.parametrize("block", BLOCKS, ids=title)
def test_an_example_runs_to_its_end(block: str) -> None:
    definition = compiled(example(block)).definition
    story = begun(definition, "sag_a", ORDER)
    for _ in range(100):
        if story.state.outcome is not None:
            break
        story = story.when(what_comes_next(story, definition))
    story.ended("REVOKED" if block.startswith("# ends REVOKED") else "COMPLETED")


def test_the_example_of_data_gives_what_the_table_says() -> None:
    [block] = [block for block in BLOCKS if "seen: " in block]
    story = begun(compiled(example(block)).definition, "sag_a", ORDER)
    assert story.state.outputs["later"] == {"seen": ["ord_a", 2]}


def _words() -> set[str]:
    words = set().union(vocabulary.TOP, vocabulary.DOCUMENT, vocabulary.USE, vocabulary.RETRY, vocabulary.COMPENSATE)
    words |= set().union(vocabulary.CATCH, vocabulary.FORK, vocabulary.FOR, vocabulary.LISTEN, vocabulary.TO)
    words |= set().union(vocabulary.RUN, vocabulary.TIMEOUT, *vocabulary.TASKS.values())
    refused = {word for place, words in vocabulary.NOT_RUN.items() if place != "function" for word in words}
    return words | refused | vocabulary.KNOWN_CALLS


@pytest.mark.parametrize("word", sorted(_words()))
def test_every_word_that_is_known_or_refused_by_name_is_in_the_reference(word: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", PAGE), f"{word} is nowhere in docs/language.md"


@pytest.mark.parametrize(
    "code",
    [
        errors.TIMEOUT, errors.EXPRESSION_FAILED, errors.NO_BRANCH_MATCHES, errors.TOO_MANY_EVENTS,
        errors.GATHER_SHORT, errors.LOST,
    ],
)  # fmt: skip
def test_every_error_that_the_product_makes_is_in_the_reference(code: str) -> None:
    assert f"`{code}`" in PAGE


@pytest.mark.parametrize(
    ("what", "bound"),
    [
        ("document, message, arguments", deployed.MAX_DOCUMENT_BYTES),
        ("events of one saga", Definition.__dataclass_fields__["max_events"].default),
        ("items of a loop", Loop.__dataclass_fields__["most"].default),
        ("iterations at once", task_scopes.MOST_AT_ONCE),
        ("commands sent for one step", attempts.MAX_DISPATCHES),
        ("nesting of an expression", jq_tokens.MAX_DEPTH),
        ("numbers a range counts", jq_rules.MAX_COUNT),
        ("text of a match", jq_programs.MAX_MATCHED_BYTES),
        ("what an expression builds", jq_programs.MAX_BUILT_BYTES),
        ("what an expression builds", jq_programs.MAX_BUILT_ITEMS),
        ("starts that a schedule catches up on", MOST_MISSED),
    ],
)
def test_the_bounds_in_the_reference_are_those_of_the_product(what: str, bound: int) -> None:
    [row] = [line for line in PAGE.splitlines() if line.startswith("| ") and what in line.split(" | ", 1)[0]]
    assert f"{bound:,}" in row
