"""The steps of structured requirements: each with its effect, its compensation, its place and its limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from architect.catalogue import CHANGES_NOTHING, Kind, Known, known, service_of
from architect.clauses import clean, plain
from architect.faults import BadRequirements, shown
from architect.prose import recipients_in
from architect.quantities import Dimension, quantities
from architect.requirements import Step

_FIELDS = ("name", "kind", "participant", "effect", "compensation", "external", "after", "time_limit", "recipients")
_KINDS = {
    "action": Kind.ACTION, "message": Kind.MESSAGE, "query": Kind.QUERY, "check": Kind.CHECK, "decision": Kind.DECISION,
    "approval": Kind.APPROVAL, "wait": Kind.WAIT, "state": Kind.STATE,
}  # fmt: skip
_MOST_STEPS = 200


def read_steps(given: object) -> tuple[Step, ...]:
    """Return the steps. Raises BadRequirements, which names the step at fault."""
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise BadRequirements("steps", "is missing or empty", "list at least one step, as a text or with a name")
    if len(given) > _MOST_STEPS:
        raise BadRequirements("steps", f"has {len(given)} entries", f"list at most {_MOST_STEPS}")
    steps: list[Step] = []
    levels: dict[str, int] = {}
    for number, entry in enumerate(given):
        field = f"steps[{number}]"
        step = _step({"name": entry} if isinstance(entry, str) else entry, field, levels, len(steps))
        if step.name in levels:
            raise BadRequirements(f"{field}.name", f"{step.name!r} is there twice", "give each step a name of its own")
        levels[step.name] = step.level
        steps.append(step)
    return tuple(steps)


def _step(entry: object, field: str, levels: Mapping[str, int], place: int) -> Step:
    if not isinstance(entry, Mapping):
        raise BadRequirements(field, f"is {shown(entry)}", "write a name, or an object with a name")
    for key in entry:
        if key not in _FIELDS:
            raise BadRequirements(f"{field}.{key}", "is no field of a step", f"the fields are {', '.join(_FIELDS)}")
    name = _text(entry, "name", field)
    if not name:
        raise BadRequirements(f"{field}.name", "is missing", "name the step")
    base = _meaning(entry, field, name)
    compensation, reason = _undo(entry, field, base)
    return Step(
        name=name,
        kind=base.kind,
        service=_text(entry, "participant", field) or base.service,
        effect=_text(entry, "effect", field) or base.effect,
        compensation=compensation,
        reason=reason,
        external=_external(entry, field, default=base.external),
        level=_level(entry, field, levels, place),
        limit_s=_limit(entry, field),
        recipients=_recipients(entry, field, name, base),
        assumed="" if "compensation" in entry or "kind" in entry else base.assumed,
    )


def _meaning(entry: Mapping[str, object], field: str, name: str) -> Known:
    word = _text(entry, "kind", field)
    if word and word not in _KINDS:
        raise BadRequirements(f"{field}.kind", f"is {word!r}", f"use one of {', '.join(_KINDS)}")
    taught = known(name)
    if not word:
        if taught.kind is Kind.UNKNOWN and _text(entry, "effect", field):
            return Known(Kind.ACTION, service_of(name), "", "")
        return taught
    kind = _KINDS[word]
    if kind is taught.kind:
        return taught
    if kind in CHANGES_NOTHING:
        return Known(
            kind,
            service_of(name),
            f"is given as a {word}",
            reason=f"it is given as a {word}, which changes nothing outside",
        )
    return Known(kind, taught.service or service_of(name), taught.effect, taught.compensation, external=taught.external)


def _undo(entry: Mapping[str, object], field: str, base: Known) -> tuple[str, str]:
    given = entry.get("compensation")
    where = f"{field}.compensation"
    if given is None:
        return base.compensation, base.reason
    if isinstance(given, Mapping):
        reason = given.get("none")
        if set(given) != {"none"} or not isinstance(reason, str) or not reason.strip():
            raise BadRequirements(
                where, f"is {shown(dict(given))}", "write what undoes the step, or none with a reason as its value"
            )
        return "", plain(clean(reason))
    if not isinstance(given, str) or not given.strip():
        raise BadRequirements(
            where, f"is {shown(given)}", "write what undoes the step, or none with a reason as its value"
        )
    if given.strip().lower() == "none":
        raise BadRequirements(where, "is none without a reason", "write none with the reason as its value")
    return plain(clean(given)), ""


def _level(entry: Mapping[str, object], field: str, levels: Mapping[str, int], place: int) -> int:
    if "after" not in entry:
        return max(levels.values()) + 1 if place else 0
    after = entry["after"]
    names = [after] if isinstance(after, str) else after
    if not isinstance(names, Sequence):
        raise BadRequirements(f"{field}.after", f"is {shown(after)}", "list the names of earlier steps")
    for name in names:
        if name not in levels:
            raise BadRequirements(
                f"{field}.after", f"names {name!r}, which is no earlier step", "name steps listed before this one"
            )
    return max((levels[name] for name in names), default=-1) + 1


def _limit(entry: Mapping[str, object], field: str) -> float | None:
    given = entry.get("time_limit")
    if given is None:
        return None
    found = list(quantities(clean(given))) if isinstance(given, str) else []
    if len(found) != 1 or found[0].dimension is not Dimension.TIME or found[0].value <= 0:
        raise BadRequirements(f"{field}.time_limit", f"is {shown(given)}", 'write a time such as "5 s"')
    return found[0].value


def _recipients(entry: Mapping[str, object], field: str, name: str, base: Known) -> int:
    given = entry.get("recipients")
    if given is None:
        return recipients_in(name) if base.kind is Kind.QUERY and base.external else 1
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= 1_000:
        raise BadRequirements(f"{field}.recipients", f"is {shown(given)}", "write a whole number from 1 to 1000")
    return given


def _external(entry: Mapping[str, object], field: str, *, default: bool) -> bool:
    given = entry.get("external", default)
    if not isinstance(given, bool):
        raise BadRequirements(f"{field}.external", f"is {shown(given)}", "use true or false")
    return given


def _text(entry: Mapping[str, object], key: str, field: str) -> str:
    given = entry.get(key, "")
    if not isinstance(given, str):
        raise BadRequirements(f"{field}.{key}", f"is {shown(given)}", "write a text")
    return plain(clean(given))
