"""The two keys of the vault of personal data, in files that only their owner can read."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.failure import ExitCode, Failure

_BYTES = 32


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """Where they are: `master` for the gateway alone, `reader` for it and for who may look things up."""

    master: Path
    reader: Path

    def keeper(self) -> Mapping[str, str]:
        """Return the settings of the process that keeps the vault."""
        return {"VAULT_MASTER_KEY_FILE": str(self.master), "VAULT_READER_KEY_FILE": str(self.reader)}

    def asker(self, url: str) -> Mapping[str, str]:
        """Return the settings of a process that asks the vault at that address."""
        return {"VAULT_URL": url, "VAULT_READER_KEY_FILE": str(self.reader)}


def ensure_vault_keys(directory: Path) -> VaultKeys:
    """Make the keys that are missing and return where they are. Raises Failure."""
    kept = VaultKeys(directory.resolve() / "master", directory.resolve() / "reader")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in (kept.master, kept.reader):
            if not path.exists():
                _write(path, base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)))
    except OSError as error:
        raise Failure(
            f"The keys of the vault cannot be kept in {directory}: {error}.",
            "Choose another directory with --data.",
            ExitCode.USAGE,
        ) from error
    return kept


def _write(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)
