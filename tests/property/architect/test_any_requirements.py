"""For any requirements: a design of one form, or the one refusal, or a named fault; and always the same."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from architect.conflict import REFUSAL
from architect.design import Design, Refused, design
from architect.faults import BadRequirements

WORDS = st.sampled_from(
    [
        "payment", "inventory", "shipping", "zorble", "then", "and", ",", ";", "->", "1.", "\n-",
        "strong consistency", "across regions", "zero latency", "no", "not needed", "eventual",
        "500 events per second", "10,000 concurrent", "RTO < 5 s", "200 ms", "per transition", "99.99 %",
        "$200", "per month", "100 KB", "states:", "quotes from", "three", "if", "fails", "refund", "`", "**",
        "{x}", "<b>", "](", "#", "“", "”", "0", "0 events per second", "__", "s3", "|",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.lists(WORDS, min_size=1, max_size=25).map(" ".join), st.text(min_size=1, max_size=120)).filter(
    str.strip
)
FORMS = st.fixed_dictionaries(
    {"workflow_requirements": TEXTS, "scale_and_throughput": TEXTS, "durability_and_latency_sla": TEXTS}
)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
STRUCTURED = st.fixed_dictionaries(
    {"steps": st.lists(NAMES, min_size=1, max_size=6, unique=True)},
    optional={
        "events_per_second": st.one_of(st.integers(1, 10**7), st.floats(0.001, 1e7)),
        "concurrent_sagas": st.integers(1, 10**8),
        "transition_latency": st.sampled_from(["1 ms", "10 ms", "200 ms", "5 s"]),
        "rto": st.sampled_from(["1 s", "5 s", "1 h"]),
        "availability": st.floats(1, 100),
        "regions": st.lists(st.sampled_from(["eu-west-1", "us-east-1", "ap-south-1"]), max_size=3),
        "consistency": st.sampled_from(["strong", "eventual"]),
        "budget": st.sampled_from(["$200 per month", "3 EUR per day", "1,000 USD"]),
        "name": NAMES,
    },
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def answer(document: object) -> Design | Refused | None:
    """Return the answer, None for requirements at fault."""
    try:
        return design(document)
    except BadRequirements as fault:
        return None if fault.field and fault.remedy else pytest.fail(f"says too little: {fault}")


@settings(max_examples=60, deadline=None)
@given(FORMS | STRUCTURED)
@example(
    {"workflow_requirements": "x", "scale_and_throughput": "0 events per second", "durability_and_latency_sla": "0"}
)
def test_a_design_has_one_form_whatever_is_asked(document: dict[str, object]) -> None:
    found = answer(document)

    if isinstance(found, Design):
        lines = [line for line in found.markdown.decode().splitlines() if line]
        assert lines[0].startswith("# ")
        assert lines[-1].startswith("- ")
        assert all(re.match(r"#{1,3} \S|- \S", line) for line in lines)
        assert not re.search(r"[`{}]|->", found.markdown.decode())
        assert all(line.count("**") % 2 == 0 for line in lines)
        assert json.loads(found.json)["pattern"] in lines[0]
    elif isinstance(found, Refused):
        assert found.body == REFUSAL


@settings(max_examples=40, deadline=None)
@given(FORMS)
def test_every_number_of_a_text_is_in_its_design(document: dict[str, str]) -> None:
    found = answer(document)

    if isinstance(found, Design):
        for text in document.values():
            for number in re.findall(r"[0-9]+", text):
                assert number in found.markdown.decode()


@settings(max_examples=25, deadline=None)
@given(FORMS | STRUCTURED)
def test_the_same_requirements_get_the_same_bytes(document: dict[str, object]) -> None:
    assert answer(document) == answer(json.loads(json.dumps(document)))


@settings(max_examples=200, deadline=None)
@given(JSON)
def test_nonsense_is_a_fault_with_a_remedy(document: object) -> None:
    answer(document)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["strong consistency", "linearizable reads", "strict serializability", "strongly consistent data"]),
    st.sampled_from(
        ["across regions", "in every region", "between continents", "over three data centers", "worldwide"]
    ),
    st.sampled_from(
        ["zero latency", "no added latency", "100% availability", "sub-millisecond latency", "near-zero latency"]
    ),
    st.sampled_from([". ", "; ", ", ", " with ", " and "]),
    st.permutations([0, 1]),
    st.sampled_from(["payment, inventory", "trade"]),
)
def test_the_three_together_are_refused_and_any_two_are_not(
    strong: str, regions: str, third: str, joint: str, order: list[int], workflow: str
) -> None:
    def asked(sla: str) -> Design | Refused | None:
        return answer(
            {
                "workflow_requirements": workflow,
                "scale_and_throughput": "1,000,000 TPS",
                "durability_and_latency_sla": sla,
            }
        )

    both = [f"{strong} {regions}", third]
    assert isinstance(asked(joint.join(both[number] for number in order)), Refused)
    assert isinstance(asked(f"{strong} {regions}"), Design)
    assert isinstance(asked(f"{strong}{joint}{third}"), Design)
    assert isinstance(asked(f"eventual consistency {regions}{joint}{third}"), Design)
    assert isinstance(asked(f"no {strong} needed {regions}; {third}"), Design)
    assert isinstance(asked(f"{strong} {regions}; {third} is not required"), Design)


SAME = [
    "must always hold the same data",
    "must never return a stale value",
    "must be linearizable",
    "may never disagree",
]
APART = [
    "when the link between them is cut",
    "during a network partition",
    "while they are isolated",
    "if they lose contact",
]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["both data centres", "all regions", "the three regions", "all our sites"]),
    st.sampled_from(SAME),
    st.sampled_from(["must keep accepting orders", "have to go on selling", "must answer every request"]),
    st.sampled_from(APART),
    st.sampled_from([". ", "; "]),
    st.booleans(),
)
def test_sameness_and_going_on_apart_are_refused_and_giving_up_either_is_not(
    places: str, same: str, goes_on: str, apart: str, joint: str, first: bool
) -> None:
    def asked(*sentences: str) -> Design | Refused | None:
        ordered = sentences if first else sentences[::-1]
        return answer(
            {
                "workflow_requirements": "payment, inventory",
                "scale_and_throughput": "500 events per second",
                "durability_and_latency_sla": joint.join(ordered),
            }
        )

    consistent, available = f"{places} {same}", f"{places} {goes_on} {apart}"
    assert isinstance(asked(consistent, available), Refused)
    assert isinstance(asked(consistent, f"{apart}, the smaller side may refuse orders"), Design)
    assert isinstance(asked("eventual consistency between the places is enough", available), Design)
    assert isinstance(asked(f"it is not required that {places} {same.replace('must', '')}", available), Design)
    assert isinstance(asked(consistent), Design)
    assert isinstance(asked(available), Design)
