"""Carries out what a person decides about a dead letter: once, however often and wherever it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from fastapi.concurrency import run_in_threadpool

from schemas import topics
from schemas.access import COMMANDS
from schemas.cloudevents import Headers
from services.gateway.dead_letters import reading
from services.gateway.dead_letters.decisions import DONE, UNDER_WAY, Decision, NotRemembered
from services.gateway.dead_letters.views import is_whole, originals
from services.gateway.inputs import Asking, Input, redrive, resolve
from services.gateway.outlet import NotConfirmed, Overloaded
from services.gateway.parts import Parts, send
from services.gateway.problems import Problem
from services.gateway.standing import standing

REDRIVE, RESOLVE = "redrive", "resolve"
_PAST = {REDRIVE: "redriven", RESOLVE: "resolved"}
REDRIVEN_OF = "redriven-of"
"""The header of a record that was put back: where it came from first."""
DECIDES = "decides"
"""The header of what is written to the dead letters about one of them: its id."""
_STEPS = frozenset({"step_held", "compensation_failed"})
_REDRIVABLE = frozenset(topic.name for topic in (topics.INPUTS, topics.REPLIES, *COMMANDS))
"""Where records are put back to: whoever can write a dead letter must not choose the topic."""
_RETRY_S = 1
_STALE_MS = 10_000
"""How long a decision may take to be carried out: twice as long as a record may take to be confirmed."""


class Deed(NamedTuple):
    """What somebody decides; `request` is equal when the same request comes again."""

    action: str
    actor: str
    reason: str
    request: str
    traceparent: str


class Tell(NamedTuple):
    """The saga is told: it has the record handled or left out, or the step tried again or skipped."""

    record: Input
    asking: Asking
    would: str


class PutBack(NamedTuple):
    """The record goes to where it came from, as it came."""

    would: str


class Close(NamedTuple):
    """Nothing happens but that it is remembered."""

    would: str


class Done(NamedTuple):
    """The same request came before, and was carried out."""

    would: str


Plan = Tell | PutBack | Close | Done


def planned(parts: Parts, row: Mapping[str, Any], deed: Deed) -> Plan:
    """Return what a decision about a letter comes to. Blocks; raises Problem where it comes to nothing."""
    if row["state"] != "open":
        held = _existing(parts, _place(row))
        if held is not None and (held.request, held.action) == (deed.request, deed.action):
            return Done(f"{row['id']} was {row['state']} by this request already")
        by = f" by {row['decided_by']}: {row['reason']}" if row["decided_by"] else ""
        raise Problem("dead-letter-closed", f"{row['id']} was {row['state']}{by}")
    if row["parked"]:
        return _of_parked(parts, row, deed)
    if row["kind"] == "report" and row["code"] in _STEPS and row["saga_id"] is not None:
        return _of_step(parts, row, deed)
    if deed.action == RESOLVE:
        return Close(f"{row['id']} is closed; nothing else happens")
    if row["kind"] != "record" or row["origin_topic"] not in _REDRIVABLE:
        raise Problem("not-redrivable", f"{row['id']} holds no record of a topic that is read here; resolve it")
    if not is_whole(row):
        raise Problem("not-redrivable", f"only {len(row['value'])} of {row['value_bytes']} bytes were kept; resolve it")
    return PutBack(f"the record is put back on {row['origin_topic']} as it came")


def _of_parked(parts: Parts, row: Mapping[str, Any], deed: Deed) -> Tell:
    saga_id, place = row["saga_id"], reading.place_of(row)
    queue = reading.queue_of(parts.read_model.events(saga_id))
    if queue and queue[0].place != place:
        first = reading.of_saga(parts.read_model, saga_id).get(queue[0].place)
        raise Problem("behind-another", f"{saga_id} waits for {queue[0].place} first, dead letter {first}")
    action = REDRIVE if deed.action == REDRIVE else "drop"
    asking = _asking(parts, saga_id, f"{action}:{place}", deed)
    record = redrive(parts.codec, asking, action, place, deed.actor, deed.reason)
    then = f"the {max(0, len(queue) - 1)} records behind it follow in order, as far as they can be read"
    handled = "is handled" if action == REDRIVE else "is left out"
    return Tell(record, asking, f"the record {handled} by {saga_id}, and {then}")


def _of_step(parts: Parts, row: Mapping[str, Any], deed: Deed) -> Tell:
    saga_id, step = row["saga_id"], row["step"]
    waiting = standing(parts.read_model.events(saga_id)).waiting
    if step not in waiting:
        raise Problem("not-waiting", f"{step} of {saga_id} waits for no person")
    action = "retry" if deed.action == REDRIVE else "skip"
    asking = _asking(parts, saga_id, f"resolve:{action}:{step}", deed)
    what = f"the compensation of {step}" if row["code"] == "compensation_failed" else step
    would = f"{what} in {saga_id} is {'tried again' if action == 'retry' else 'left as it is'}"
    return Tell(resolve(parts.codec, asking, action, step, deed.actor, deed.reason), asking, would)


def _asking(parts: Parts, saga_id: str, act: str, deed: Deed) -> Asking:
    return Asking(saga_id, f"{saga_id}:{act}:{deed.request}", parts.now_ms(), deed.traceparent)


async def carry_out(parts: Parts, row: Mapping[str, Any], deed: Deed, plan: Plan) -> None:
    """Do what was planned. Raises Problem.

    The saga itself sees to it that it is told once: a redrive names its record, and a step that waits no longer is
    not tried again. For all others it is the decision's row: whoever made it acts, and everybody else is told so.
    """
    match plan:
        case Done():
            pass
        case Tell():
            await send(parts, plan.record)
        case PutBack() | Close():
            mine = _decision(parts, row, deed)
            if await _claim(parts, mine):
                if isinstance(plan, PutBack):
                    await _put_back(parts, row)
                await _note(parts, row, mine)
                await run_in_threadpool(_finish, parts, mine.place)


async def _claim(parts: Parts, mine: Decision) -> bool:
    """Return whether this request has to act; False where it did when it came before. Raises Problem."""
    held = await run_in_threadpool(_held, parts, mine)
    if held.state == UNDER_WAY and held.claim == mine.claim:
        return True
    if held.state == DONE and (held.request, held.action) == (mine.request, mine.action):
        return False
    if held.state == DONE:
        raise Problem("dead-letter-closed", f"{held.actor} had it {_PAST[held.action]}: {held.reason}")
    raise Problem("request-in-progress", f"{held.actor} is having it {_PAST[held.action]}", retry_after_s=_RETRY_S)


def _decision(parts: Parts, row: Mapping[str, Any], deed: Deed) -> Decision:
    """Return the row of a decision: two letters about one record are one matter."""
    claim, now_ms = parts.new_id(), parts.now_ms()
    about = (_place(row), row["id"], deed.action, deed.actor, deed.reason, deed.request)
    return Decision(*about, claim, UNDER_WAY, now_ms)


def _place(row: Mapping[str, Any]) -> str:
    return reading.place_of(row) if row["kind"] == "record" and row["origin_topic"] else str(row["id"])


def _existing(parts: Parts, place: str) -> Decision | None:
    try:
        return parts.decisions.find(place)
    except NotRemembered as error:
        raise _unavailable(error) from error


def _held(parts: Parts, mine: Decision) -> Decision:
    try:
        return parts.decisions.claim(mine, mine.at_ms - _STALE_MS)
    except NotRemembered as error:
        raise _unavailable(error) from error


def _finish(parts: Parts, place: str) -> None:
    try:
        parts.decisions.finish(place)
    except NotRemembered as error:
        raise _unavailable(error) from error


async def _put_back(parts: Parts, row: Mapping[str, Any]) -> None:
    key, value, headers = originals(row)
    kept = [one for one in headers if one[0] != REDRIVEN_OF]
    await _send(parts, row["origin_topic"], key, value, [*kept, (REDRIVEN_OF, reading.place_of(row).encode())])


async def _note(parts: Parts, row: Mapping[str, Any], decision: Decision) -> None:
    """Write the decision behind the letter: the read model is made of nothing but the topics."""
    said = {"action": decision.action, "actor": decision.actor, "reason": decision.reason, "at": decision.at_ms}
    key = originals(row)[0]
    await _send(parts, topics.DEAD_LETTERS.name, key, orjson.dumps(said), [(DECIDES, decision.letter_id.encode())])


async def _send(parts: Parts, topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> None:
    try:
        await parts.outlet.send(topic, key, value, headers)
    except NotConfirmed as error:
        raise Problem("kafka-unavailable", f"{error}; repeat the same request", retry_after_s=_RETRY_S) from error
    except Overloaded as error:
        raise Problem("overloaded", str(error), retry_after_s=_RETRY_S) from error


def _unavailable(error: NotRemembered) -> Problem:
    return Problem("database-unavailable", f"{error}", retry_after_s=_RETRY_S)
