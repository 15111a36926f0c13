"""The document's second part: states and transitions, data flow, decisions, what runs beside what."""

from __future__ import annotations

from architect.catalogue import Kind
from architect.choice import Choice, Pattern
from architect.clauses import plain
from architect.document import Section, section
from architect.numbers_shown import time_shown
from architect.requirements import Requirements, Step, Topic


def flow(requirements: Requirements, choice: Choice) -> tuple[Section, ...]:
    """Return states, transitions, data flow, decision points and the order of steps."""
    return (
        section(2, "States and transitions", _BOUNDARY),
        section(3, "Lifecycle", *_lifecycle(requirements)),
        section(3, "State-machine steps", *_machine(requirements)),
        section(3, "Data flow", *_data(requirements)),
        section(2, "Decision points", *_decisions(requirements, choice)),
        section(2, "Parallel and sequential execution", *_order(requirements, choice)),
    )


_BOUNDARY = (
    "**State boundary**: a state is entered by a committed event and by nothing else; its name, its pending "
    "steps and its due times are one record in RocksDB and in the changelog."
)


def _lifecycle(requirements: Requirements) -> list[str]:
    undone = any(step.compensation for step in requirements.steps)
    bullets = ["RUNNING: entered with the first event, before any effect; left only by an event."]
    named = [plain(step.name) for step in requirements.steps if step.kind is Kind.STATE]
    if named:
        bullets.append(
            "States that the input names, each entered and left by an event: "
            f"{', '.join(f'**{name}**' for name in named)}."
        )
    if any(step.kind is Kind.APPROVAL for step in requirements.steps):
        bullets.append(
            "AWAITING_APPROVAL: entered when a step waits for a person; left by that person's signal or by "
            "its durable timer."
        )
    if any(step.external for step in requirements.steps):
        bullets.append(
            "RUNNING with a **parked step**: while the circuit breaker of a provider is open, the step waits "
            "and spends no attempt."
        )
    if undone:
        bullets.append(
            "COMPENSATING: entered when a step fails for good, when a limit passes, or when a cancellation "
            "is asked for; only compensations are sent from here on."
        )
    bullets.append("COMPLETED: terminal; every step has its result.")
    bullets.append(
        "TRANSACTION_REVOKED: terminal; "
        + (
            "every effect that was there has been undone."
            if undone
            else "the process was ended before it had an effect to keep."
        )
    )
    if undone:
        bullets.append(
            "MANUAL_INTERVENTION: entered when a compensation failed for good; left only by an operator who "
            "retries, skips with a reason, or resumes."
        )
    return bullets


def _machine(requirements: Requirements) -> list[str]:
    steps = requirements.steps
    bullets: list[str] = []
    for number, step in enumerate(steps):
        after = [one.name for one in steps if one.level == step.level + 1]
        goal = "then **COMPLETED**" if not after else f"then {', '.join(plain(name) for name in after)}"
        beside = len([one for one in steps if one.level == step.level])
        joined = f"; {goal} when all {beside} steps of its level have ended" if beside > 1 else f"; {goal}"
        bullets.append(f"Step {number + 1}, **{plain(step.name)}**: {_edge(step)}{joined}.")
    forward = len(steps)
    back = sum(bool(step.compensation) for step in steps)
    bullets.append(
        f"Transitions in the forward direction: {forward + 1}, one into each step and one into the end; "
        f"rollback paths: {back}, one for each step with a compensation."
    )
    bullets.append(
        "**A transition** is one Kafka transaction that holds the event, the next command, the changelog "
        "record and the input offset; there is nothing in between."
    )
    return bullets


def _edge(step: Step) -> str:
    if step.kind is Kind.STATE:
        return "a named state, entered and left by events"
    if step.kind is Kind.WAIT:
        return (
            f"a durable timer{f' of {time_shown(step.limit_s)}' if step.limit_s else ''} is started; it fires "
            "once, also after a restart"
        )
    if step.kind is Kind.APPROVAL:
        limit = f" or the durable timer of {time_shown(step.limit_s)}" if step.limit_s else ""
        return f"waits for the signal of a person{limit}; the first to come counts"
    if step.kind is Kind.DECISION:
        return "decided by the orchestrator from the results so far, the choice is an event"
    return "command sent, reply awaited, result kept as an event"


def _data(requirements: Requirements) -> list[str]:
    payload = requirements.first(Topic.PAYLOAD)
    remote = tuple(dict.fromkeys(plain(step.service) for step in requirements.steps if step.remote))
    bullets = [
        (
            "The start record carries the request; its key, the saga id, is derived from client and idempotency "
            "key, so a repeated request is the same saga."
        ),
        (
            "The orchestrator reads input topics and the reply topic, folds the saga from RocksDB, and writes "
            "saga.events, command topics and the changelog topic in one transaction."
        ),
    ]
    if remote:
        bullets.append(
            f"Participants {', '.join(remote)} each read their own commands, write inbox, effect and outbox "
            "in one transaction of their SQL database, and answer on the reply topic."
        )
    bullets.append("The projector folds saga.events into the read model; reads never touch the orchestrator.")
    bullets.append(
        "A step receives the input and the results that it names, not the whole saga; a record has at most "
        "100,000 "
        f"bytes{', as the input demands' if payload and payload.value and payload.value <= 100_000 else ''}."
    )
    return bullets


def _decisions(requirements: Requirements, choice: Choice) -> list[str]:
    bullets: list[str] = []
    for step in requirements.steps:
        name = plain(step.name)
        match step.kind:
            case Kind.APPROVAL:
                bullets.append(
                    f"**{name}**: approved goes on; rejected {_turns(requirements, step)}; time passed "
                    "without an answer counts as rejected."
                )
            case Kind.CHECK:
                bullets.append(f"**{name}**: passed goes on; not passed {_turns(requirements, step)}.")
            case Kind.DECISION:
                bullets.append(
                    f"**{name}**: one branch is taken, the choice is recorded; a value that fits no branch "
                    "fails the step."
                )
            case Kind.STATE | Kind.WAIT:
                bullets.append(f"**{name}**: the event it waits for goes on; any other event is recorded as ignored.")
            case _:
                settled = " and is settled first" if step.acts else ""
                bullets.append(
                    f"**{name}**: done goes on; refused for good {_turns(requirements, step)}; failed "
                    f"transiently is tried again; outcome unknown at its limit {_turns(requirements, step)}{settled}."
                )
    if choice.pattern is Pattern.SCATTER_GATHER:
        bullets.append(
            "**Gather**: all answers there, or the deadline passed with at least one, goes on; none at the "
            "deadline fails the gathering."
        )
    bullets.append(
        "**Cancellation**: taken in any state before the end; "
        + ("turns the saga round." if any(step.compensation for step in requirements.steps) else "ends the process.")
    )
    return bullets


def _turns(requirements: Requirements, step: Step) -> str:
    before = [one for one in requirements.steps if one.compensation and (one.level < step.level or one is step)]
    return "begins the compensation" if before else "ends the process with its reason"


def _order(requirements: Requirements, choice: Choice) -> list[str]:
    bullets: list[str] = []
    last = max((step.level for step in requirements.steps), default=-1)
    for level in range(last + 1):
        names = [plain(step.name) for step in requirements.steps if step.level == level]
        if len(names) > 1:
            bullets.append(
                f"Level {level + 1}, **in parallel**: {', '.join(names)}; the join waits for all of them, and "
                "a branch that fails for good turns the others round."
            )
        elif names:
            bullets.append(f"Level {level + 1}, **sequential**: {names[0]}.")
    if choice.pattern is Pattern.SCATTER_GATHER or requirements.about(Topic.FAN_OUT):
        bullets.append(
            "**Scatter-gather**: the request goes to every recipient at once, with a limit on how many are "
            "open; answers are taken until the deadline and those after it are recorded as late."
        )
    bullets.append(
        "Sagas run beside each other in all partitions; within a saga one event is handled after the other, "
        "so branches never race on its state."
    )
    bullets.extend(_order_of_money(requirements))
    if any(len([one for one in requirements.steps if one.level == level]) > 1 for level in range(last + 1)):
        bullets.append("Branches that need one resource take its lock in one fixed order with a time-out.")
    return bullets


def _order_of_money(requirements: Requirements) -> list[str]:
    """Return what to know about an order that takes money before it holds the goods."""
    pay = min(
        (step.level for step in requirements.steps if step.service == "payment" and step.compensation), default=None
    )
    hold = min(
        (step.level for step in requirements.steps if step.service == "inventory" and step.compensation), default=None
    )
    if pay is None or hold is None or pay >= hold:
        return []
    return [
        "**Order as listed: money before goods**; each order without stock costs a refund, which a "
        "reservation ahead of the payment avoids;"
        " of the two shipped order definitions, the default reserves first."
    ]
