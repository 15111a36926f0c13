"""A gateway and a projector over the same databases, for tests of what is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from services.feed import Entry
from tests.contract.gateway.gate import Gate, gateway, runner
from tests.contract.gateway.letters import keep
from tests.contract.gateway.story import Story, entries, projector


class Shop:
    """A gateway and a projector over the same databases."""

    def __init__(self, submissions_url: str, read_model_url: str) -> None:
        self._urls = (submissions_url, read_model_url)
        self._next = 0

    def project(self, *stories: Story) -> None:
        """Have the read model know the orders."""
        with projector(self._urls[1]) as (projection, positions):
            projection.project(entries(*stories, first=positions[0]))

    def set_aside(self, *letters: Entry) -> None:
        """Have the read model know dead letters, and what was decided about them."""
        keep(self._urls[1], *letters)

    def run(self, scenario: Callable[[Gate], Awaitable[None]]) -> None:
        """Run a scenario on a fresh gateway."""
        runner(partial(gateway, *self._urls))(scenario)
