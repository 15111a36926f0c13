"""The design of a process: every count is computed, so that what is taken out of the definition is missing in it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from orchestrator.design.analysis import Design
from orchestrator.design.options import Options, timeout_ms
from orchestrator.design.report import analysis_block, design_block, sections
from tests.unit.design.shipped import PATHS, changed, design

TITLES = [
    "1. Requirements",
    "2. States and transitions",
    "3. Decision points",
    "4. Parallel and sequential work",
    "5. Error boundaries and compensation",
    "6. Monitoring and audit",
    "7. Deployment",
]


def test_the_order_process_is_analysed() -> None:
    assert list(analysis_block(design())) == [
        "[Analysis] Process: order-fulfillment",
        "States identified: 8 (pending, validated, paid, picking, packed, shipped, delivered, cancelled)",
        "Decision points: 3 (payment check, inventory check, shipping method)",
        "Parallel branches: 1 (notification + inventory update)",
        "Human gates: 1 (approval)",
    ]


def test_the_state_machine_of_the_order_process_is_counted() -> None:
    assert list(design_block(design()))[:4] == [
        "[Design] State machine generated:",
        "  Transitions: 12 defined",
        "  Compensation flows: 4 rollback paths",
        "  Error boundaries: 3 retry policies",
    ]


def test_six_transitions_lead_forward_and_six_back_from_every_state_but_delivered() -> None:
    edges = [(edge.source, edge.target) for edge in design().lifecycle.transitions]
    live = ["pending", "validated", "paid", "picking", "packed", "shipped", "delivered"]

    assert edges[:6] == list(pairwise(live))
    assert edges[6:] == [(state, "cancelled") for state in live[:-1]]


def test_the_rollback_paths_are_the_four_pairs_one_for_each_participant() -> None:
    undo = {path.participant: [pair.undo for pair in path.pairs] for path in design().rollbacks}

    assert undo == {
        "inventory": ["inventory.RestockInventory", "inventory.ReleaseInventory"],
        "payment": ["payment.RefundPayment"],
        "shipping": ["shipping.CancelShipment"],
        "notification": ["notification.NotifyCustomer"],
    }


def states(one: Design) -> int:
    return len(one.lifecycle.states)


def transitions(one: Design) -> int:
    return len(one.lifecycle.transitions)


def decisions(one: Design) -> int:
    return len(one.decisions)


def rollbacks(one: Design) -> int:
    return len(one.rollbacks)


def policies(one: Design) -> int:
    return len(one.policies)


def steps(one: Design) -> int:
    return len(one.steps)


NO_PACKED = ("      status: { lifecycle: packed }\n", "")
NO_DELIVERY = ("signals:\n  delivered: { after: [ship], lifecycle: { from: shipped, to: delivered } }\n", "")
NO_DECISION = ("      decision: payment check\n", "")
NO_UNDO = ("call: cancel-shipment\n        with: { order_id: \"${ $workflow.input.order_id }\" }\n        retry: undo\n"
           "        always: true\n", "none: Nothing is undone.\n")  # fmt: skip
NO_POLICY = ("      retry: payment\n", "      retry: inventory\n")
OWN_POLICY = ("      retry: payment\n", "      retry: { delay: { seconds: 1 }, limit: { attempt: { count: 1 } } }\n")


@pytest.mark.parametrize(
    ("change", "count", "fewer"),
    [
        (NO_PACKED, states, 1),
        (NO_PACKED, transitions, 2),
        (NO_DELIVERY, states, 1),
        (NO_DELIVERY, transitions, 1),
        (NO_DECISION, decisions, 1),
        (NO_UNDO, rollbacks, 1),
        (NO_POLICY, policies, 1),
        (OWN_POLICY, policies, 0),
    ],
)
def test_what_is_taken_out_is_missing_in_the_counts(
    change: tuple[str, str], count: Callable[[Design], int], fewer: int
) -> None:
    assert count(design(changed(change))) == count(design()) - fewer


def test_a_definition_without_the_fork_has_no_parallel_branches() -> None:
    text = changed(
        ("      fork:\n        branches:\n          - deduct-inventory:", "      do:\n          - deduct-inventory:")
    )

    assert design(text).parallel == ()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_the_report_has_its_sections_in_order_and_none_is_empty(path: Path) -> None:
    lines = list(sections(design(path.read_text(encoding="utf-8")), Options()))

    titles = [index for index, line in enumerate(lines) if line[:1].isdigit()]
    assert [lines[index] for index in titles] == TITLES
    assert all(lines[index + 1].strip() for index in titles)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_every_step_has_failure_cases_and_each_is_answered(path: Path) -> None:
    one = design(path.read_text(encoding="utf-8"))

    assert one.steps
    for step in one.steps:
        assert step.cases, step.name
        assert {case.treatment.value for case in step.cases} <= {"retry", "compensation", "dead-letter"}
        assert all(case.cause and case.effect for case in step.cases)


@pytest.mark.parametrize(
    ("text", "milliseconds"), [("30s", 30_000), ("500ms", 500), ("2m", 120_000), ("1.5s", 1_500), ("1h", 3_600_000)]
)
def test_a_timeout_is_written_with_its_unit(text: str, milliseconds: int) -> None:
    assert timeout_ms(text) == milliseconds


@pytest.mark.parametrize("text", ["", "30", "0s", "-1s", "3x", "s", "9999999d"])
def test_what_is_no_timeout_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no time-out: write a number above zero and its unit"):
        timeout_ms(text)
