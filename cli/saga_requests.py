"""Asks the gateway to start, list, show, explain, signal, cancel, resolve and migrate sagas."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cli.asking import actor_of, pages, request
from cli.failure import ExitCode, Failure
from cli.options import Gateway
from cli.printing import Columns

COLUMNS: Columns = {
    "saga": lambda saga: saga["saga_id"],
    "definition": lambda saga: f"{saga['definition']} {saga['version']}",
    "started": lambda saga: saga["started_at"],
    "lifecycle": lambda saga: saga["lifecycle"],
    "status": lambda saga: saga["status"],
    "reason": lambda saga: saga["reason"],
    "steps": lambda saga: saga["current_steps"],
}
_START = "`saga definitions list` shows what there is, `saga saga start --help` what goes with it."
_REMEDY = "`saga saga list` shows the sagas there are, `saga order list` the orders."


def start_saga(
    gateway: Gateway, definition: str, version: int | None, data: str, options: str, key: str | None
) -> dict[str, Any]:
    """Start a saga and return what the gateway says: its id and address. Raises Failure."""
    body = {
        "definition": definition,
        "version": version,
        "data": _object("--input", data),
        "options": _object("--options", options),
    }
    return request(gateway, "POST", "/v1/sagas", body, key or str(uuid.uuid4()), _START)


def show_saga(gateway: Gateway, saga_id: str, *, with_history: bool) -> dict[str, Any]:
    """Return where a saga stands, and what happened as its `events` where that is wanted. Raises Failure."""
    path = path_of(saga_id)
    shown = request(gateway, "GET", path, remedy=_REMEDY)
    if not with_history:
        return shown
    return {**shown, "events": request(gateway, "GET", f"{path}/history", remedy=_REMEDY)["events"]}


def saga_history(gateway: Gateway, saga_id: str) -> dict[str, Any]:
    """Return what happened to a saga. Raises Failure."""
    return request(gateway, "GET", f"{path_of(saga_id)}/history", remedy=_REMEDY)


def explain_saga(gateway: Gateway, saga_id: str) -> dict[str, Any]:
    """Return why a saga is where it is. Raises Failure."""
    return request(gateway, "GET", f"{path_of(saga_id)}/explain", remedy=_REMEDY)


def list_sagas(gateway: Gateway, definition: str | None, status: str | None, limit: int) -> list[dict[str, Any]]:
    """Return sagas that are no orders, newest first. Raises Failure."""
    return pages(gateway, "/v1/sagas", "sagas", {"definition": definition, "status": status}, limit)


def signal_saga(
    gateway: Gateway, saga_id: str, name: str, data: str, actor: str | None, step: str | None
) -> dict[str, Any]:
    """Send a signal, with a step to that one alone, and return what the gateway says. Raises Failure."""
    body = {"name": name, **actor_of(gateway, actor), "data": _object("--input", data), **about(step)}
    return request(gateway, "POST", f"{path_of(saga_id)}/signals", body, remedy=_stands(saga_id))


def cancel_saga(gateway: Gateway, saga_id: str, reason: str, actor: str | None) -> dict[str, Any]:
    """Ask for a cancellation and return what the gateway says. Raises Failure."""
    body = {**actor_of(gateway, actor), "reason": reason}
    return request(gateway, "POST", f"{path_of(saga_id)}/cancel", body, remedy=_stands(saga_id))


def resolve_saga(
    gateway: Gateway, saga_id: str, action: str, step: str | None, actor: str | None, reason: str
) -> dict[str, Any]:
    """Have what waits for a person tried again or skipped and return what the gateway says. Raises Failure."""
    body = {"action": action, "step": step, **actor_of(gateway, actor), "reason": reason}
    return request(gateway, "POST", f"{path_of(saga_id)}/resolve", body, remedy=_stands(saga_id))


def migrate_saga(gateway: Gateway, saga_id: str, version: int, actor: str | None) -> dict[str, Any]:
    """Have a saga go on under another version and return what the gateway says. Raises Failure."""
    body = {"version": version, **actor_of(gateway, actor)}
    return request(gateway, "POST", f"{path_of(saga_id)}/migrate", body, remedy=_stands(saga_id))


def about(step: str | None) -> dict[str, str]:
    """Return what a body says of the step that is meant: nothing where none is named."""
    return {} if step is None else {"step": step}


def _stands(saga_id: str) -> str:
    return f"`saga saga explain {saga_id}` says where it stands, `saga saga list` shows the sagas there are."


def path_of(saga_id: str) -> str:
    """Return a saga's address."""
    return f"/v1/sagas/{quote(saga_id, safe='')}"


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
