"""The settings of the process that takes orders.inbound, read from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.environment import MissingSettings
from services.gateway import settings as of_gateway
from services.gateway.settings import Settings

_NOT_USED = "0"


@dataclass(frozen=True, slots=True)
class InboundSettings:
    """What the environment says: what the gateway's says, and the name of this instance."""

    gateway: Settings
    instance: str


def read_settings(environment: Mapping[str, str]) -> InboundSettings:
    """Read the settings, by the rules of the gateway's. Raises MissingSettings.

    Without authentication the broker has to be on this machine, as the gateway has to.
    """
    broker = (environment.get("KAFKA_BOOTSTRAP_SERVERS") or "").partition(",")[0].rpartition(":")[0]
    unused = {"PORT": _NOT_USED, "READ_MODEL_URL": environment.get("DATABASE_URL") or ""}
    found = of_gateway.read_settings({**environment, **unused, "HOST": broker or "127.0.0.1"})
    if found.security.required and found.security.keys_file is None:
        raise MissingSettings("GATEWAY_KEYS_FILE is not set: signed orders need the secrets in it")
    return InboundSettings(found, environment.get("SAGA_INSTANCE") or "inbound-0")
