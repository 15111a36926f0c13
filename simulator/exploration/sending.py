"""Sending an explored saga's commands: every way that each of them may go, within the faults that are left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from orchestrator.core.events import FailureKind
from simulator.exploration.faults import FATES, FAULTS, FINE, MET_BY_MEMORY, Fate, Way
from simulator.exploration.world import Reply, World
from simulator.participant import Command, handle


class Sent(NamedTuple):
    """A command that goes out, its message and topic, and when its step decides without the reply (milliseconds).

    Nobody waits for the answer to an `unanswered` one.
    """

    command: Command
    until: int | None
    message: str
    topic: str
    unanswered: bool = False


def ways(world: World, sent: tuple[Sent, ...]) -> Iterator[tuple[tuple[str, ...], World]]:
    """Yield the names of the fates of the commands, in their order, and the moment after they met them."""
    if not sent:
        yield (), world
        return
    first, rest = sent[0], sent[1:]
    for fate, after in _fates(world, first):
        for names, end in ways(after, rest):
            yield (fate, *names), end


def _fates(world: World, sent: Sent) -> Iterator[tuple[str, World]]:
    bound = world.lasting.get(sent.command.token)
    if bound is not None:
        yield bound, meet(world, sent, FATES[bound])
        return
    yield FINE.name, meet(world, sent, FINE)
    if world.faults_left == 0 or sent.unanswered:
        return
    known = sent.command.token in world.books.entries
    for fate in FAULTS:
        possible = fate.of_child or not sent.command.child
        if possible and not (known and fate.wish in MET_BY_MEMORY):
            yield fate.name, _hit(world, sent, fate)


def _hit(world: World, sent: Sent, fate: Fate) -> World:
    account = world.account
    if sent.command.undoes is not None and not account.hurt:
        account = account._replace(hurt=True)
    lasting = {**world.lasting, sent.command.token: fate.name} if fate.lasting else world.lasting
    return meet(world._replace(faults_left=world.faults_left - 1, account=account, lasting=lasting), sent, fate)


def meet(world: World, sent: Sent, fate: Fate) -> World:
    """Return the moment after the command met its fate; what the participant does, it does at once."""
    match fate.command:
        case Way.LOST:
            return world
        case Way.LATE:
            return world._replace(late=(*world.late, sent.command))
    books, answer = handle(world.books, sent.command, fate.wish)
    if fate.reply is Way.LOST or sent.unanswered:
        return world._replace(books=books)
    kind, code, retriable = answer.kind, answer.code, True
    if fate.reply is Way.UNUSABLE and kind is None:
        kind, code, retriable = FailureKind.UNKNOWN, "reply_too_large", False
    command = sent.command
    until = None if fate.reply is Way.LATE else sent.until
    reply = Reply(command.command_id, command.step, command.undoes is not None, kind, code, retriable, until)
    return world._replace(books=books, replies=(*world.replies, reply))
