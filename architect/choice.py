"""Which pattern fits: saga, state machine or scatter-gather, and why not the other two."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from architect.requirements import Requirements, Topic


class Pattern(StrEnum):
    """The patterns that are chosen between."""

    SAGA = "Saga Pattern"
    STATE_MACHINE = "State Machine"
    SCATTER_GATHER = "Scatter-Gather"


@dataclass(frozen=True, slots=True)
class Choice:
    """The pattern, the sentence that says why, and one sentence for each pattern that was not chosen."""

    pattern: Pattern
    because: str
    rejected: tuple[str, ...]


def choose(requirements: Requirements) -> Choice:
    """Return the choice. Effects in two services, or one effect and strict compensation, make a saga; else a fan-out a
    scatter-gather; everything else is a state machine.
    """
    owners = tuple(dict.fromkeys(step.service for step in requirements.steps if step.acts and not step.reason))
    strict = any(one.of != "none" for one in requirements.about(Topic.COMPENSATION))
    fan_out = bool(requirements.about(Topic.FAN_OUT))
    gathers = (
        "the input asks several providers for one thing"
        if fan_out
        else "no step of the input asks several providers for one thing"
    )
    if len(owners) >= 2 or (owners and strict):
        services = f"{len(owners)} services hold effects that may have to be undone ({', '.join(owners)})"
        return Choice(
            Pattern.SAGA,
            (
                f"{services}{', and the input demands compensation' if strict else ''}; only the saga pattern "
                "keeps a compensation for each effect"
            ),
            (
                (
                    "**State Machine rejected** as the leading pattern: it orders states and has no undo for "
                    f"effects in {_count(owners)}; each saga still runs as one"
                ),
                f"**Scatter-Gather rejected** as the leading pattern: {gathers}"
                + (", and a gathering step inside the saga covers that" if fan_out else ""),
                (
                    "**Two-phase commit rejected**: a coordinator that holds locks in several services stops all "
                    "of them when it dies"
                ),
            ),
        )
    effects = (
        f"effects that may have to be undone lie in {_count(owners)}"
        if owners
        else "no step has an effect that has to be undone"
    )
    if fan_out:
        return Choice(
            Pattern.SCATTER_GATHER,
            (
                f"{gathers} and {effects}; the answers are gathered until a deadline and the best or all of them "
                "go on, a late or missing one marks the result partial"
            ),
            (
                (
                    f"**Saga Pattern rejected**: {effects}, so the saga pattern would order compensations that "
                    "nobody needs"
                ),
                (
                    "**State Machine rejected** as the leading pattern: a gathering with a deadline is one state "
                    "with many answers"
                ),
                "**Two-phase commit rejected**: no answer of a provider depends on that of another",
            ),
        )
    return Choice(
        Pattern.STATE_MACHINE,
        (
            f"{effects} and {gathers}; what is left is a process that moves between named states on events, "
            "decisions and durable timers"
        ),
        (
            (
                f"**Saga Pattern rejected**: {effects}, and the saga pattern is for effects in two services or "
                "more, or for compensation that is demanded"
            ),
            f"**Scatter-Gather rejected**: {gathers}",
            "**Two-phase commit rejected**: one service owns all effects, its own transaction is enough",
        ),
    )


def _count(owners: tuple[str, ...]) -> str:
    return "one service" if len(owners) == 1 else f"{len(owners)} services" if owners else "no service"
