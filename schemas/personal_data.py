"""References to personal data: what stands in topics in its place, and how a service proves that it may look it up."""

from __future__ import annotations

import hashlib
import hmac

PREFIX = "personal.v1."
"""What a reference begins with; no other text that comes in may begin so."""

RESOLVE = "/internal/v1/personal-data/resolve"
"""Where the gateway gives the text of a reference to a service that proves that it may have it."""


def is_reference(text: str) -> bool:
    """Tell whether a text stands for personal data that is kept elsewhere."""
    return text.startswith(PREFIX)


def proof(reader_key: bytes, reference: str) -> str:
    """Return what shows that the holder of the key asks for this reference; the key itself never travels."""
    return hmac.new(reader_key, reference.encode(), hashlib.sha256).hexdigest()
