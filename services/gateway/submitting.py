"""Takes the start of a saga once, whatever happens in between."""

from __future__ import annotations

from schemas.cloudevents import rfc3339
from services.gateway.inputs import Input, start_id
from services.gateway.parts import Parts, send
from services.gateway.problems import Problem
from services.gateway.reading import tokens
from services.gateway.reading.tokens import Token
from services.gateway.submissions import Held, Submission, Unavailable

KEY_LIVES_MS = 30 * 86_400_000
"""How long a request may be repeated under its Idempotency-Key."""


async def submit(parts: Parts, submission: Submission, record: Input) -> dict[str, str]:
    """Remember a request and write its record, unless that is done already. Raises Problem.

    Returns the headers of the answer: the same for every repetition.
    """
    saga_id = submission.order_id
    if saga_id in parts.in_flight:
        raise Problem("request-in-progress", "repeat the request later", retry_after_s=1, order_id=saga_id)
    parts.in_flight.add(saga_id)
    try:
        held = await _store_and_send(parts, submission, record)
    except Unavailable as error:
        raise Problem("database-unavailable", str(error), retry_after_s=1) from error
    finally:
        parts.in_flight.discard(saga_id)
    token = Token(saga_id, start_id(saga_id), held.created_at_ms)
    return {
        tokens.HEADER: tokens.written(token),
        "Idempotency-Key-Expires": rfc3339(held.created_at_ms + KEY_LIVES_MS),
        "Retry-After": "1",
    }


async def _store_and_send(parts: Parts, submission: Submission, record: Input) -> Held:
    """Remember the request, write its record, remember that Kafka has it. Raises Problem, Unavailable.

    A crash anywhere in between leaves a submission that is not accepted: the client has no answer and repeats the
    request, which writes a record with the same saga id. The saga starts once, however many such records there are.
    """
    held = await parts.submissions.register(submission)
    if held.body_sha256 != submission.body_sha256:
        raise Problem("idempotency-key-reused", "use another key for another request")
    if submission.created_at_ms - held.created_at_ms > KEY_LIVES_MS:
        raise Problem("idempotency-key-expired", "send a new request with a key of its own")
    if held.state == "accepted":
        parts.counts.duplicates += 1
        return held
    await send(parts, record)
    parts.submissions.accept(submission.order_id)
    return held
