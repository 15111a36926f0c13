"""What the demonstration shows: lines where somebody keeps them, a live table where somebody watches."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from campaigns.stage import Check
from campaigns.status_feed import OrderStatus

_EVERY_S = 1.0

Progress = dict[str, OrderStatus]


class Screen:
    """Prints lines with the time since the start; on a terminal the orders' progress stays below them."""

    def __init__(self, console: Console, orders: Progress) -> None:
        """Show the states of `orders`, which somebody else keeps up to date."""
        self._console = console
        self._orders = orders
        self._started = time.monotonic()
        self._last_said = 0.0
        self._live = Live(console=console, get_renderable=self._progress, refresh_per_second=8, transient=True)

    def __enter__(self) -> Screen:  # noqa: PYI034 - nobody derives from it
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def say(self, line: str) -> None:
        """Print a line; rich markup in it is not looked at."""
        passed = time.monotonic() - self._started
        self._console.print(f"{passed:6.1f} s  {escape(line)}", highlight=False, soft_wrap=True)

    def scene(self, title: str, checks: Sequence[Check]) -> None:
        """Print how a scene went."""
        held = all(check.holds for check in checks)
        passed = time.monotonic() - self._started
        mark = "[green]✓[/green]" if held else "[red]✗[/red]"
        self._console.print(f"{passed:6.1f} s  {mark} scene: {escape(title)}", highlight=False, soft_wrap=True)
        for check in checks:
            mark = "[green]✓[/green]" if check.holds else "[red]✗[/red]"
            self._console.print(f"            {mark} {escape(check.what)}", highlight=False, soft_wrap=True)

    def moved(self) -> None:
        """Take note that an order moved; without a terminal, say so once a second."""
        now = time.monotonic()
        if not self._console.is_terminal and now - self._last_said >= _EVERY_S:
            self._last_said = now
            counts = ", ".join(f"{count} {state}" for state, count in sorted(self._counts().items()))
            self.say(f"orders: {counts}")

    def _counts(self) -> Counter[str]:
        return Counter(_state(status) for status in list(self._orders.values()))

    def _progress(self) -> RenderableType:
        table = Table(title="orders", title_justify="left", show_header=False)
        for state, count in sorted(self._counts().items()):
            table.add_row(state, str(count), "█" * min(60, count))
        return Group(table)


def _state(status: OrderStatus) -> str:
    reason = f" ({status.reason})" if status.reason else ""
    return f"{status.lifecycle} {status.status}{reason}" if not status.ended else f"{status.lifecycle}{reason}"
