"""Validating a definition: every kind of mistake is named with its line and with what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

import orchestrator.definitions
from cli.definition_files import Written
from cli.definition_reports import is_good, judge, validation_lines
from orchestrator.definitions.validation import Located, Verdict

SHIPPED = sorted(Path(orchestrator.definitions.__file__).parent.glob("*.yaml"))
ORDERS = next(path for path in SHIPPED if path.name == "order-fulfillment.yaml").read_text(encoding="utf-8")


class Mutant(NamedTuple):
    """A mistake: `old` becomes `new`; the finding is on the line of `at`, says `says` and tells to do `instead`."""

    rule: str
    old: str
    new: str
    at: str
    says: str
    instead: str
    level: str = "error"


MUTANTS = [
    Mutant(**row) for row in yaml.safe_load(Path(__file__).with_name("mutants.yaml").read_text(encoding="utf-8"))
]


def verdict_of(text: str) -> Verdict:
    return judge(Written("orders.yaml", text))


def mutated(mutant: Mutant) -> str:
    assert ORDERS.count(mutant.old) >= 1, mutant.old
    return ORDERS.replace(mutant.old, mutant.new.replace("FILLER", "x" * 100_001), 1)


def found_by(verdict: Verdict, rule: str) -> list[Located]:
    return [one for one in verdict.findings if one.finding.rule == rule]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_definition_is_valid_and_free_of_warnings(path: Path) -> None:
    verdict = verdict_of(path.read_text(encoding="utf-8"))

    assert [one.line(path.name) for one in verdict.findings] == []


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.rule}: {mutant.says}"[:60])
def test_each_kind_of_mistake_is_named_with_its_line_and_what_to_write_instead(mutant: Mutant) -> None:
    text = mutated(mutant)
    verdict = verdict_of(text)

    line = text[: text.index(mutant.at)].count("\n") + 1
    said = [one.line("orders.yaml") for one in found_by(verdict, mutant.rule)]
    meant = [one for one in said if mutant.says in one and mutant.instead in one]
    assert meant, [one.line("orders.yaml") for one in verdict.findings]
    assert f"orders.yaml:{line}: " in meant[0]
    assert ("warning: " in meant[0]) == (mutant.level == "warning")
    assert is_good(verdict, strict=False) == (mutant.level == "warning")
    assert not is_good(verdict, strict=True)


def test_there_are_mutants_of_at_least_twenty_five_kinds() -> None:
    assert len({(mutant.rule, mutant.says) for mutant in MUTANTS}) >= 25


def test_all_mistakes_are_reported_at_once_in_the_order_of_their_lines() -> None:
    text = ORDERS
    made = [MUTANTS[number] for number in (1, 16, 19, 27)]
    for mutant in made:
        text = text.replace(mutant.old, mutant.new, 1)

    verdict = verdict_of(text)

    assert {mutant.rule for mutant in made} <= {one.finding.rule for one in verdict.errors}
    assert [one.place for one in verdict.findings] == sorted(one.place for one in verdict.findings)


def test_dependencies_that_hold_on_every_way_are_accepted() -> None:
    needs = "      depends_on: [validate, capture-payment, confirm-order, shipping-method]\n"
    text = ORDERS.replace("      call: pick-order\n", f"      call: pick-order\n{needs}")

    assert verdict_of(text).findings == ()


def test_two_steps_that_depend_on_each_other_are_both_named() -> None:
    text = ORDERS
    for step, other in (("pick", "pack"), ("pack", "pick")):
        text = text.replace(f"      call: {step}-order\n", f"      call: {step}-order\n      depends_on: [{other}]\n")

    said = [one.finding.problem for one in found_by(verdict_of(text), "bad-dependency")]

    assert [line.split(":")[0] for line in said] == [
        "pick and pack depend on each other",
        "pack and pick depend on each other",
    ]


def test_a_valid_definition_is_said_to_be_valid() -> None:
    written = Written("orders.yaml", ORDERS)

    assert list(validation_lines(written, verdict_of(ORDERS)))[-1].startswith("orders.yaml: valid")
