"""What a design document is: its sections, its form, its words, and a decision that depends on the input."""

from __future__ import annotations

import re

import pytest

from architect.emphasis import FAILURE, STATES, STORAGE
from tests.unit.architect.asked import (
    ORDER_FULFILMENT,
    ORDER_PROCESSING,
    QUOTES,
    REVIEW,
    SAMPLE_PROMPT,
    designed,
    facts,
    section,
    texts,
)

ALL = {
    "fulfilment": ORDER_FULFILMENT,
    "processing": ORDER_PROCESSING,
    "sample": SAMPLE_PROMPT,
    "review": REVIEW,
    "quotes": QUOTES,
}
STAGES = (
    "Requirements",
    "States and transitions",
    "Decision points",
    "Parallel and sequential execution",
    "Error boundaries and compensation",
    "Monitoring and audit",
    "Deployment",
)
every_design = pytest.mark.parametrize("asked", ALL.values(), ids=ALL.keys())


def test_three_inputs_get_three_patterns() -> None:
    chosen = [facts(asked)["pattern"] for asked in (ORDER_FULFILMENT, REVIEW, QUOTES)]

    assert chosen == ["Saga Pattern", "State Machine", "Scatter-Gather"]


@every_design
def test_the_choice_is_named_and_the_other_patterns_are_rejected_with_a_reason(asked: dict[str, str]) -> None:
    pattern = facts(asked)["pattern"]
    lines = section(designed(asked), f"Pattern choice: {pattern}")

    assert pattern.lower() in lines[0].lower()
    assert len([line for line in lines if "rejected**" in line]) == 3
    assert any("Two-phase commit rejected" in line for line in lines)


@every_design
def test_the_stages_stand_in_their_order_and_none_is_empty(asked: dict[str, str]) -> None:
    markdown = designed(asked)
    places = [markdown.index(f"\n## {stage}\n") for stage in STAGES]

    assert places == sorted(places)
    assert all(section(markdown, stage)[0].startswith("- ") for stage in STAGES)


@every_design
def test_the_topics_of_a_design_are_there(asked: dict[str, str]) -> None:
    markdown = designed(asked)

    for heading in (
        "Lifecycle", "State-machine steps", "Data flow", "Retries and time limits", "Compensation",
        "Dead letters (DLQ)",
        "Recovery logic", "Concurrency control", "Cold-start mitigation", "Capacity plan", "Constraints",
    ):  # fmt: skip
        assert section(markdown, heading), heading


@every_design
def test_a_design_is_headings_and_bullets_from_its_first_line_to_its_last(asked: dict[str, str]) -> None:
    lines = [line for line in designed(asked).splitlines() if line]

    assert lines[0].startswith("# ")
    assert lines[-1].startswith("- ")
    assert all(re.match(r"#{1,3} \S|- \S", line) for line in lines)


@every_design
def test_a_design_holds_no_code(asked: dict[str, str]) -> None:
    markdown = designed(asked)

    assert not re.search(r"[`{}\\]|=>|->|==|\(\)|;$", markdown, re.MULTILINE)


@every_design
def test_storage_failure_components_and_states_are_bold_wherever_they_stand(asked: dict[str, str]) -> None:
    names = "|".join(map(re.escape, (*STORAGE, *FAILURE, *STATES)))
    for line in designed(asked).splitlines():
        if line.startswith("- "):
            without = re.sub("\\*\\*[^*]+\\*\\*|“[^”]*”", "", line)
            assert not re.search(rf"(?<![\w.-])(?:{names})(?![\w-])", without), line


def test_the_terms_of_the_field_are_used_and_not_explained() -> None:
    markdown = designed(ORDER_FULFILMENT).lower()

    for term in (
        "event sourcing", "saga pattern", "two-phase commit", "durable timers", "at-least-once delivery",
        "idempotency keys", "deterministic replay",
    ):  # fmt: skip
        assert term in markdown, term
    assert not re.search(r"glossary|also known as|in other words|stands for|is defined as|refers to", markdown)


def test_the_two_spellings_of_the_pattern_are_there() -> None:
    for asked in (ORDER_FULFILMENT, ORDER_PROCESSING, SAMPLE_PROMPT):
        markdown = designed(asked)

        assert any("Saga Pattern" in line for line in markdown.splitlines() if line.startswith("#"))
        assert any("saga pattern" in line for line in markdown.splitlines() if line.startswith("- "))
        assert '{"error"' not in markdown


@every_design
def test_anti_patterns_are_forbidden_by_name(asked: dict[str, str]) -> None:
    lines = section(designed(asked), "Forbidden anti-patterns")

    assert all("**Forbidden: " in line for line in lines)
    for name in ("synchronous cascading failures", "distributed deadlocks", "two-phase commit"):
        assert any(name in line for line in lines)


@every_design
def test_every_number_of_the_input_is_quoted(asked: dict[str, str]) -> None:
    markdown = designed(asked)

    for text in asked.values():
        for number in re.findall(r"\d[\d,.]*\d|\d", text):
            assert number in markdown, number


def test_each_constraint_has_an_answer_cost_too() -> None:
    asked = {**ORDER_PROCESSING, "constraints_and_slas": ORDER_PROCESSING["constraints_and_slas"] + ", $200 per month"}
    answered = {one["topic"]: one["answer"] for one in facts(asked)["constraints"]}

    assert {"effects happen once", "time limit of a step", "compensation", "payload", "cost"} <= answered.keys()
    (cost,) = [line for line in section(designed(asked), "Constraints") if "$200 per month" in line]
    assert "cores" in cost


def test_a_rule_for_one_failure_names_what_is_undone() -> None:
    (line,) = [line for line in section(designed(ORDER_PROCESSING), "Constraints") if "refund if" in line]

    assert "when deduct inventory fails for good: refund the captured amount in full (Process payment)" in line


@every_design
def test_every_step_has_a_compensation_or_none_with_a_reason_and_its_failure_cases(asked: dict[str, str]) -> None:
    markdown = designed(asked)
    undo, cases = section(markdown, "Compensation"), section(markdown, "Failure cases of each step")

    for step in facts(asked)["steps"]:
        (line,) = [line for line in undo if line.startswith(f"- **{step['name']}**: ")]
        assert step["compensation"] or "**none**, because " in line
        (case,) = [line for line in cases if line.startswith(f"- **{step['name']}**: ")]
        assert re.search(r"\*\*(?:retry|compensation|dead letter)\*\*", case)


def test_a_verdict_admits_what_was_not_measured() -> None:
    answers = {one["topic"]: one["answer"] for one in facts(ORDER_FULFILMENT)["constraints"]}

    assert answers["latency per transition"] == "met"
    assert answers["concurrency"] == "beyond what was measured"
    far = {one["topic"]: one["answer"] for one in facts(texts(scale="1,000,000 TPS"))["constraints"]}
    assert far["throughput"] == "beyond what was measured"


def test_markup_in_the_input_is_not_markup_in_the_design() -> None:
    markdown = designed(
        texts("charge `card`, **reserve** __stock__, <script>ship</script>", sla="# x\n```\n{y}\n```\n[a](b)")
    )

    assert not re.search(r"[`{}]|<script|__|\]\(", markdown)
    assert all(re.match(r"#{1,3} \S|- \S", line) for line in markdown.splitlines() if line)
