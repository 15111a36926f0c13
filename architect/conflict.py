"""Which demands contradict each other in any distributed system, and why; each rule names the two that clash."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from architect.clauses import quoted
from architect.demands.demand import Demand, Kind, Scope, wanted

REFUSAL = b'{"error": "SLA conflicts with distributed consistency requirements"}'
"""The whole answer to a conflict, byte for byte."""
TWO_REGIONS_S = 0.010
"""A bound below this leaves no time for one round trip in fibre between two regions 1,000 km apart, in seconds."""
ONE_HOP_S = 0.001
"""A bound below this leaves no time for a request, a durable write and an answer between two services, in seconds."""

_DISTRIBUTED = (Scope.REGIONS, Scope.SERVICES, Scope.NODES)


@dataclass(frozen=True, slots=True)
class Clash:
    """Two demands that no system can keep together, in the words of the input, and why."""

    first: Demand
    second: Demand
    because: str

    def explained(self) -> str:
        """Return the clash in one line: both demands, each with the words that make it, and why."""
        first, second = (f"{one.kind.value} ({quoted(one.words)})" for one in (self.first, self.second))
        if self.first is self.second:
            return f"{first}: {self.because}."
        return f"{first} clashes with {second}: {self.because}."

    @property
    def rule(self) -> str:
        """The clash without the words of the input, fit for a log."""
        return f"{self.first.kind.value} against {self.second.kind.value}"


def clash_of(demands: Sequence[Demand]) -> Clash | None:
    """Return the first clash in the order of the rules, None where all demands can be kept together."""
    return next((clash for rule in _RULES for clash in rule(demands)), None)


def _over(demands: Sequence[Demand], *scopes: Scope) -> tuple[Demand, ...]:
    """Return the demands for strong consistency that reach over any of the scopes."""
    regions = several_regions(demands)
    denied = any(one.kind is Kind.SEVERAL_REGIONS and one.denied for one in demands)
    weaker_between = any(one.scope in (Scope.REGIONS, Scope.UNSAID) for one in wanted(demands, Kind.EVENTUAL))
    found = []
    for one in wanted(demands, Kind.STRONG):
        scope = one.scope
        if regions and scope in (Scope.UNSAID, Scope.NODES, Scope.SERVICES) and not weaker_between:
            scope = Scope.REGIONS
        elif scope is Scope.REGIONS and not regions and (denied or wanted(demands, Kind.ONE_REGION)):
            scope = Scope.UNSAID
        if scope in scopes:
            found.append(one)
    return tuple(found)


def several_regions(demands: Sequence[Demand]) -> bool:
    """Tell whether more than one region is asked for; customers all over the world do not make two of one region."""
    said = wanted(demands, Kind.SEVERAL_REGIONS)
    return any(not one.vague for one in said) or (bool(said) and not wanted(demands, Kind.ONE_REGION))


def _reaches_far(one: Demand, demands: Sequence[Demand]) -> bool:
    return one.scope in (Scope.NODES, Scope.UNSAID) and several_regions(demands)


def _in_one_region(demands: Sequence[Demand]) -> bool:
    return bool(wanted(demands, Kind.ONE_REGION)) and not several_regions(demands)


def _available(demands: Sequence[Demand]) -> tuple[Demand, ...]:
    """Return the demands for full availability; one that gives way in a partition is none unless it speaks of one."""
    gives_way = wanted(demands, Kind.GIVES_WAY)
    return tuple(one for one in wanted(demands, Kind.AVAILABLE) if one.cut or one.lost or not gives_way)


def _swift(demands: Sequence[Demand], below: float) -> tuple[Demand, ...]:
    """Return the demands for a latency below a bound; a figure overrules an adjective."""
    figures = any(
        one.bound_s for one in (*wanted(demands, Kind.PATIENT), *wanted(demands, Kind.SWIFT)) if not one.vague
    )
    return tuple(
        one
        for one in wanted(demands, Kind.SWIFT)
        if one.bound_s is not None
        and one.bound_s < below
        and not (one.vague and figures and below <= ONE_HOP_S)
        and not (one.vague and wanted(demands, Kind.PATIENT))
    )


def _pairs(first: Sequence[Demand], second: Sequence[Demand], because: str) -> Iterator[Clash]:
    if first and second:
        yield Clash(first[0], second[0], because)


def _whole_cap(demands: Sequence[Demand]) -> Iterator[Clash]:
    said = wanted(demands, Kind.WHOLE_CAP)
    yield from _pairs(said, said, "while a network is partitioned, a system is consistent or available, never both")


def _cut_off(demands: Sequence[Demand]) -> Iterator[Clash]:
    available = _available(demands)
    if _in_one_region(demands):
        available = tuple(one for one in available if one.cut)
    strong = _over(demands, *_DISTRIBUTED)
    if any(one.cut for one in available):
        strong += _over(demands, Scope.UNSAID)
    yield from _pairs(
        strong,
        available,
        "while two places cannot reach each other, a write is either held back or not seen by the other",
    )


def _far_apart(demands: Sequence[Demand]) -> Iterator[Clash]:
    strong = (
        *_over(demands, Scope.REGIONS),
        *(one for one in wanted(demands, Kind.ALL_COPIES) if one.scope is Scope.REGIONS or _reaches_far(one, demands)),
    )
    swift = (
        *_swift(demands, TWO_REGIONS_S),
        *(one for one in wanted(demands, Kind.NO_WAITING) if one.scope not in (Scope.SERVICES, Scope.LOCAL)),
    )
    yield from _pairs(strong, swift, "what two regions agree on costs a round trip of light between them")


def _near(demands: Sequence[Demand]) -> Iterator[Clash]:
    if _in_one_region(demands):
        return
    strong = _over(demands, Scope.SERVICES, Scope.NODES)
    yield from _pairs(
        strong,
        _swift(demands, ONE_HOP_S),
        "what several services or nodes agree on costs a message to each, a durable write there and an answer",
    )
    yield from _pairs(
        strong,
        wanted(demands, Kind.NO_WAITING),
        "isolation over several services or nodes needs somebody to wait: for a lock, a vote or a validation",
    )


def _whole(demands: Sequence[Demand]) -> Iterator[Clash]:
    at_once = [one for one in _swift(demands, ONE_HOP_S) if not _in_one_region(demands)]
    for whole in wanted(demands, Kind.WHOLE):
        same = [one for one in at_once if one.words == whole.words]
        yield from _pairs((whole,), same, "each service of a process costs a message, a durable write and an answer")


def _losing(demands: Sequence[Demand]) -> Iterator[Clash]:
    no_loss = wanted(demands, Kind.NO_LOSS)
    lost = wanted(demands, Kind.LOST_PLACE)
    unsafe = () if wanted(demands, Kind.SAFE_ACK) else wanted(demands, Kind.UNSAFE_ACK)
    single = wanted(demands, Kind.SINGLE_COPY)
    beyond_one_place = tuple(one for one in no_loss if one.scope is Scope.REGIONS or one.lost)
    late = tuple(one for one in wanted(demands, Kind.LATE_COPY))
    at_once = tuple(one for one in _swift(demands, ONE_HOP_S) if not one.vague)
    yield from _pairs(no_loss, unsafe, "what is acknowledged before a second copy has it dies with the first")
    yield from _pairs(beyond_one_place, late, "what has not been copied yet dies with the place that holds it")
    yield from _pairs(
        tuple(one for one in no_loss if one.scope is Scope.REGIONS),
        at_once if several_regions(demands) else (),
        "what must not be lost with a region has to reach another before it counts",
    )
    if lost or _available(demands):
        yield from _pairs(no_loss, single, "the only copy dies with the machine that holds it")
    if any(several_regions(demands) or one.lost for one in lost):
        yield from _pairs(
            no_loss,
            wanted(demands, Kind.INSTANT_RECOVERY),
            "who takes over without loss first has to find out that the other is gone, and silence takes time to tell",
        )
        waits = tuple(one for one in wanted(demands, Kind.NO_WAITING) if one.scope is Scope.REGIONS)
        yield from _pairs(beyond_one_place, waits, "what must survive a place has to reach another before it counts")


def _everybody(demands: Sequence[Demand]) -> Iterator[Clash]:
    available = (
        *(one for one in _available(demands) if one.cut or one.lost),
        *wanted(demands, Kind.SURVIVES),
    )
    yield from _pairs(
        wanted(demands, Kind.ALL_COPIES),
        available,
        "a write that every copy has to confirm waits for the one that is gone",
    )


def _agreement(demands: Sequence[Demand]) -> Iterator[Clash]:
    agreed = wanted(demands, Kind.AGREEMENT)
    faults = wanted(demands, Kind.NO_LIMIT_OF_FAULTS)
    limits = (*wanted(demands, Kind.PATIENT), *wanted(demands, Kind.SWIFT), *faults, *wanted(demands, Kind.NO_WAITING))
    yield from _pairs(
        tuple(one for one in agreed if one.words in {limit.words for limit in limits}),
        faults,
        "no protocol agrees within a time limit under any number of faults and delays",
    )


_RULES: tuple[Callable[[Sequence[Demand]], Iterator[Clash]], ...] = (
    _whole_cap, _cut_off, _far_apart, _near, _whole, _losing, _everybody, _agreement,
)  # fmt: skip
