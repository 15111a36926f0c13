"""Secret settings from files: NAME_FILE names a file that holds what NAME would say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SECRETS = ("DATABASE_URL", "READ_MODEL_URL")
"""Settings that may hold a password; Kafka's is only ever read from a file."""


class SecretUnreadable(ValueError):
    """A file of a secret setting cannot be used; the message names the setting, never what the file says."""


def from_files(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment with the secrets that it names files of. Raises SecretUnreadable."""
    found = dict(environment)
    for name in SECRETS:
        path = environment.get(f"{name}_FILE")
        if not path:
            continue
        if environment.get(name):
            raise SecretUnreadable(f"{name} and {name}_FILE are both set: keep the file")
        try:
            found[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SecretUnreadable(f"{name}_FILE cannot be read: {type(error).__name__}") from None
        if not found[name]:
            raise SecretUnreadable(f"{name}_FILE names an empty file")
    return found
