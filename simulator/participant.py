"""What a participant makes of a command: the rules of docs/protocol.md, pure, over books that are never changed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from orchestrator.core.events import FailureKind

SUPERSEDED = "superseded_by_undo"


class Mark(StrEnum):
    """What became of a token."""

    DONE = "done"
    REFUSED = "refused"
    UNDONE = "undone"
    BARRED = "barred"


class Wish(StrEnum):
    """What the participant does with a command whose token it does not know yet."""

    DO = "do"
    REFUSE = "refuse"
    FAIL = "fail"
    NOT_NOW = "not now"
    DO_AND_NOT_KNOW = "do and not know"


class Command(NamedTuple):
    """A command as far as the rules look at it; `step` is the step's path, `undoes` the token of the effect to undo.

    A `child` is a saga that the command starts or takes back. `topic` is whose command it is.
    """

    command_id: str
    token: str
    undoes: str | None
    step: str
    child: bool = False
    topic: str = ""


class Entry(NamedTuple):
    """What became of one token, and with whom: nobody else knows of it."""

    step: str
    undo: bool
    mark: Mark
    topic: str = ""


class Answer(NamedTuple):
    """A reply: without a kind the command is done."""

    kind: FailureKind | None
    code: str


class Books(NamedTuple):
    """All that the participants know of one saga: its tokens, and the answer to each command that had one."""

    entries: Mapping[str, Entry]
    answers: Mapping[str, Answer]

    @property
    def in_place(self) -> list[str]:
        """The path of the step of each effect that was done and not undone: each +1 that no -1 has balanced."""
        return [entry.step for entry in self.entries.values() if entry.mark is Mark.DONE and not entry.undo]


EMPTY = Books(MappingProxyType({}), MappingProxyType({}))

_DONE = Answer(None, "")
_REFUSED = Answer(FailureKind.REJECTED, "refused")
_SUPERSEDED = Answer(FailureKind.REJECTED, SUPERSEDED)
_FAILED = Answer(FailureKind.TRANSIENT, "failed")
_NOT_NOW = Answer(FailureKind.UNAVAILABLE, "circuit_open")
_NOT_KNOWN = Answer(FailureKind.UNKNOWN, "outcome_unknown")


def handle(  # noqa: PLR0911 - one return for each rule
    books: Books, command: Command, wish: Wish
) -> tuple[Books, Answer]:
    """Return the books after the command, and its answer: the same for the same command, however often it comes."""
    known = books.answers.get(command.command_id)
    if known is not None:
        return books, known
    entry = books.entries.get(command.token)
    if entry is not None:
        return _answered(books.entries, books, command, _stored(entry))
    match wish:
        case Wish.DO:
            return _answered(_done(books.entries, command), books, command, _DONE)
        case Wish.DO_AND_NOT_KNOW:
            return _answered(_done(books.entries, command), books, command, _NOT_KNOWN)
        case Wish.REFUSE:
            refused = Entry(command.step, command.undoes is not None, Mark.REFUSED, command.topic)
            return _answered({**books.entries, command.token: refused}, books, command, _REFUSED)
        case Wish.FAIL:
            return _answered(books.entries, books, command, _FAILED)
        case Wish.NOT_NOW:
            return _answered(books.entries, books, command, _NOT_NOW)


def _answered(entries: Mapping[str, Entry], books: Books, command: Command, answer: Answer) -> tuple[Books, Answer]:
    return Books(entries, {**books.answers, command.command_id: answer}), answer


def _stored(entry: Entry) -> Answer:
    match entry.mark:
        case Mark.DONE:
            return _DONE
        case Mark.REFUSED:
            return _REFUSED
        case Mark.UNDONE | Mark.BARRED:
            return _SUPERSEDED


def _done(entries: Mapping[str, Entry], command: Command) -> Mapping[str, Entry]:
    """Return the entries with the command's effect; an undo takes back what is there, and bars what has not come."""
    changed = dict(entries)
    if command.undoes is not None:
        original = entries.get(command.undoes)
        if original is None:
            changed[command.undoes] = Entry(command.step, False, Mark.BARRED, command.topic)
        elif original.mark is Mark.DONE and original.topic == command.topic:
            changed[command.undoes] = original._replace(mark=Mark.UNDONE)
    changed[command.token] = Entry(command.step, command.undoes is not None, Mark.DONE, command.topic)
    return changed
