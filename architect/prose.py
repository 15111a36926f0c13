"""The three free texts of a request, read into requirements; what no rule understands is kept and named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from architect.catalogue import Kind, Known, known
from architect.clauses import clauses, clean, quoted
from architect.conflict import several_regions
from architect.demands.demand import Demand, Scope, wanted
from architect.demands.demand import Kind as Demanded
from architect.demands.reader import demands_in
from architect.listing import Listed, is_trigger, listed_steps, sole_step
from architect.meanings import meanings, said
from architect.quantities import Dimension, quantities
from architect.requirements import Requirements, Statement, Step, Topic, Trigger
from architect.triggers import triggers_in

WORKFLOW_FORM = ("workflow_requirements", "scale_and_throughput", "durability_and_latency_sla")
BUSINESS_FORM = ("business_workflow", "event_sources", "constraints_and_slas")

_DEMAND_TOPICS: tuple[tuple[Demanded, Topic, str], ...] = (
    (Demanded.SEVERAL_REGIONS, Topic.REGIONS, "more than one region"),
    (Demanded.ONE_REGION, Topic.REGIONS, "one region"),
    (Demanded.STRONG, Topic.CONSISTENCY, "strong consistency"),
    (Demanded.EVENTUAL, Topic.CONSISTENCY, "eventual consistency"),
    (Demanded.SWIFT, Topic.LOW_LATENCY, "zero or near-zero latency"),
    (Demanded.LOW_LATENCY, Topic.LOW_LATENCY, "low latency"),
    (Demanded.AVAILABLE, Topic.AVAILABILITY, "full availability"),
)
_OF_TOPOLOGY = frozenset({Topic.REGIONS, Topic.CONSISTENCY, Topic.LOW_LATENCY, Topic.AVAILABILITY})
_LIST_MARK = re.compile(r"\d{1,2}")
_SOURCE = re.compile(
    r"\b(?:gateways?|services?|apis?|providers?|systems?|carriers?|merchants?|feeds?|integrations?)\b", re.IGNORECASE
)
_DESIGN_WORDS = re.compile(r"^(?:design|build|create|orchestrate|we\s+\w+|need|implement|please)\b", re.IGNORECASE)


def read_prose(texts: Mapping[str, str], form: Sequence[str]) -> tuple[Requirements, tuple[Demand, ...]]:
    """Return the requirements in three texts, and the demands that decide on a refusal."""
    cleaned = {field: clean(texts[field]) for field in form}
    workflow = cleaned[form[0]]
    whole = "\n".join(cleaned[field] for field in form)
    demands = demands_in(whole)
    steps, doubts = _steps(workflow)
    reader = _Reader(steps)
    for number, field in enumerate(form):
        for clause in clauses(cleaned[field]):
            reader.read(clause, of_workflow=number == 0, of_sources=form == BUSINESS_FORM and number == 1)
    statements = tuple(reader.statements)
    return (
        Requirements(
            name=_name(workflow, steps),
            form=", ".join(form),
            steps=limited(steps, statements),
            triggers=tuple(reader.triggers),
            statements=statements,
            unread=tuple(dict.fromkeys(reader.unread)),
            doubts=(*doubts, *reader.doubts),
            several_regions=several_regions(demands),
            strong=any(one.scope is not Scope.LOCAL for one in wanted(demands, Demanded.STRONG)),
            eventual=bool(wanted(demands, Demanded.EVENTUAL)),
        ),
        demands,
    )


class _Reader:
    """Goes through the clauses once and keeps what they said."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._names = tuple(step.name.lower() for step in steps)
        self.statements: list[Statement] = []
        self.triggers: list[Trigger] = []
        self.unread: list[str] = []
        self.doubts: list[str] = []

    def read(self, clause: str, *, of_workflow: bool, of_sources: bool) -> None:
        """Take in one clause: its figures and words, its demands, its triggers."""
        found = [*meanings(clause, self._steps), *_topology(clause)]
        triggers = list(triggers_in(clause))
        for trigger in triggers:
            if trigger.name not in {known.name for known in self.triggers}:
                self.triggers.append(trigger)
        if triggers:
            names = ", ".join(trigger.name for trigger in triggers)
            found.append(Statement(Topic.TRIGGER, clause, f"trigger {names}"))
        if of_sources and not found and _SOURCE.search(clause):
            found.append(Statement(Topic.PARTICIPANT, clause, "a system that a participant calls"))
        if of_workflow and not found:
            found.extend(self._as_steps(clause))
        self._doubt_figures(clause, found)
        self.statements.extend(found)
        if not found and not (of_workflow and _LIST_MARK.fullmatch(clause)):
            self.unread.append(clause)

    def _doubt_figures(self, clause: str, found: Sequence[Statement]) -> None:
        """Remember a clause that was understood without all of its figures."""
        figures = sum(one.dimension is not Dimension.COUNT for one in quantities(clause))
        bound = sum(one.value is not None for one in found)
        if found and figures > bound and not any(one.topic in _OF_TOPOLOGY for one in found):
            self.doubts.append(f"A figure in {quoted(clause)} is not read: it binds nothing in this design.")

    def _as_steps(self, clause: str) -> list[Statement]:
        lowered = " ".join(clause.lower().split())
        named = [name for name in self._names if name in lowered or lowered in name]
        if named:
            return [Statement(Topic.STEPS, clause, "names steps of the process")]
        if is_trigger(clause):
            return [Statement(Topic.TRIGGER, clause, "what starts the process")]
        return (
            [Statement(Topic.STEPS, clause, "says what the process is")]
            if _DESIGN_WORDS.match(clause) or not self._names
            else []
        )


def _topology(clause: str) -> list[Statement]:
    demands = demands_in(clause)
    return [
        said(
            topic,
            clause,
            reading + _INSIDE * (one.kind is Demanded.STRONG and one.scope is Scope.LOCAL),
            denied=one.denied,
        )
        for kind, topic, reading in _DEMAND_TOPICS
        for one in [next((one for one in demands if one.kind is kind), None)]
        if one is not None
    ]


_INSIDE = " inside one region, service or record"


def _steps(workflow: str) -> tuple[tuple[Step, ...], list[str]]:
    listed = listed_steps(workflow)
    doubts: list[str] = []
    if not listed:
        sole = sole_step(workflow)
        listed = (sole,) if sole else ()
        doubts.append(
            "The workflow text lists no steps in a form the reader knows (commas, arrows or numbers): "
            + (f"the design has the one step {sole.name}." if sole else "the design has none.")
        )
    steps = tuple(as_step(one, known(one.name, listed_as_states=one.state), level) for one, level in _levels(listed))
    return steps, doubts + doubts_about(steps)


def doubts_about(steps: Sequence[Step]) -> list[str]:
    """Return what the owner of the process has to confirm about its steps."""
    found = [
        f"Step {step.name} is in no catalogue: its effect is taken to need a reversal, which its owner has to name."
        for step in steps
        if step.kind is Kind.UNKNOWN and not step.compensation
    ]
    found.extend(f"Step {step.name}: {step.assumed}." for step in steps if step.assumed)
    return found


def as_step(listed: Listed, entry: Known, level: int) -> Step:
    """Return a listed step with what is known of it."""
    return Step(
        name=listed.name,
        kind=entry.kind,
        service=entry.service,
        effect=entry.effect,
        compensation=entry.compensation,
        reason=entry.reason,
        external=entry.external,
        level=level,
        assumed=entry.assumed,
        recipients=recipients_in(listed.name) if entry.kind is Kind.QUERY and entry.external else 1,
    )


def recipients_in(name: str) -> int:
    """Return how many a step asks at once, as its name says it: the insurers of `quotes from five insurers`."""
    counts = [
        int(one.value) for one in quantities(clean(name)) if one.dimension is Dimension.COUNT and one.value <= 1_000
    ]
    return max([1, *counts])


def _levels(listed: Sequence[Listed]) -> list[tuple[Listed, int]]:
    levelled: list[tuple[Listed, int]] = []
    level = -1
    before = False
    for one in listed:
        if not (one.parallel and before):
            level += 1
        before = one.parallel
        levelled.append((one, level))
    return levelled


def limited(steps: Sequence[Step], statements: Sequence[Statement]) -> tuple[Step, ...]:
    """Return the steps with the time limits that the statements give them."""
    of_all = min(
        (one.value for one in statements if one.topic is Topic.STEP_LIMIT and not one.step and one.value), default=None
    )
    own: dict[str, float] = {}
    for one in statements:
        if one.topic in (Topic.STEP_LIMIT, Topic.WAIT_LIMIT) and one.step and one.value:
            own[one.step] = min(own.get(one.step, one.value), one.value)
    return tuple(replace(step, limit_s=own.get(step.name, step.limit_s or of_all)) for step in steps)


def _name(workflow: str, steps: Sequence[Step]) -> str:
    head = re.split(r"[:.;,\n(]|\s->|\s\u2192", workflow.strip(), maxsplit=1)[0]
    head = re.split(
        r"\b(?:with|coordinat\w+|involv\w+|handl\w+|manag\w+|that|which|where|for|by|using|including|of)\b",
        head,
        maxsplit=1,
        flags=re.IGNORECASE,
    )[0]
    head = re.sub(
        r"^(?:please\s+)?(?:design|build|create|implement|we\s+need|need)\s+(?:an?\s+|the\s+|our\s+)?",
        "",
        head.strip(),
        flags=re.IGNORECASE,
    )
    head = re.sub(r"[^\w\s/&-]", "", re.sub(r"^(?:an?|the|our)\s+", "", head, flags=re.IGNORECASE)).strip(" -")
    if (
        1 <= len(head.split()) <= 8
        and head.lower() not in {step.name.lower() for step in steps}
        and not head[:1].isdigit()
    ):
        return head
    return named_by_steps(steps)


def named_by_steps(steps: Sequence[Step]) -> str:
    """Return a name for a process that has none: its first steps."""
    names = [step.name for step in steps[:4]]
    return ", ".join(names) + (", and more" if len(steps) > 4 else "") if names else "the requested process"
