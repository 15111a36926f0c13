"""Asks the gateway to start, show, signal, cancel, resolve and migrate sagas."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cli.asking import actor_of, request
from cli.failure import ExitCode, Failure
from cli.options import Gateway


def start_saga(gateway: Gateway, definition: str, version: int | None, data: str, options: str, key: str | None) -> str:
    """Start a saga and return its id. Raises Failure."""
    body = {
        "definition": definition,
        "version": version,
        "data": _object("--input", data),
        "options": _object("--options", options),
    }
    answer = request(gateway, "POST", "/v1/sagas", body, key or str(uuid.uuid4()))
    return str(answer["saga_id"])


def show_saga(gateway: Gateway, saga_id: str, *, with_history: bool, as_json: bool) -> str:
    """Return where a saga stands, in lines or as JSON. Raises Failure."""
    path = f"/v1/sagas/{quote(saga_id, safe='')}"
    shown = request(gateway, "GET", path)
    events = request(gateway, "GET", f"{path}/history")["events"] if with_history else []
    if as_json:
        return json.dumps({**shown, "events": events} if with_history else shown, indent=2, ensure_ascii=False)
    told = {name: value if isinstance(value, str) else json.dumps(value) for name, value in shown.items()}
    return "\n".join([*(f"{name + ':':15}{value}" for name, value in told.items()), *map(_event_line, events)])


def signal_saga(gateway: Gateway, saga_id: str, name: str, data: str, actor: str | None) -> str:
    """Send a signal and return a line about it. Raises Failure."""
    body = {"name": name, **actor_of(gateway, actor), "data": _object("--input", data)}
    request(gateway, "POST", f"/v1/sagas/{quote(saga_id, safe='')}/signals", body)
    return f"{name} is on its way to {saga_id}"


def cancel_saga(gateway: Gateway, saga_id: str, reason: str, actor: str | None) -> str:
    """Ask for a cancellation and return a line about it. Raises Failure."""
    body = {**actor_of(gateway, actor), "reason": reason}
    request(gateway, "POST", f"/v1/sagas/{quote(saga_id, safe='')}/cancel", body)
    return f"{saga_id} is asked to stop"


def resolve_saga(gateway: Gateway, saga_id: str, action: str, step: str | None, actor: str | None, reason: str) -> str:
    """Have what waits for a person tried again or skipped and return a line about it. Raises Failure."""
    body = {"action": action, "step": step, **actor_of(gateway, actor), "reason": reason}
    request(gateway, "POST", f"/v1/sagas/{quote(saga_id, safe='')}/resolve", body)
    return f"{action} of {step or 'all that waits'} is on its way to {saga_id}"


def migrate_saga(gateway: Gateway, saga_id: str, version: int, actor: str | None) -> str:
    """Have a saga go on under another version and return a line about it. Raises Failure."""
    body = {"version": version, **actor_of(gateway, actor)}
    request(gateway, "POST", f"/v1/sagas/{quote(saga_id, safe='')}/migrate", body)
    return f"{saga_id} is asked to go on under version {version}; its history says whether it did"


def _event_line(event: Mapping[str, Any]) -> str:
    state = f"{event['to']['lifecycle']} {event['to']['status']}"
    return f"{event['sequence']:4}  {event['at']}  {state:32}  {event['summary']}"


def _object(option: str, written: str) -> dict[str, Any]:
    """Return a JSON object, given itself or as @FILE. Raises Failure."""
    try:
        text = Path(written[1:]).read_text(encoding="utf-8") if written.startswith("@") else written
        document = json.loads(text)
    except (OSError, ValueError) as error:
        raise Failure(f"{option} cannot be read: {error}.", "Write a JSON object or @FILE.", ExitCode.USAGE) from error
    if not isinstance(document, dict):
        raise Failure(f"{option} is no JSON object.", "Write one, such as '{\"day\": 1}'.", ExitCode.USAGE)
    return document
