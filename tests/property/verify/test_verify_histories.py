"""The oracle follows every history that the core can make: the same state, and nothing to object to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.core.inputs import Action, Resolve
from orchestrator.core.state import Phase
from orchestrator.definitions.compiler import compile_definition
from tests.published import evidence_of, published
from tests.saga_documents import ACT, ASK, document
from tests.saga_histories import EVERYTHING, Happening, any_stories, ended, happenings, lived, reply, sent
from tests.saga_story import Story, begun, done, resolves, taken_back
from verify.cases import gather
from verify.check_transitions import transition_findings
from verify.proof import prove

thorough = settings(max_examples=150, deadline=None)

ANSWERS = st.sampled_from(["done", "done", "rejected", "unknown"])
DEEDS = st.lists(st.sampled_from(["retry", "resume", "skip", "one", "undo", "answer"]), max_size=6)

HELD: dict[str, Any] = {**ACT, "error_strategy": "dead-letter"}
PIVOT: dict[str, Any] = {**ASK, "pivot": True}


def check(story: Story) -> None:
    """Assert that the oracle has the state that the core has, and finds nothing wrong with the way there."""
    events = published(story.state, story.told)
    report = prove(evidence_of(story.state, events))
    found = [one for one in report.findings if "no terminal outcome" not in one.detail or _stands(story)]
    found += transition_findings(gather(evidence_of(story.state, events, story.state.definition)))
    assert found == [], story.history
    assert [one for one in report.sums if one.name != "outcomes" and not one.holds] == []


def _stands(story: Story) -> bool:
    """Tell whether the saga will not move by itself."""
    waiting = {step.status for step in story.state.steps.values()} & {"SCHEDULED", "WAITING", "RETRYING", "PARKED"}
    return story.state.phase is Phase.ENDED or not waiting


@thorough
@given(any_stories(), happenings(EVERYTHING), ANSWERS, DEEDS)
def test_nothing_is_wrong_with_any_history_of_any_definition(
    story: Story, what: list[Happening], answers: str, deeds: list[str]
) -> None:
    story = lived(story, what)
    check(story)
    story = ended(story, answers)
    check(story)
    check(repaired(story, deeds))


TASKS = st.lists(
    st.sampled_from([{"a": ACT}, {"b": HELD}, {"p": PIVOT}, {"c": {**HELD, "pivot": True}}, {"d": ACT}]),
    min_size=1,
    max_size=4,
    unique_by=lambda task: next(iter(task)),
)


def kept_sound(story: Story, *times: tuple[list[Happening], list[str]]) -> Story:
    """Return the story after each time something happened and people did something; nothing may ever be wrong."""
    for happening, deeds in times:
        story = lived(story, happening)
        check(story)
        story = repaired(story, deeds)
        check(story)
    return story


@thorough
@given(TASKS, happenings(EVERYTHING), DEEDS, DEEDS)
def test_nothing_is_wrong_with_what_people_do_about_steps_that_wait(
    tasks: list[dict[str, Any]], what: list[Happening], early: list[str], late: list[str]
) -> None:
    definition = compile_definition(document(*tasks, timeout={"after": {"hours": 5}}), {})
    kept_sound(begun(definition, "sag_a", {}), (what, early), (what, late))


ONCE_MORE = {"retry": {"limit": {"attempt": {"count": 1}}, "delay": {"seconds": 1}}}
SCOPES = st.lists(
    st.sampled_from(
        [
            {"a": ACT},
            {"b": HELD},
            {"t": {"try": [{"ta": ACT}, {"tb": HELD}, {"tc": ACT}], "catch": {"do": [{"th": HELD}]}}},
            {"u": {"try": [{"ua": ACT}, {"ub": ACT}], "catch": ONCE_MORE}},
            {"r": {"fork": {"compete": True, "branches": [{"x": HELD}, {"y": {"do": [{"y1": ACT}, {"y2": HELD}]}}]}}},
            {
                "g": {
                    "fork": {"branches": [{"gx": HELD}, {"gy": ACT}]},
                    "gather": {"within": {"seconds": 3}, "least": 1},
                }
            },
            {"l": {"for": {"in": "[1,2]", "concurrency": 2}, "do": [{"la": ACT}, {"lb": HELD}]}},
            {"w": {"listen": {"to": {"any": [{"with": {"type": "go"}}]}}, "timeout": {"after": {"minutes": 1}}}},
        ]
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda task: next(iter(task)),
)


@thorough
@given(SCOPES, happenings(EVERYTHING), DEEDS, happenings(EVERYTHING), DEEDS)
def test_nothing_is_wrong_with_steps_that_wait_in_loops_races_and_tries(
    tasks: list[dict[str, Any]], what: list[Happening], early: list[str], more: list[Happening], late: list[str]
) -> None:
    definition = compile_definition(document(*tasks, timeout={"after": {"hours": 5}}), {})
    kept_sound(begun(definition, "sag_a", {}), (what, early), (more, late))


SOON: dict[str, Any] = {"after": {"seconds": 20}}
_LATE_SCOPES: list[dict[str, Any]] = [
    {"t": {"try": [{"ta": ACT}, {"tb": ACT}], "catch": ONCE_MORE, "timeout": SOON}},
    {
        "o": {
            "try": [{"i": {"try": [{"ia": ACT}], "catch": ONCE_MORE, "timeout": {"after": {"seconds": 25}}}}],
            "catch": {"errors": {"with": {"type": "timeout"}}, "do": [{"oh": ACT}]},
            "timeout": SOON,
        }
    },
    {"r": {"fork": {"compete": True, "branches": [{"x": ACT}, {"y": ACT}]}, "timeout": SOON}},
    {"g": {"fork": {"branches": [{"gx": ACT}, {"gy": ACT}]}, "gather": {"within": {"seconds": 3}, "least": 2}}},
    {"l": {"for": {"in": "[1,2]"}, "do": [{"la": ACT}], "timeout": SOON}},
]
_GATHER_OF_TWO: dict[str, Any] = {
    "g": {"fork": {"branches": [{"gx": ACT}, {"gy": ACT}]}, "gather": {"within": {"seconds": 3}, "least": 2}}
}
"""Held twice: its part cannot be undone, and then it has too few answers."""
LATE_SCOPES = st.lists(st.sampled_from(_LATE_SCOPES), min_size=1, max_size=3, unique_by=lambda task: next(iter(task)))


@thorough
@example([_GATHER_OF_TWO], [("done", 0), ("timer", 0), ("rejected", 0)], ["retry"], [("done", 0)], [])
@example([_GATHER_OF_TWO], [("done", 0), ("time", 10), ("unavailable", 37)], [], [("timer", 0)], [])
@given(LATE_SCOPES, happenings(EVERYTHING), DEEDS, happenings(EVERYTHING), DEEDS)
def test_nothing_is_wrong_with_scopes_that_wait_past_the_pivot(
    tasks: list[dict[str, Any]], what: list[Happening], early: list[str], more: list[Happening], late: list[str]
) -> None:
    definition = compile_definition(document({"p": PIVOT}, *tasks), {})
    story = kept_sound(begun(definition, "sag_a", {}).when(done("p")), (what, early), (more, late))
    assert _goes_on(story), story.history


def _goes_on(story: Story) -> bool:
    """Tell whether the saga has ended, or waits for an answer, a time or a person."""
    waiting = {step.status for step in story.state.steps.values()} & {"SCHEDULED", "RETRYING", "PARKED", "HELD"}
    return story.state.phase is Phase.ENDED or bool(waiting)


def repaired(story: Story, deeds: list[str]) -> Story:
    """Return the story after people did these things, each followed by answers to what they led to."""
    for deed in deeds:
        match deed:
            case "one":
                waiting = [step.step for step in story.state.steps.values() if step.status in ("HELD", "FAILED")]
                chosen = waiting[0] if waiting else "nothing"
                story = story.when(lambda now, step=chosen: (Resolve("in_7", Action.RETRY, step, "ann", ""), now.now))  # type: ignore[misc]  # the default binds this turn's value
            case "undo":
                story = story.when(taken_back())
            case "answer":
                story = _answered(story)
            case _:
                story = story.when(resolves(deed))
    return replace(story, new=())


def _answered(story: Story) -> Story:
    waiting = [path for path, step in story.state.steps.items() if step.status == "SCHEDULED"]
    for path in waiting:
        command = next(one for one in sent(story) if one.command_id.rpartition(":")[0].endswith(f":{path}"))
        story = story.when(reply(command, "done"))
    return story
