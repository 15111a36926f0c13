"""Answers that are JSON documents."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from fastapi.responses import Response


def answer(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer that a document is."""
    return Response(orjson.dumps(document), status, headers, "application/json")
