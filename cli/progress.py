"""Shows on a terminal that something is waited for, and how much of it is done; elsewhere nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def waiting(text: str) -> Iterator[Callable[[str], None]]:
    """Show a moving sign beside the text on stderr; what is yielded changes the text."""
    if not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console  # noqa: PLC0415 - `saga --help` must not pay for it
    from rich.text import Text  # noqa: PLC0415 - as above

    with Console(stderr=True).status(Text(text)) as status:
        yield lambda changed: status.update(Text(changed))


@contextmanager
def printed_later() -> Iterator[Callable[[str], None]]:
    """Give what prints lines of data: at once, or at the end where they would run into a bar on the same terminal."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield typer.echo
        return
    lines: list[str] = []
    try:
        yield lines.append
    finally:
        for line in lines:
            typer.echo(line)


@contextmanager
def bar(text: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on stderr where there are several things to do; what is yielded tells that one more is done.

    What is printed meanwhile has to go elsewhere than to the terminal: see `printed_later`.
    """
    if total < 2 or not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console  # noqa: PLC0415 - `saga --help` must not pay for it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    # Nothing redirected: rich would send what goes to stdout, which may be a file, to the console of the bar.
    with Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as progress:
        task = progress.add_task(text, total=total)
        yield lambda: progress.advance(task)


def _nothing(_text: str) -> None:
    return
