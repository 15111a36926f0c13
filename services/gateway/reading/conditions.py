"""What requests say of the state they know and of how long they wait: ETag, If-None-Match, If-Match, Prefer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from services.gateway.parts import Parts, header_values
from services.gateway.problems import Problem
from services.gateway.reading import queries

MOST_WAIT_S = 30
"""How long a request may ask to be kept waiting."""
_WAIT = re.compile(r"\s*wait\s*=\s*\"?([0-9]{1,9})\"?\s*", re.IGNORECASE)
_TAG = re.compile(r'(?:W/)?"[^"]*"|\*')


def etag(sequence: int) -> str:
    """Return the entity tag of a saga after its event `sequence`."""
    return f'"{sequence}"'


def wait_s(request: Request) -> int | None:
    """Return for how many seconds a request prefers to wait (RFC 7240), bounded; None where it does not say."""
    for given in header_values(request.scope, b"prefer"):
        for preference in re.split(r"[,;]", given):
            found = _WAIT.fullmatch(preference)
            if found is not None:
                return min(int(found[1]), MOST_WAIT_S)
    return None


def applied(waited_s: int | None) -> Mapping[str, str]:
    """Return the headers that say that a preference was honoured."""
    return {} if waited_s is None else {"Preference-Applied": f"wait={waited_s}"}


def is_known(request: Request, tag: str) -> bool:
    """Tell whether the client has what carries this tag already (If-None-Match, by weak comparison)."""
    tags = [one.removeprefix("W/") for one in _TAG.findall(request.headers.get("if-none-match", ""))]
    return tag in tags or "*" in tags


async def matched(parts: Parts, saga_id: str, request: Request) -> int | None:
    """Return the sequence of the state that If-Match names, None where any will do.

    Raises Problem where the read model has another state. The saga may have moved on: it looks at its own.
    """
    wanted = request.headers.get("if-match")
    if wanted is None:
        return None
    sequence = (await run_in_threadpool(queries.sequences, parts.read_model, [saga_id])).get(saga_id, 0)
    tag = etag(sequence)
    if tag in (found := _TAG.findall(wanted)):
        return sequence
    if "*" not in found:
        raise Problem("precondition-failed", f"the state is {tag}: look at it again", headers={"ETag": tag})
    return None
