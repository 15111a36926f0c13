"""Where the vault's own keys are: with neither setting there is no vault, and personal data stays in the orders."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.gateway.vault.sealing import MASTER_BYTES


class BadVault(Exception):
    """The vault cannot be opened with these settings: the message names the one."""


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """`master` wraps the customers' keys; who has `reader` may look up what a reference stands for."""

    master: bytes = field(repr=False)
    reader: bytes = field(repr=False)


def read_vault(environment: Mapping[str, str]) -> VaultSettings | None:
    """Return the vault's settings, None where there is to be none. Raises BadVault."""
    names = ("VAULT_MASTER_KEY_FILE", "VAULT_READER_KEY_FILE")
    given = [name for name in names if environment.get(name)]
    if not given:
        return None
    if len(given) != len(names):
        raise BadVault(f"{' and '.join(names)} belong together")
    master, reader = (_key(name, environment[name]) for name in names)
    return VaultSettings(master, reader)


def _key(name: str, path: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(Path(path).read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        raise BadVault(f"{name} names {path}, which holds no key: {error}") from error
    if len(key) != MASTER_BYTES:
        raise BadVault(f"{name} names {path}; a key is {MASTER_BYTES} bytes in base64url, not {len(key)}")
    return key
