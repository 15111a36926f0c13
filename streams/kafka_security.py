"""What every Kafka client is told about its cluster: the address, and encryption and identity from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PROTOCOLS = frozenset({"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"})

_PLAIN_NAMES = {
    "KAFKA_SECURITY_PROTOCOL": "security.protocol",
    "KAFKA_SASL_MECHANISM": "sasl.mechanism",
    "KAFKA_SASL_USERNAME": "sasl.username",
}
_FILE_NAMES = {
    "KAFKA_SSL_CA_LOCATION": "ssl.ca.location",
    "KAFKA_SSL_CERTIFICATE_LOCATION": "ssl.certificate.location",
    "KAFKA_SSL_KEY_LOCATION": "ssl.key.location",
}
PASSWORD_FILE = "KAFKA_SASL_PASSWORD_FILE"  # noqa: S105 - the name of a setting
_NEEDED_FOR_SASL = ("KAFKA_SASL_MECHANISM", "KAFKA_SASL_USERNAME", PASSWORD_FILE)


class SecurityUnusable(Exception):
    """The environment asks for an identity or encryption that cannot be had: the message names the setting."""


def connection(bootstrap: str, environ: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """Return the settings that every client of a cluster has in common, in librdkafka's own names.

    They come from the process's environment unless another is given, and the password from its file each time: a
    client made after a change of password has the new one. Raises SecurityUnusable.
    """
    return {"bootstrap.servers": bootstrap, **_security(os.environ if environ is None else environ)}


def _security(environ: Mapping[str, str]) -> Mapping[str, str]:
    protocol = environ.get("KAFKA_SECURITY_PROTOCOL") or "PLAINTEXT"
    if protocol not in PROTOCOLS:
        raise SecurityUnusable(f"KAFKA_SECURITY_PROTOCOL is {protocol!r}; use one of {', '.join(sorted(PROTOCOLS))}")
    if protocol == "PLAINTEXT":
        _refuse_unused(environ)
        return {}
    settings = {ours: environ[name] for name, ours in _PLAIN_NAMES.items() if environ.get(name)}
    for name, ours in _FILE_NAMES.items():
        if environ.get(name):
            _read(name, environ[name])
            settings[ours] = environ[name]
    if protocol.startswith("SASL_"):
        missing = [name for name in _NEEDED_FOR_SASL if not environ.get(name)]
        if missing:
            raise SecurityUnusable(f"KAFKA_SECURITY_PROTOCOL is {protocol}, so {', '.join(missing)} must be set")
        settings["sasl.password"] = _read(PASSWORD_FILE, environ[PASSWORD_FILE])
    return settings


def _refuse_unused(environ: Mapping[str, str]) -> None:
    """Refuse credentials beside an unencrypted connection: somebody believes it to be a safe one."""
    for name in (*_FILE_NAMES, *_NEEDED_FOR_SASL):
        if environ.get(name):
            raise SecurityUnusable(f"{name} is set, but KAFKA_SECURITY_PROTOCOL is not: set it to SASL_SSL or SSL")


def _read(name: str, path: str) -> str:
    try:
        content = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecurityUnusable(f"{name} names {path}, which cannot be read: {error}") from error
    if not content:
        raise SecurityUnusable(f"{name} names {path}, which is empty")
    return content
