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
    """Return the choice.

    Effects in two services, or one effect and compensation that is demanded, make a saga; else a fan-out makes a
    scatter-gather; everything else is a state machine.
    """
    owners = tuple(dict.fromkeys(step.service for step in requirements.steps if step.acts and not step.reason))
    strict = any(one.of != "none" for one in requirements.about(Topic.COMPENSATION))
    fan_out = bool(requirements.about(Topic.FAN_OUT))
    if len(owners) >= 2 or (owners and strict):
        return _saga(owners, strict=strict, fan_out=fan_out)
    effects = (
        f"effects that may have to be undone lie in {_count(owners)}"
        if owners
        else "no step has an effect that has to be undone"
    )
    return _scatter_gather(effects) if fan_out else _state_machine(effects)


_ASKS_MANY = "the input asks several providers for one thing"
_ASKS_NOBODY = "no step of the input asks several providers for one thing"


def _saga(owners: tuple[str, ...], *, strict: bool, fan_out: bool) -> Choice:
    lie = f"effects that may have to be undone lie in {_count(owners)} ({', '.join(owners)})"
    demanded = ", and the input demands compensation" if strict else ""
    gathers = f"{_ASKS_MANY}, and a gathering step inside the saga covers that" if fan_out else _ASKS_NOBODY
    return Choice(
        Pattern.SAGA,
        f"{lie}{demanded}; only the saga pattern keeps a compensation for each effect",
        (
            "**State Machine rejected** as the leading pattern: it orders states and has no undo for effects in "
            f"{_count(owners)}; each saga still runs as one",
            f"**Scatter-Gather rejected** as the leading pattern: {gathers}",
            "**Two-phase commit rejected**: a coordinator that holds locks in several services stops all of them "
            "when it "
            "dies",
        ),
    )


def _scatter_gather(effects: str) -> Choice:
    return Choice(
        Pattern.SCATTER_GATHER,
        f"{_ASKS_MANY} and {effects}; the answers are gathered until a deadline and the best or all of them go "
        "on, a late "
        "or missing one marks the result partial",
        (
            f"**Saga Pattern rejected**: {effects}, so the saga pattern would order compensations that nobody needs",
            (
                "**State Machine rejected** as the leading pattern: a gathering with a deadline is one state "
                "with many answers"
            ),
            "**Two-phase commit rejected**: no answer of a provider depends on that of another",
        ),
    )


def _state_machine(effects: str) -> Choice:
    return Choice(
        Pattern.STATE_MACHINE,
        f"{effects} and {_ASKS_NOBODY}; what is left is a process that moves between named states on events, "
        "decisions and "
        "durable timers",
        (
            f"**Saga Pattern rejected**: {effects}, and the saga pattern is for effects in two services or more, "
            "or for "
            "compensation that is demanded",
            f"**Scatter-Gather rejected**: {_ASKS_NOBODY}",
            "**Two-phase commit rejected**: no two services have effects to keep together",
        ),
    )


def _count(owners: tuple[str, ...]) -> str:
    return "one service" if len(owners) == 1 else f"{len(owners)} services" if owners else "no service"
