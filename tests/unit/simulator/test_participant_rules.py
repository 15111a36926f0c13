"""The rules of docs/protocol.md that participants keep, as the model in exploration and simulation has them."""

from __future__ import annotations

from orchestrator.core.events import FailureKind
from simulator.participant import EMPTY, SUPERSEDED, Answer, Books, Command, Wish, handle

DONE = Answer(None, "")
LATE = Answer(FailureKind.REJECTED, SUPERSEDED)


def do(number: int = 0) -> Command:
    return Command(f"s:pay:{number}", "s:pay", None, "pay")


def undo(number: int = 0) -> Command:
    return Command(f"s:pay:undo:{number}", "s:pay:undo", "s:pay", "pay")


def after(*steps: tuple[Command, Wish]) -> tuple[Books, list[Answer]]:
    books, answers = EMPTY, list[Answer]()
    for command, wish in steps:
        books, answer = handle(books, command, wish)
        answers.append(answer)
    return books, answers


def test_one_token_has_one_effect_however_many_commands_carry_it() -> None:
    books, answers = after((do(0), Wish.DO), (do(1), Wish.DO), (do(2), Wish.REFUSE))

    assert answers == [DONE, DONE, DONE]
    assert books.in_place == ["pay"]


def test_the_same_command_gets_the_same_answer_again() -> None:
    _, answers = after((do(0), Wish.FAIL), (do(0), Wish.DO))

    assert [answer.kind for answer in answers] == [FailureKind.TRANSIENT, FailureKind.TRANSIENT]


def test_a_refusal_stays_under_its_token() -> None:
    books, answers = after((do(0), Wish.REFUSE), (do(1), Wish.DO))

    assert [answer.kind for answer in answers] == [FailureKind.REJECTED, FailureKind.REJECTED]
    assert books.in_place == []


def test_a_failure_in_passing_and_an_open_circuit_leave_the_token_free() -> None:
    books, answers = after((do(0), Wish.FAIL), (do(1), Wish.NOT_NOW), (do(2), Wish.DO))

    assert [answer.kind for answer in answers] == [FailureKind.TRANSIENT, FailureKind.UNAVAILABLE, None]
    assert books.in_place == ["pay"]


def test_an_undo_takes_the_effect_back_once() -> None:
    books, answers = after((do(), Wish.DO), (undo(0), Wish.DO), (undo(1), Wish.DO))

    assert answers == [DONE, DONE, DONE]
    assert books.in_place == []


def test_an_undo_that_finds_nothing_is_done_and_bars_the_late_command() -> None:
    books, answers = after((undo(), Wish.DO), (do(), Wish.DO))

    assert answers == [DONE, LATE]
    assert books.in_place == []


def test_a_command_after_its_undo_is_refused() -> None:
    books, answers = after((do(0), Wish.DO), (undo(), Wish.DO), (do(1), Wish.DO))

    assert answers == [DONE, DONE, LATE]
    assert books.in_place == []


def test_an_outcome_that_nobody_knows_is_known_when_it_is_asked_for_again() -> None:
    books, answers = after((do(0), Wish.DO_AND_NOT_KNOW), (do(1), Wish.DO))

    assert [answer.kind for answer in answers] == [FailureKind.UNKNOWN, None]
    assert books.in_place == ["pay"]


def test_books_are_never_changed() -> None:
    before, _ = after((do(), Wish.DO))

    handle(before, undo(), Wish.DO)

    assert before.in_place == ["pay"]
