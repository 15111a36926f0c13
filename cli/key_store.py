"""The gateway's keys file: keys are added, listed and revoked; it holds hashes, so a key is shown once."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.failure import ExitCode, Failure
from cli.options import API_KEY_FILE
from services.gateway.security.api_keys import BadKeys, new_key, read_keys
from services.signatures import new_secret

KEYS_FILE = "keys.json"
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key to be made. `days`: how long it is good, None for ever."""

    client: str
    name: str
    scopes: Sequence[str]
    customers: Sequence[str]
    days: float | None
    signing: bool
    rate_per_s: float | None


@dataclass(frozen=True, slots=True)
class Made:
    """A new key: what its client needs, which nobody can read anywhere again."""

    key_id: str
    api_key: str
    signing_secret: str | None


def create(file: Path, wanted: Wanted, now: datetime) -> Made:
    """Make a key and add it to the file, which is made where there is none. Raises Failure."""
    key_id, api_key, sha256 = new_key(secrets.token_bytes)
    signing_secret = new_secret(secrets.token_bytes) if wanted.signing else None
    entry = {
        "id": key_id,
        "sha256": sha256,
        "client": wanted.client,
        "name": wanted.name,
        "scopes": list(wanted.scopes),
        "customers": list(wanted.customers),
        "created_at": _text(now),
        "expires_at": None if wanted.days is None else _text(now + timedelta(days=wanted.days)),
        "revoked_at": None,
        "signing": [signing_secret] if signing_secret else [],
        "rate_per_s": wanted.rate_per_s,
    }
    with _changed(file) as entries:
        entries.append(entry)
    return Made(key_id, api_key, signing_secret)


def revoke(file: Path, key_id: str, now: datetime) -> None:
    """Have a key be good for nothing from now on; a gateway knows within a second. Raises Failure."""
    with _changed(file) as entries:
        for entry in entries:
            if entry["id"] == key_id:
                entry["revoked_at"] = entry["revoked_at"] or _text(now)
                return
        raise Failure(f"{file} has no key {key_id}.", "`saga keys list` shows those it has.", ExitCode.USAGE)


def listed(file: Path, now: datetime) -> list[dict[str, Any]]:
    """Return every key without its hash and its secrets, with its state. Raises Failure."""
    return [
        {
            **{name: entry.get(name) for name in ("id", "client", "name", "scopes", "customers")},
            "state": _state(entry, now),
            "created_at": entry.get("created_at"),
            "expires_at": entry.get("expires_at"),
            "signs": bool(entry.get("signing")),
        }
        for entry in _entries(file)
    ]


def ensure_own_key(directory: Path, user: str, now: datetime) -> Path:
    """Return the keys file of a data directory, with a key of every scope for this machine's command line.

    Raises Failure.
    """
    file, own = directory / KEYS_FILE, directory / API_KEY_FILE
    if not file.exists() or not own.exists():
        scopes = ("customer", "operator", "admin")
        made = create(file, Wanted("saga-cli", user, scopes, ("*",), None, signing=False, rate_per_s=None), now)
        _write(own, made.api_key + "\n")
    return file


def _state(entry: Mapping[str, Any], now: datetime) -> str:
    for name, word in (("revoked_at", "revoked"), ("expires_at", "expired")):
        at = entry.get(name)
        if at is not None and datetime.fromisoformat(at) <= now:
            return word
    return "good"


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


@contextmanager
def _changed(file: Path) -> Iterator[list[dict[str, Any]]]:
    """Give the entries to be changed, one program at a time, and replace the file at once. Raises Failure."""
    try:
        with file.with_name(f"{file.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            entries = _entries(file) if file.exists() else []
            yield entries
            read_keys({"keys": entries})
            _write(file, json.dumps({"keys": entries}, indent=2) + "\n")
    except BadKeys as error:
        raise Failure(
            f"The key cannot be kept: {error}.", "`saga keys create --help` says how.", ExitCode.USAGE
        ) from error
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror}.", "Name another with --file.") from error


def _entries(file: Path) -> list[dict[str, Any]]:
    try:
        document = json.loads(file.read_bytes())
        read_keys(document)
    except FileNotFoundError as error:
        raise Failure(f"{file} does not exist.", "Make it with `saga keys create`.", ExitCode.USAGE) from error
    except (OSError, ValueError) as error:
        raise Failure(f"{file} is no keys file: {error}.", "Name another with --file.", ExitCode.USAGE) from error
    entries: list[dict[str, Any]] = document["keys"]
    return entries


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), path.stat().st_mode & 0o777 if path.exists() else _PRIVATE)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
