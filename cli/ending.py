"""Ends `saga` quietly, with an exit code of its own, where the program that reads its output has gone away."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from cli.failure import ExitCode


class EndsWithItsReader(TyperGroup):
    """The group of all commands; a subclass, because that is how typer lets a group be changed."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command; `saga topics tail … | head` is no error of anybody's."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            # What is left in the buffer would fail once more when the process ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(ExitCode.OUTPUT_CLOSED) from error
