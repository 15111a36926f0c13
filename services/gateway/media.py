"""What a request declares its body to be: the guard notes what is no plain JSON, who reads the body judges it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from services.gateway.problems import Problem

PLAIN = b"application/json"
"""What most requests declare: it needs no note."""
JSON = "application/json"
YAML = "application/yaml"
_KNOWN = {
    JSON: re.compile(r"application/json|[^/\s]+/[^/\s]+\+json"),
    YAML: re.compile(r"(?:application|text)/(?:x-|[^/\s]+\+)?yaml"),
}
_NOBODYS_CHOICE = "application/x-www-form-urlencoded"
"""What curl and other clients declare when nobody told them what the body is: it says nothing."""
_DECLARED = "sagaline.declared"
_MOST_SHOWN = 100


def note(scope: MutableMapping[str, Any], name: bytes, value: bytes) -> None:
    """Keep on a request what a header, Content-Type or Content-Encoding, declares."""
    scope.setdefault(_DECLARED, []).append((name, value.decode("latin-1").strip()))


def check_declared(scope: Mapping[str, Any], *wanted: str) -> None:
    """Raise Problem for a body that is declared to be none of what is `wanted` (JSON, YAML), or to be compressed."""
    for name, value in scope.get(_DECLARED, ()):
        said = value[:_MOST_SHOWN]
        if name == b"content-encoding":
            if value.lower() not in ("", "identity"):
                detail = f"the body is declared to be encoded as {said}: send it as it is"
                raise Problem("unsupported-media-type", detail, headers={"Accept-Encoding": "identity"})
            continue
        media_type = value.partition(";")[0].strip().lower()
        if media_type not in ("", _NOBODYS_CHOICE) and not any(_KNOWN[one].fullmatch(media_type) for one in wanted):
            detail = f"the body is declared to be {said}: send {' or '.join(wanted)}"
            raise Problem("unsupported-media-type", detail, headers={"Accept": ", ".join(wanted)})
