"""Requirements as named fields: what each may hold, and the same model as from free text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from architect.clauses import clean, plain
from architect.demands.demand import Demand, Kind, Scope
from architect.faults import BadRequirements, shown
from architect.numbers_shown import share_shown, size_shown, time_shown, whole
from architect.prose import doubts_about, limited, named_by_steps
from architect.quantities import LARGEST, Dimension, Quantity, quantities
from architect.requirements import Requirements, Statement, Step, Topic, Trigger
from architect.structured_steps import read_steps
from architect.triggers import triggers_in

_CONSISTENCIES = ("strong", "eventual")
_SCOPES = ("global", "region")

_EXAMPLES = {
    Dimension.TIME: '"200 ms" or "5 s"',
    Dimension.SIZE: '"100 KB"',
    Dimension.RATE: '"500 per second", or a number, which is meant a second',
    Dimension.SHARE: '"99.99 %", or a number, which is meant in percent',
    Dimension.MONEY: '"$200 per month"',
    Dimension.COUNT: "a number such as 10000",
}
_BARE = frozenset({Dimension.RATE, Dimension.SHARE, Dimension.COUNT})

_FIGURES: Mapping[str, tuple[Topic, Dimension, str, str]] = {
    "events_per_second": (Topic.THROUGHPUT, Dimension.RATE, "{} events a second for the orchestrator", "events"),
    "sagas_per_second": (Topic.THROUGHPUT, Dimension.RATE, "{} sagas started a second", "sagas"),
    "average_events_per_second": (Topic.AVERAGE_THROUGHPUT, Dimension.RATE, "{} events a second on average", "events"),
    "average_sagas_per_second": (Topic.AVERAGE_THROUGHPUT, Dimension.RATE, "{} sagas a second on average", "sagas"),
    "concurrent_sagas": (Topic.CONCURRENCY, Dimension.COUNT, "{} sagas in flight at once", ""),
    "mean_saga_duration": (Topic.SAGA_DURATION, Dimension.TIME, "a saga lasts {} on average", ""),
    "max_saga_duration": (Topic.SAGA_LIMIT, Dimension.TIME, "a saga ends within {}", ""),
    "transition_latency": (Topic.TRANSITION_LATENCY, Dimension.TIME, "at most {} for one transition", ""),
    "step_timeout": (Topic.STEP_LIMIT, Dimension.TIME, "each step is decided within {}, all attempts together", ""),
    "rto": (Topic.RTO, Dimension.TIME, "work goes on at most {} after a failure", ""),
    "payload": (Topic.PAYLOAD, Dimension.SIZE, "at most {} between steps", ""),
    "availability": (Topic.AVAILABILITY, Dimension.SHARE, "available {} of the time", ""),
    "budget": (Topic.COST, Dimension.MONEY, "a budget of {}", ""),
    "retention": (Topic.RETENTION, Dimension.TIME, "kept for {}", ""),
    "max_retries": (Topic.RETRIES, Dimension.COUNT, "{} retries after the first attempt", ""),
}
_SHOWN: Mapping[Dimension, Callable[[float], str]] = {
    Dimension.TIME: time_shown,
    Dimension.SIZE: size_shown,
    Dimension.RATE: whole,
    Dimension.SHARE: share_shown,
    Dimension.MONEY: whole,
    Dimension.COUNT: whole,
}
_OTHERS = (
    "name", "steps", "triggers", "regions", "consistency", "consistency_scope", "available_under_partition",
    "data_loss", "compensation", "cost_efficiency", "orchestrator", "state_persistence",
)  # fmt: skip
FIELDS = (*_OTHERS, *_FIGURES)
"""Every field of structured requirements."""


def read_structured(document: Mapping[str, object]) -> tuple[Requirements, tuple[Demand, ...]]:
    """Return the requirements in a mapping, and its demands that decide on a refusal. Raises BadRequirements."""
    for field in document:
        if field not in FIELDS:
            raise BadRequirements(
                field or "a field without a name",
                "is no field of requirements",
                f"the fields are {', '.join(sorted(FIELDS))}",
            )
    steps = read_steps(document.get("steps"))
    name = _text(document, "name") or named_by_steps(steps)
    statements = [_figure(field, document[field]) for field in _FIGURES if field in document]
    triggers = _triggers(document)
    statements.extend(Statement(Topic.TRIGGER, f"trigger {one.words}", f"trigger {one.name}") for one in triggers)
    regions = _topology(document, statements)
    demands = tuple(_demands(document, statements, regions, several_steps=len(steps) > 1))
    statements.extend(_words(document))
    statements.extend(_own_limits(document.get("steps"), steps))
    statements.extend(
        Statement(Topic.FAN_OUT, f"step {step.name}, recipients: {step.recipients}", "one request goes to all of them")
        for step in steps
        if step.recipients > 1
    )
    steps = limited(steps, statements)
    return (
        Requirements(
            name=name,
            form="structured fields",
            steps=steps,
            triggers=triggers,
            statements=tuple(statements),
            doubts=tuple(doubts_about(steps)),
            several_regions=len(regions) > 1,
            strong=document.get("consistency") == "strong",
            eventual=document.get("consistency") == "eventual",
            regions=regions,
        ),
        demands,
    )


def _own_limits(given: object, steps: Sequence[Step]) -> Iterator[Statement]:
    entries = given if isinstance(given, Sequence) else ()
    for entry, step in zip(entries, steps, strict=True):
        if step.limit_s is not None and isinstance(entry, Mapping):
            reading = f"step {step.name} is decided within {time_shown(step.limit_s)}, all attempts together"
            words = f"step {step.name}, time_limit: {entry['time_limit']}"
            yield Statement(Topic.STEP_LIMIT, words, reading, step.limit_s, step=step.name)


def _figure(field: str, given: object) -> Statement:
    topic, dimension, reading, of = _FIGURES[field]
    figure = _quantity(field, given, dimension)
    if figure.value < 0 or (figure.value == 0 and topic not in (Topic.RETRIES, Topic.TRANSITION_LATENCY)):
        raise BadRequirements(field, f"is {shown(given)}", "it must be more than 0")
    if topic is Topic.AVAILABILITY and figure.value > 100:
        raise BadRequirements(field, f"is {shown(given)}", "a share is at most 100 %")
    meaning = reading.format(_SHOWN[dimension](figure.value))
    if dimension is Dimension.MONEY:
        meaning, of = f"{meaning} {figure.of}", figure.of
    return Statement(topic, f"{field}: {given}", meaning, figure.value, of)


def _quantity(field: str, given: object, dimension: Dimension) -> Quantity:
    remedy = f"write {_EXAMPLES[dimension]}"
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise BadRequirements(field, f"is {shown(given)}, which is no figure", remedy)
    if isinstance(given, int | float):
        if dimension not in _BARE or not math.isfinite(given):
            raise BadRequirements(field, f"is {shown(given)}, without a unit", remedy)
        if given > LARGEST:
            raise BadRequirements(field, f"is {shown(given)}", f"it must be at most {LARGEST:.0e}")
        return Quantity(float(given), dimension, 0, 0)
    found = list(quantities(clean(given)))
    if len(found) == 1 and found[0].dimension is dimension:
        return found[0]
    if len(found) == 1 and found[0].dimension is Dimension.COUNT and dimension in _BARE:
        return Quantity(found[0].value, dimension, 0, 0)
    raise BadRequirements(field, f"is {shown(given)}, which is not one figure in {dimension.value}", remedy)


def _triggers(document: Mapping[str, object]) -> tuple[Trigger, ...]:
    found: dict[str, Trigger] = {}
    for word in _texts(document, "triggers"):
        known = list(triggers_in(word))
        for trigger in known or [Trigger(word, False, "not known as a trigger of the product", word)]:
            found.setdefault(trigger.name, trigger)
    return tuple(found.values())


def _topology(document: Mapping[str, object], statements: list[Statement]) -> tuple[str, ...]:
    regions = _texts(document, "regions")
    consistency = _choice(document, "consistency", _CONSISTENCIES)
    scope = _choice(document, "consistency_scope", _SCOPES)
    stays_up = _truth(document, "available_under_partition")
    if regions:
        meaning = "one region" if len(regions) == 1 else f"{len(regions)} regions"
        statements.append(Statement(Topic.REGIONS, f"regions: {', '.join(regions)}", meaning, float(len(regions))))
    if consistency:
        words = f"consistency: {consistency}" + (f", consistency_scope: {scope}" if scope else "")
        reading = f"{consistency} consistency" + (" inside each region" if scope == "region" else "")
        statements.append(Statement(Topic.CONSISTENCY, words, reading))
    if stays_up is not None:
        words = f"available_under_partition: {'true' if stays_up else 'false'}"
        statements.append(
            Statement(Topic.AVAILABILITY, words, "full availability" if stays_up else "a partition may stop writes")
        )
    return regions


def _demands(
    document: Mapping[str, object], statements: Sequence[Statement], regions: Sequence[str], *, several_steps: bool
) -> Iterator[Demand]:
    """Yield what the fields demand, for the same rules that judge a text."""
    words = {one.words.partition(":")[0]: one for one in statements}
    if regions:
        kind = Kind.SEVERAL_REGIONS if len(regions) > 1 else Kind.ONE_REGION
        yield Demand(kind, words["regions"].words, Scope.REGIONS if len(regions) > 1 else Scope.LOCAL)
    if consistency := document.get("consistency"):
        scope = Scope.LOCAL if document.get("consistency_scope") == "region" else Scope.UNSAID
        yield Demand(Kind.STRONG if consistency == "strong" else Kind.EVENTUAL, words["consistency"].words, scope)
    if document.get("available_under_partition"):
        yield Demand(Kind.AVAILABLE, "available_under_partition: true", cut=True)
    if (one := words.get("availability")) and one.value == 100:
        yield Demand(Kind.AVAILABLE, one.words)
    if (one := words.get("transition_latency")) and one.value is not None:
        yield Demand(Kind.SWIFT, one.words, bound_s=one.value)
    if (one := words.get("max_saga_duration")) and several_steps:
        yield Demand(Kind.WHOLE, one.words)
        yield Demand(Kind.SWIFT, one.words, bound_s=one.value)


def _words(document: Mapping[str, object]) -> list[Statement]:
    found: list[Statement] = []
    if loss := _choice(document, "data_loss", ("none", "tolerated")):
        reading = "no committed transition may be lost" if loss == "none" else "loss of the newest records is tolerated"
        found.append(Statement(Topic.DATA_LOSS, f"data_loss: {loss}", reading, 0.0 if loss == "none" else None))
    if rule := _choice(document, "compensation", ("strict", "none")):
        reading = (
            "what was done is undone in reverse order when a step fails for good"
            if rule == "strict"
            else "no step is undone"
        )
        found.append(Statement(Topic.COMPENSATION, f"compensation: {rule}", reading, of=rule))
    if words := _text(document, "cost_efficiency"):
        found.append(Statement(Topic.COST, f"cost_efficiency: {words}", "cost is a constraint"))
    return found


def _text(document: Mapping[str, object], field: str) -> str:
    given = document.get(field, "")
    if not isinstance(given, str):
        raise BadRequirements(field, f"is {shown(given)}", "write a text")
    return plain(clean(given))


def _texts(document: Mapping[str, object], field: str) -> tuple[str, ...]:
    given = document.get(field, ())
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, Sequence) or not all(isinstance(one, str) and one.strip() for one in given):
        raise BadRequirements(field, f"is {shown(given)}", "write a list of texts")
    return tuple(dict.fromkeys(plain(clean(one)) for one in given))


def _choice(document: Mapping[str, object], field: str, words: Sequence[str]) -> str:
    given = document.get(field)
    if given is None:
        return ""
    if given not in words or not isinstance(given, str):
        raise BadRequirements(field, f"is {shown(given)}", f"use {' or '.join(words)}")
    return given


def _truth(document: Mapping[str, object], field: str) -> bool | None:
    given = document.get(field)
    if given is not None and not isinstance(given, bool):
        raise BadRequirements(field, f"is {shown(given)}", "use true or false")
    return given
