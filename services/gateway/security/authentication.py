"""From an Authorization header to an identity, by API key or by token."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import orjson

from services.gateway.security.api_keys import ApiKey, BadKeys, find, read_keys
from services.gateway.security.identity import OPEN, Identity
from services.gateway.security.settings import SecuritySettings
from services.gateway.security.tokens import Expected, TokenKey, read_token_keys, verify
from services.watched_file import WatchedFile

_SCHEME = "bearer "

Authenticate = Callable[[str | None, int], Identity | None]
"""Returns who presents an Authorization header at a time (ms), None where nobody that is known does."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Every source of credentials there is."""

    keys: WatchedFile[Mapping[str, ApiKey]] | None
    token_keys: WatchedFile[Sequence[TokenKey]] | None
    expected: Expected | None

    def identify(self, authorization: str | None, now_ms: int) -> Identity | None:
        """Return who presents the header."""
        if authorization is None or authorization[: len(_SCHEME)].lower() != _SCHEME:
            return None
        presented = authorization[len(_SCHEME) :].strip()
        if presented.startswith("sk_"):
            return None if self.keys is None else find(self.keys.current(now_ms), presented, now_ms)
        if self.token_keys is None or self.expected is None:
            return None
        return verify(presented, self.token_keys.current(now_ms), self.expected, now_ms / 1000)


def authentication(settings: SecuritySettings) -> Authenticate:
    """Return what tells who asks. Raises Unreadable."""
    if not settings.required:
        return _everybody
    keys = None if settings.keys_file is None else WatchedFile(settings.keys_file, api_keys)
    token_keys = None if settings.token_keys_file is None else WatchedFile(settings.token_keys_file, read_token_keys)
    return Credentials(keys, token_keys, settings.expected).identify


def _everybody(_authorization: str | None, _now_ms: int) -> Identity:
    return OPEN


def api_keys(text: bytes) -> Mapping[str, ApiKey]:
    """Read the text of a keys file. Raises BadKeys."""
    try:
        return read_keys(orjson.loads(text))
    except orjson.JSONDecodeError:
        raise BadKeys("it is not JSON") from None
