"""Says what a person can do about what a saga waits for: the commands, as they are to be typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import typer

from cli.asking import Wish, asked
from cli.failure import Failure
from cli.options import Gateway
from cli.printing import cell
from services.projector.gates import NO, YES

_OPENING = frozenset({"SignalAwaited", "StepHeld", "SagaSuspended", "RecordParked"})
"""Events with which a saga may begin to wait for a person."""
_Wait = Mapping[str, Any]


def typed(gateway: Gateway, *words: str) -> str:
    """Return a command line that does this at the same gateway."""
    return shlex.join(["saga", *words, *gateway.named])


def commands(gateway: Gateway, saga_id: str, wait: _Wait, waits: Sequence[_Wait]) -> list[str]:
    """Return the commands that end one of a saga's waits; none where no person can."""
    match wait["kind"]:
        case "signal":
            return [typed(gateway, *words) for words in _answers(saga_id, wait, waits)]
        case "person":
            resolve = ("saga", "resolve", saga_id)
            step = ("--step", str(wait["step"]))
            return [
                typed(gateway, *resolve, "retry", *step),
                typed(gateway, *resolve, "skip", *step, "--reason", "WHY"),
            ]
        case "parked-record":
            return [typed(gateway, "dlq", "list", "--saga", saga_id, "--state", "open")]
        case _:
            return []


def _answers(saga_id: str, wait: _Wait, waits: Sequence[_Wait]) -> Iterator[tuple[str, ...]]:
    """Yield a command for each signal; the words for yes and no decide an approval, which has to have one for yes."""
    names: Sequence[str] = wait.get("signals", ())
    others = [one for one in waits if one is not wait and set(names) & set(one.get("signals", ()))]
    approvals = [one for one in waits if set(YES) & set(one.get("signals", ()))]
    yes, no = (next((name for name in words if name in names), None) for words in (YES, NO))
    for name in names:
        if yes is not None and name in (yes, no):
            decision = "approve" if name == yes else "reject"
            yield "approval", decision, saga_id, *(("--step", wait["step"]) if len(approvals) > 1 else ())
        else:
            yield "saga", "signal", saga_id, name, *(("--step", wait["step"]) if others else ())


def told(gateway: Gateway, found: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a person may decide about a saga, by its explanation: what it waits for, and below it the commands."""
    for wait in found["waits"]:
        yield from about(gateway, found, wait)


def about(gateway: Gateway, found: Mapping[str, Any], wait: _Wait) -> Iterator[str]:
    """Yield what a person may decide about one wait: nothing where it is not for a person."""
    lines = commands(gateway, found["saga_id"], wait, found["waits"])
    if lines:
        until = "" if wait["until"] is None else f" until {wait['until']}"
        where = f", step {cell(wait['step'])}," if wait["step"] else ""
        yield f"{found['saga_id']}{where} waits for {cell(wait['what'])}{until}. Decide:"
        yield from (f"  {line}" for line in lines)


def next_after(gateway: Gateway, kind: str, saga_id: str, status: str) -> str:
    """Return what can be done about an order or a saga that stands so; `kind` is `order` or `saga`."""
    history, explain = (typed(gateway, kind, verb, saga_id) for verb in ("history", "explain"))
    if status in ("COMPLETED", "TRANSACTION_REVOKED"):
        return f"{'What' if status == 'COMPLETED' else 'It was undone; what'} happened: {history}"
    try:
        lines = list(told(gateway, _explanation(gateway, kind, saga_id)))
    except Failure:
        lines = []
    return "\n".join(lines) or f"Why it is there: {explain}"


def _explanation(gateway: Gateway, kind: str, saga_id: str) -> Mapping[str, Any]:
    return asked(gateway, "GET", f"/v1/{kind}s/{quote(saga_id, safe='')}/explain", Wish())


class Hints:
    """Tells those who follow a saga, on stderr and once for each wait, when it waits for a person.

    `kind` is `order` or `saga`, as in the gateway's addresses and in the names of commands.
    """

    def __init__(self, gateway: Gateway, kind: str, saga_id: str) -> None:
        self._gateway = gateway
        self._kind = kind
        self._saga_id = saga_id

    def after(self, event: Mapping[str, Any]) -> None:
        """Tell what a saga waits for since this event, if it still does."""
        if event["type"] in _OPENING:
            self._tell(str(event["at"]))

    def now(self) -> None:
        """Tell what a saga waits for, whenever it began to."""
        self._tell(None)

    def _tell(self, since: str | None) -> None:
        try:
            found = _explanation(self._gateway, self._kind, self._saga_id)
        except Failure:
            # Following outlasts a gateway that is away for a moment, and so does what is said beside it.
            ask = typed(self._gateway, self._kind, "explain", self._saga_id)
            typer.echo(f"It may wait for a person; what for: {ask}", err=True)
            return
        for wait in found["waits"]:
            if since in (None, wait["since"]):
                for line in about(self._gateway, found, wait):
                    typer.echo(line, err=True)
