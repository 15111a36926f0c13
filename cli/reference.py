"""Writes the reference of `saga` into docs/cli.md, from the commands themselves: `python -m cli.reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

from cli.app import app
from cli.failure import MEANINGS

BEGIN, END = "<!-- reference: begin -->", "<!-- reference: end -->"
DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
_EVERYWHERE = frozenset({"help", "gateway", "data", "bootstrap", "output"})
_SHELL = frozenset({"install_completion", "show_completion"})


def exit_codes() -> Iterator[str]:
    """Yield the table of the exit codes."""
    yield "| exit code | meaning |"
    yield "| --- | --- |"
    yield from (f"| {code.value} | {meaning} |" for code, meaning in MEANINGS.items())


def reference() -> Iterator[str]:
    """Yield a part for each command: what it is for, how it is written, and its own options."""
    root = get_command(app)
    yield from _commands("saga", root, typer.Context(root))


def _commands(name: str, command: Any, context: Any) -> Iterator[str]:
    children = command.list_commands(context) if hasattr(command, "list_commands") else []
    for child_name in children:
        child = command.get_command(context, child_name)
        if not child.hidden:
            yield from _commands(f"{name} {child_name}", child, context)
    if not children:
        yield from _part(name, command)


def _part(name: str, command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and one.name not in _SHELL]
    own = [one for one in options if one.name not in _EVERYWHERE]
    shared = " ".join(f"[{one.opts[0]}]" for one in options if one.name in _EVERYWHERE - {"help"})
    written = " ".join(_written(one) for one in arguments)
    yield f"### {name}"
    yield ""
    yield " ".join(command.help.split("\n\n")[0].split())
    yield ""
    yield f"`{' '.join(filter(None, (name, '[OPTIONS]' if own else '', written, shared)))}`"
    yield ""
    for one in (*arguments, *own):
        shown = ", ".join(f"`{text}`" for text in one.opts) if one.param_type_name == "option" else f"`{_written(one)}`"
        needed = "; required" if one.required and one.param_type_name == "option" else ""
        yield f"- {shown}: {(one.help or '').rstrip('.')}{_default(one)}{needed}."
    if arguments or own:
        yield ""


def _written(argument: Any) -> str:
    name = (argument.metavar or argument.name).upper().strip("[]")
    return name if argument.required else f"[{name}]"


def _default(one: Any) -> str:
    value = one.default
    if value is None or callable(value) or value is False or value == [] or one.required:
        return ""
    return f" (default: `{value.value if hasattr(value, 'value') else value}`)"


def filled(document: str) -> str:
    """Return the document with the reference in its place."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    lines = (BEGIN, "", *exit_codes(), "", "## Commands", "", *reference(), END)
    return before + "\n".join(lines) + after


def main() -> None:
    """Write the reference into the document."""
    DOCUMENT.write_text(filled(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT}\n")


if __name__ == "__main__":
    main()
