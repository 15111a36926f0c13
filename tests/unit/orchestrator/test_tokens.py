"""Execution tokens: the same whenever a command is sent again, and never shared by two orders."""

from __future__ import annotations

from typing import Any

from tests.orchestrator_world import World
from tests.saga_story import order, the_next_timer
from tests.scripted_participants import Reply, success

ORDERS = 10_000
RETRIED = "payment.CapturePayment"


def test_ten_thousand_orders_share_no_token_and_no_command_id() -> None:
    sent = [command for number in range(ORDERS) for command in order(saga_id=f"ord_{number}").commands]
    assert len({command.token for command in sent}) == len({command.command_id for command in sent}) == ORDERS


def test_a_retry_has_the_token_of_the_first_attempt_and_an_id_of_its_own() -> None:
    story = order().when(the_next_timer, the_next_timer)
    first, second = [command for command in story.commands if command.step == "lock-inventory"]
    assert first.token == second.token
    assert first.command_id != second.command_id


def test_an_orchestrator_that_is_rebuilt_from_its_changelog_uses_the_tokens_of_before() -> None:
    def tokens(*, rebuilt: bool) -> list[tuple[str, str, str]]:
        world = World()
        world.start_order()
        world.settle()
        asked = 0

        def answer(name: str, command: Any) -> Reply | None:
            nonlocal asked
            asked += name == RETRIED
            return None if name == RETRIED and asked == 1 else success(name, command)

        for _ in range(10):
            world.answer(answer)
            if rebuilt:
                world.restart(keep_stores=False)
            world.later(5_000)
        assert world.statuses()[-1]["status"] == "TRANSACTION_REVOKED"
        return [(name, one["meta"]["token"], one["meta"]["command_id"]) for name, one in world.commands()]

    assert tokens(rebuilt=True) == tokens(rebuilt=False)
