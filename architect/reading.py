"""Any of the three forms of a request, read: structured fields, or one of the two sets of free texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from architect.clauses import clean
from architect.demands.demand import Demand
from architect.faults import BadRequirements, shown
from architect.prose import BUSINESS_FORM, WORKFLOW_FORM, read_prose
from architect.requirements import Requirements
from architect.structured import FIELDS, read_structured

CHOICES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "orchestrator": ("custom", ("temporal", "step-functions", "airflow")),
    "state_persistence": ("event-log", ("database", "workflow-engine")),
}
"""Options with one value that works, and the values that are known and refused."""
LONGEST_TEXT = 10_000
"""Characters of one free text."""
FORMS = (WORKFLOW_FORM, BUSINESS_FORM)
"""The two sets of free texts, each of which is required as a whole."""


def read(document: object) -> tuple[Requirements, tuple[Demand, ...]]:
    """Return the requirements and the demands that decide on a refusal. Raises BadRequirements."""
    if not isinstance(document, Mapping) or not all(isinstance(key, str) for key in document):
        raise BadRequirements("requirements", "are no object", "write fields with names")
    given = {key: value for key, value in document.items() if value is not None}
    for option in CHOICES:
        _check_choice(option, given)
    fields = [key for key in given if key not in CHOICES]
    forms = [form for form in FORMS if any(key in form for key in fields)]
    if not forms:
        if not fields:
            raise BadRequirements("requirements", "are empty", _WAYS)
        return read_structured(given)
    form = forms[0]
    for key in fields:
        if key not in form:
            problem = (
                "stands beside another form of requirements"
                if key in (*FIELDS, *sum(FORMS, ()))
                else "is no known field"
            )
            raise BadRequirements(
                key or "a field without a name",
                problem,
                f"send {_listed(form)}, or structured fields, and nothing else",
            )
    return read_prose({key: _free_text(key, given, form) for key in form}, form)


_WAYS = "send structured fields (at least steps), or " + " or ".join(", ".join(form) for form in FORMS)


def _check_choice(option: str, given: Mapping[str, object]) -> None:
    works, refused = CHOICES[option]
    value = given.get(option, works)
    if value == works:
        return
    if value in refused:
        raise BadRequirements(
            option, f"{value} is known and not supported", f"use {works}, the one that is built, or leave it out"
        )
    raise BadRequirements(option, f"is {shown(value)}, which is unknown", f"use {works}, or leave it out")


def _free_text(field: str, given: Mapping[str, object], form: Sequence[str]) -> str:
    text = given.get(field)
    if text is not None and not isinstance(text, str):
        raise BadRequirements(field, f"is {shown(text)}", "write a text")
    if text is not None and len(text) > LONGEST_TEXT:
        raise BadRequirements(field, f"has {len(text):,} characters", f"send at most {LONGEST_TEXT:,}")
    if text is None or not clean(text).strip():
        raise BadRequirements(field, "is missing or empty", f"all of {_listed(form)} are required")
    return text


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"
