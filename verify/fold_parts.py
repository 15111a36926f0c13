"""How scopes, interventions and migrations change the folded state: part of the oracle's fold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from verify.evidence import Event
from verify.folded import Folded, Step

_SPEC = "https://serverlessworkflow.io/spec/1.0.0/errors/"
_STATUS_OF: Mapping[str, int] = {
    "timeout": 408,
    "expression_failed": 400,
    "unsendable_command": 400,
    "unauthorized": 401,
    "forbidden": 403,
    f"{_SPEC}timeout": 408,
    f"{_SPEC}configuration": 400,
    f"{_SPEC}validation": 400,
    f"{_SPEC}expression": 400,
    f"{_SPEC}authentication": 401,
    f"{_SPEC}authorization": 403,
}
"""The status of an error by its code, 500 for any other."""


def scope_entered(folded: Folded, event: Event) -> None:
    """Let a scope begin, or its next attempt."""
    fields = event.fields
    folded.steps[event.step, False] = Step(
        "WAITING", fields["attempt"], source=fields["source"], waits_for="parts", until=fields.get("timeout_at")
    )
    items = json.loads(fields["items"])
    if items:
        folded.outputs[f"{event.step}:items"] = items


def scope_failed(folded: Folded, event: Event) -> None:
    """Leave a part of a scope: nothing in it goes on, parts within it are no matter of their own any more."""
    fields = event.fields
    part = f"{event.step}/{fields['part']}"
    inside = f"{part}/"
    folded.close(inside, fields["plan"])
    folded.steps[part, False] = Step("FAILED", code=fields["code"])
    folded.unwinding = {key: left for key, left in folded.unwinding.items() if not key.startswith(inside)}
    folded.unwinding[part] = (list(fields["plan"]), fields["leaving"])
    if fields["leaving"] in ("RETRY", "CATCH"):
        folded.outputs[f"{event.step}:error"] = _error(fields["code"], fields["message"], fields["failed_step"])


def _error(code: str, message: str, failed_step: str | None) -> dict[str, object]:
    return {
        "type": code,
        "status": _STATUS_OF.get(code, 500),
        "title": message,
        "detail": message,
        "instance": failed_step or "",
    }


def scope_unwound(folded: Folded, event: Event) -> None:
    """Close the books of a part."""
    folded.unwinding.pop(f"{event.step}/{event.fields['part']}", None)


def gather_closed(folded: Folded, event: Event) -> None:
    """Change nothing that is compared: only the time that the scope waits for is gone."""
    folded.step(event.step).until = None


def intervened(folded: Folded, event: Event) -> None:
    """Let a person's decision stand: what was skipped is settled, what is tried again begins at attempt 0."""
    fields = event.fields
    for path in fields["steps"]:
        step = folded.step(path, event.undo)
        if fields["action"] == "skip":
            step.status = "SKIPPED"
        else:
            step.status, step.attempt, step.code = "FAILED", 0, None
    if event.undo and folded.phase == "FORWARD":
        _take_up(folded, fields["steps"], skipped=fields["action"] == "skip")
    elif event.undo and fields["action"] != "skip":
        folded.phase, folded.outcome, folded.plan = "COMPENSATING", None, list(fields["steps"])


def _take_up(folded: Folded, steps: Sequence[str], *, skipped: bool) -> None:
    """Let parts go on that waited because these steps of theirs could not be undone."""
    for part, (left, then) in list(folded.unwinding.items()):
        own = [step for step in steps if step.startswith(f"{part}/")]
        if own:
            folded.step(part).status = "FAILED"
            folded.unwinding[part] = (left if skipped else own, then)


def migrated(folded: Folded, event: Event) -> None:
    """Give steps and results the names that another version has for them."""
    names: Mapping[str, str] = json.loads(event.fields["renamed"])
    written = event.fields["outputs"]
    folded.steps = {
        (renamed(path, names), undo): _with_source(step, renamed(step.source, names))
        for (path, undo), step in folded.steps.items()
    }
    folded.outputs = (
        {renamed(path, names): output for path, output in folded.outputs.items()}
        if written is None
        else json.loads(written)
    )


def renamed(path: str, names: Mapping[str, str]) -> str:
    """Return a path with each name replaced by its new one; what follows a name's ':' stays."""
    replaced = []
    for segment in path.split("/"):
        name, mark, rest = segment.partition(":")
        replaced.append(names.get(name, name) + mark + rest)
    return "/".join(replaced)


def _with_source(step: Step, source: str) -> Step:
    step.source = source
    return step
