"""Check that the published states are nothing but the fold of the events: the changelog, and orders.status."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest
from typing import Any

from verify.cases import Case, Cases
from verify.evidence import TERMINAL, Event, Evidence, Status
from verify.fold import fold
from verify.folded import Folded
from verify.report import Finding

_PLAIN_FIELDS = (
    "sequence",
    "definition",
    "version",
    "lifecycle",
    "status",
    "phase",
    "outcome",
    "started_at",
    "deadline",
    "code",
    "message",
    "failed_step",
    "pivoted",
)
_STEP_ROW = (
    "step", "undo", "status", "attempt", "dispatches", "uncertain", "timeout_at", "budget_at", "due_at", "code",
    "source",
)  # fmt: skip
_STEP_FIELDS = ("status", "attempt", "dispatches", "uncertain", "code", "source")


def changelog_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield a finding for every saga whose changelog state differs from the fold, field by field."""
    for case in cases.by_id.values():
        state = evidence.log.states.get(case.saga_id)
        if not case.events:
            continue
        if state is None and may_have_expired(evidence, case):
            continue
        if state is None:
            yield Finding("changelog", (case.saga_id,), "has events and no state in the changelog")
            continue
        for name, folded, stored in differences(fold(case.events), state):
            yield Finding("changelog", (case.saga_id,), f"{name}: the events give {folded}, the changelog has {stored}")
    for saga_id in evidence.log.states:
        if saga_id not in evidence.log.events:
            yield Finding("changelog", (saga_id,), "has a state in the changelog and no events")


def may_have_expired(evidence: Evidence, case: Case) -> bool:
    """Tell whether an ended saga may be without a state by now: it was taken out, or lies too long back."""
    if case.outcome not in TERMINAL.values():
        return False
    return case.saga_id in evidence.log.expired or case.events[-1].at_ms < evidence.forgotten_before_ms


def differences(folded: Folded, state: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield (field, by the events, in the state) for every field that differs."""
    for name in _PLAIN_FIELDS:
        if getattr(folded, name) != state[name]:
            yield name, getattr(folded, name), state[name]
    if folded.plan != list(state["plan"]):
        yield "plan", folded.plan, state["plan"]
    parent = None if state["parent"] is None else json.loads(state["parent"])
    if folded.parent != parent:
        yield "parent", folded.parent, parent
    unwinding = {part: (left, then) for part, (left, then) in json.loads(state["unwinding"]).items()}
    if folded.unwinding != unwinding:
        yield "unwinding", folded.unwinding, unwinding
    if folded.parked != json.loads(state["parked"]):
        yield "parked", folded.parked, state["parked"]
    outputs = json.loads(state["outputs"])
    if folded.outputs != outputs:
        changed = sorted(k for k in folded.outputs.keys() | outputs.keys() if folded.outputs.get(k) != outputs.get(k))
        yield "outputs of " + ", ".join(changed), folded.outputs, outputs
    rows = [{**dict(zip_longest(_STEP_ROW, row)), "source": _source(row)} for row in json.loads(state["steps"])]
    stored = {(step["step"], step["undo"]): step for step in rows}
    for key in folded.steps.keys() | stored.keys():
        mine, theirs = folded.steps.get(key), stored.get(key)
        by_events = None if mine is None else tuple(getattr(mine, name) for name in _STEP_FIELDS)
        by_state = None if theirs is None else tuple(theirs[name] for name in _STEP_FIELDS)
        if by_events != by_state:
            yield f"step {key[0]}{' undo' if key[1] else ''}", by_events, by_state


def _source(row: Sequence[Any]) -> str:
    """Return where a step's input comes from, which its row leaves out where it is the saga's own."""
    return str(row[len(_STEP_ROW) - 1]) if len(row) >= len(_STEP_ROW) else ""


def status_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield a finding for every saga whose last orders.status value is not its last change of lifecycle or status."""
    for case in cases.by_id.values():
        if not case.events:
            continue
        expected = _last_change(case.events)
        found = evidence.log.statuses.get(case.saga_id)
        if found is None and may_have_expired(evidence, case):
            continue
        if not _tells(found, expected, case.events[-1].sequence):
            detail = f"the events give {_say(expected)}, the topic has {_say(found)}"
            yield Finding("orders.status", (case.saga_id,), detail)


def _tells(found: Status | None, expected: Status, last: int) -> bool:
    """Tell whether a record tells of the last change; its sequence may be that of a later event of the same turn."""
    if found is None or not expected.sequence <= found.sequence <= last:
        return False
    return (found.lifecycle, found.status) == (expected.lifecycle, expected.status)


def _last_change(events: Sequence[Event]) -> Status:
    last = events[0]
    for before, event in pairwise(events):
        if (before.lifecycle, before.status) != (event.lifecycle, event.status):
            last = event
    return Status(last.saga_id, last.sequence, last.lifecycle, last.status)


def _say(status: Status | None) -> str:
    return "nothing" if status is None else f"{status.lifecycle}/{status.status} at {status.sequence}"
