"""What the guard works with, put together by the composition root."""

from __future__ import annotations

from dataclasses import dataclass

from services.gateway.security.authentication import Authenticate
from services.gateway.security.limits import Limits
from services.gateway.security.seen_messages import SeenMessages


@dataclass(frozen=True, slots=True)
class Security:
    """Who is who, how much each may ask, and which signed messages came already."""

    authenticate: Authenticate
    limits: Limits
    seen: SeenMessages
