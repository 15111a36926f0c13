"""What a clause of a text means: which of its figures and words bind the design, and to what."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from architect.clause_patterns import TIMES, WORDS
from architect.demands.stance import Stance, stance
from architect.numbers_shown import share_shown, size_shown, time_shown, whole
from architect.quantities import Dimension, Quantity, quantities
from architect.requirements import Statement, Step, Topic

# Where a denial says that something is not needed; the no of "no double charge" belongs to the demand itself.
_DENIABLE = frozenset(
    {
        Topic.COMPENSATION,
        Topic.FAN_OUT,
        Topic.PEOPLE,
        Topic.AUDIT,
        Topic.ORDERING,
        Topic.DEAD_LETTERS,
        Topic.UNSUPPORTED,
    }
)
_WAIT = re.compile(
    r"\b(?:wait\w*|approv\w+|review\w*|sign-?off|remind\w*|answer\w*\s+(?:by|of)|respond)\b", re.IGNORECASE
)
_AVERAGE = re.compile(r"\b(?:average|avg|mean|sustained|normal(?:ly)?|typical(?:ly)?|base(?:line)?)\b", re.IGNORECASE)
_CONCURRENT = re.compile(
    r"\b(?:concurren\w+|in[- ]flight|simultaneous\w*|parallel|at\s+(?:once|a\s+time|the\s+same\s+time)|active|"
    r"open|running)\b",
    re.IGNORECASE,
)
_AVAILABLE = re.compile(r"\b(?:availab\w+|up-?\s?time|sla|slo|nines|reachab\w+|online|up)\b", re.IGNORECASE)
_RETRY = re.compile(r"\b(?:retr\w+|attempts?|tries)\b", re.IGNORECASE)
_FAN_OUT = next(pattern for topic, _, pattern in WORDS if topic is Topic.FAN_OUT)
_EVENTS = re.compile(r"\b(?:events?|ev|messages?|msgs?|records?|transitions?)\b")


def meanings(clause: str, steps: Sequence[Step]) -> Iterator[Statement]:
    """Yield all that a clause says; nothing for one that no rule understands."""
    figures = list(quantities(clause))
    bound: set[Topic] = set()
    for figure in figures:
        statement = _figure(clause, figure, steps)
        if statement is not None:
            bound.add(statement.topic)
            yield statement
    for topic, reading, pattern in WORDS:
        match = pattern.search(clause) if topic not in bound else None
        if match:
            yield said(topic, clause, reading, denied=topic in _DENIABLE and _is_denied(clause, match))


def said(topic: Topic, words: str, reading: str, *, denied: bool) -> Statement:
    """Return a statement without a figure; a denied one says so in its reading."""
    return Statement(topic, words, f"{reading}, said not to be needed" if denied else reading, denied=denied)


def _is_denied(clause: str, match: re.Match[str]) -> bool:
    return stance(clause.lower(), *match.span(), ()) in (Stance.FORBIDDEN, Stance.WAIVED)


def _figure(clause: str, figure: Quantity, steps: Sequence[Step]) -> Statement | None:
    match figure.dimension:
        case Dimension.TIME:
            found = _time(clause, figure.value, steps)
        case Dimension.SIZE:
            reading = f"at most {size_shown(figure.value)} between steps"
            found = Statement(Topic.PAYLOAD, clause, reading, figure.value)
        case Dimension.RATE:
            found = _rate(clause, figure)
        case Dimension.SHARE:
            reading = f"available {share_shown(figure.value)} of the time"
            found = Statement(Topic.AVAILABILITY, clause, reading, figure.value) if _AVAILABLE.search(clause) else None
        case Dimension.MONEY:
            reading = f"a budget of {whole(figure.value)} {figure.of}"
            found = Statement(Topic.COST, clause, reading, figure.value, figure.of)
        case Dimension.COUNT:
            found = _count(clause, figure)
    return found


def _time(clause: str, seconds: float, steps: Sequence[Step]) -> Statement | None:
    shown = time_shown(seconds)
    step = step_meant(clause, steps)
    for topic, pattern in TIMES:
        if not pattern.search(clause):
            continue
        if topic is Topic.STEP_LIMIT:
            return _step_limit(clause, seconds, step)
        if (
            topic is Topic.SAGA_LIMIT
            and step is not None
            and not re.search(r"whole|entire|end[- ]to[- ]end", clause, re.IGNORECASE)
        ):
            return _step_limit(clause, seconds, step)
        return Statement(topic, clause, _READINGS[topic].format(shown), seconds)
    if _WAIT.search(clause):
        name = step.name if step else ""
        return Statement(Topic.WAIT_LIMIT, clause, f"a wait of at most {shown}", seconds, step=name)
    return _step_limit(clause, seconds, step) if step is not None else None


_READINGS = {
    Topic.DATA_LOSS: "a recovery point objective of {}",
    Topic.RTO: "work goes on at most {} after a failure",
    Topic.RETENTION: "kept for {}",
    Topic.TRANSITION_LATENCY: "at most {} for one transition",
    Topic.SAGA_DURATION: "a saga lasts {} on average",
    Topic.SAGA_LIMIT: "a saga ends within {}",
}


def _step_limit(clause: str, seconds: float, step: Step | None) -> Statement:
    whose = f"step {step.name}" if step else "each step"
    reading = f"{whose} is decided within {time_shown(seconds)}, all attempts together"
    return Statement(Topic.STEP_LIMIT, clause, reading, seconds, step=step.name if step else "")


def _rate(clause: str, figure: Quantity) -> Statement:
    topic = Topic.AVERAGE_THROUGHPUT if _AVERAGE.search(clause) else Topic.THROUGHPUT
    of = figure.of.split()[-1] if figure.of else ""
    if _EVENTS.search(figure.of):
        reading, kind = f"{whole(figure.value)} events a second for the orchestrator", "events"
    else:
        reading, kind = (
            f"{whole(figure.value)} sagas started a second" + (f", one for each of the {of}" if of else ""),
            "sagas",
        )
    return Statement(topic, clause, reading, figure.value, kind)


def _count(clause: str, figure: Quantity) -> Statement | None:
    if _RETRY.search(figure.of):
        value = figure.value - 1 if re.search(r"\b(?:attempts?|tries)\b", figure.of) else figure.value
        return Statement(
            Topic.RETRIES, clause, f"{whole(max(value, 0))} retries after the first attempt", max(value, 0.0)
        )
    if _CONCURRENT.search(clause) and figure.value >= 2 and not _FAN_OUT.search(clause):
        return Statement(Topic.CONCURRENCY, clause, f"{whole(figure.value)} sagas in flight at once", figure.value)
    return None


def step_meant(clause: str, steps: Sequence[Step]) -> Step | None:
    """Return the step a clause is about: the one whose own words it uses first."""
    lowered = clause.lower()
    best: tuple[int, Step] | None = None
    for step in steps:
        words = [word for word in (*re.findall(r"[a-z]{4,}", step.name.lower()), step.service) if word not in _COMMON]
        for word in words:
            at = lowered.find(word[: max(4, len(word) - 2)])
            if at >= 0 and (best is None or at < best[0]):
                best = (at, step)
    return best[1] if best else None


_COMMON = frozenset(
    {"order", "orders", "process", "create", "send", "step", "customer", "orchestrator", "update", "generate", "with"}
)
