"""Prints what happened to an order or a saga, and why it is where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import typer

from cli.deciding import commands
from cli.options import Gateway, OutputFormat
from cli.printing import cell, written

Event = Mapping[str, Any]
_STATE_WIDTH = 32


def event_line(event: Event) -> str:
    """Return an event on one line."""
    state = f"{event['to']['lifecycle']} {event['to']['status']}".strip()
    return f"{event['sequence']:4}  {event['at']}  {cell(state):{_STATE_WIDTH}}  {cell(event['summary'])}"


def put_history(found: Mapping[str, Any], output: OutputFormat) -> None:
    """Print a history: a line an event, or as JSON."""
    if output is OutputFormat.JSON:
        typer.echo(written(found, output))
        return
    for event in found["events"]:
        put_event(event, output)


def put_event(event: Event, output: OutputFormat) -> None:
    """Print an event on one line, for people or for programs: streams have no end to close a document with."""
    typer.echo(event_line(event) if output is OutputFormat.TABLE else written(event, OutputFormat.JSONL))


def put_stream(events: Iterable[Event], output: OutputFormat, then: Callable[[Event], None]) -> str | None:
    """Print events as they come, and do `then` after each; return the status after the last one, None of none."""
    status = None
    for event in events:
        put_event(event, output)
        then(event)
        status = str(event["to"]["status"])
    return status


def put_explanation(found: Mapping[str, Any], gateway: Gateway, output: OutputFormat) -> None:
    """Print why a saga is where it is: what it waits for, since when, what happens next and when, and what to do."""
    if output is not OutputFormat.TABLE:
        typer.echo(written(found, output))
        return
    for line in explanation_lines(found, gateway):
        typer.echo(line)


def explanation_lines(found: Mapping[str, Any], gateway: Gateway) -> Iterator[str]:
    """Yield the lines of an explanation."""
    state = found["state"]
    yield _field("saga", found["saga_id"])
    yield _field("state", f"{state['lifecycle']} {state['status']}".strip())
    if found.get("reason"):
        yield _field("reason", found["reason"])
    waits = found["waits"]
    if not waits or found.get("stale"):
        yield _field("summary", found["summary"])
    for wait in waits:
        yield ""
        step = f"{wait['step']}{' (undoing it)' if wait['undo'] else ''}" if wait["step"] else None
        told = {
            "step": step,
            "attempt": str(wait["attempt"]) if step else None,
            "waits for": wait["what"],
            "since": f"{wait['since']} ({duration(wait['for_s'])})",
            "cause": wait["cause"],
            "next": wait["next"],
            "when": wait["until"] or "nothing happens by itself",
        }
        yield from (_field(name, value) for name, value in told.items() if value)
        yield from (_field("command", line) for line in commands(gateway, found["saga_id"], wait, waits))
    for one in found.get("refused", ()):
        yield _field("refused", f"{one['input']} of {one['actor']} at {one['at']}: {one['reason']}")


def duration(seconds: float) -> str:
    """Return a time as people say it: `3 s`, `5 min 7 s`, `2 h 4 min`, `3 d 2 h`."""
    whole = int(seconds)
    for size, unit, smaller, name in ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {unit}" + (f" {rest} {name}" if rest else "")
    return f"{whole} s"


def _field(name: str, value: object) -> str:
    return f"{name + ':':11}{cell(value)}"
