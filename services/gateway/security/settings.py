"""The settings of the gateway's edge, read from the environment; what is not safe is refused."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.gateway.security.tokens import Expected

RATE_PER_S = 500.0
MAX_CONCURRENT = 200


class Unsafe(ValueError):
    """The settings leave open who may use the gateway; the message says what to set."""


@dataclass(frozen=True, slots=True)
class SecuritySettings:
    """Who may use the gateway, and how much. `rate_per_s` None: no limit; both limits are for each client."""

    required: bool
    keys_file: Path | None = None
    token_keys_file: Path | None = None
    expected: Expected | None = None
    rate_per_s: float | None = None
    max_concurrent: int | None = None


def read_security(environment: Mapping[str, str], host: str) -> SecuritySettings:
    """Read the settings. Raises Unsafe."""
    keys, tokens = (environment.get(name) or None for name in ("GATEWAY_KEYS_FILE", "GATEWAY_JWT_KEYS_FILE"))
    auth = environment.get("GATEWAY_AUTH") or ("required" if keys or tokens else "")
    if auth not in ("required", "off"):
        raise Unsafe(
            "GATEWAY_AUTH must be 'required', with GATEWAY_KEYS_FILE or GATEWAY_JWT_KEYS_FILE, or 'off' where only "
            "this machine can reach the gateway"
        )
    if auth == "off" and not is_loopback(host):
        raise Unsafe(f"GATEWAY_AUTH=off would let everybody who reaches {host} act: set HOST=127.0.0.1, or keys")
    if auth == "required" and not (keys or tokens):
        raise Unsafe("GATEWAY_AUTH=required needs GATEWAY_KEYS_FILE or GATEWAY_JWT_KEYS_FILE")
    required = auth == "required"
    return SecuritySettings(
        required=required,
        keys_file=Path(keys) if keys else None,
        token_keys_file=Path(tokens) if tokens else None,
        expected=_expected(environment) if tokens else None,
        rate_per_s=_number(environment, "GATEWAY_RATE_PER_S", RATE_PER_S if required else None),
        max_concurrent=_whole(environment, "GATEWAY_MAX_CONCURRENT", MAX_CONCURRENT if required else None),
    )


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach what listens on a host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _expected(environment: Mapping[str, str]) -> Expected:
    issuer, audience = (environment.get(name) for name in ("GATEWAY_JWT_ISSUER", "GATEWAY_JWT_AUDIENCE"))
    if not issuer or not audience:
        raise Unsafe("GATEWAY_JWT_KEYS_FILE needs GATEWAY_JWT_ISSUER and GATEWAY_JWT_AUDIENCE")
    return Expected(issuer, audience)


def _number(environment: Mapping[str, str], name: str, default: float | None) -> float | None:
    text = environment.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise Unsafe(f"{name} must be a number over zero")
    return value


def _whole(environment: Mapping[str, str], name: str, default: int | None) -> int | None:
    value = _number(environment, name, default)
    if value is not None and value != int(value):
        raise Unsafe(f"{name} must be a whole number")
    return None if value is None else int(value)
