"""Takes the start of a saga once, whatever happens in between."""

from __future__ import annotations

from services.gateway.inputs import Input
from services.gateway.parts import Parts, send
from services.gateway.problems import Problem
from services.gateway.submissions import Submission, Unavailable


async def submit(parts: Parts, submission: Submission, record: Input) -> None:
    """Remember a request and write its record, unless that is done already. Raises Problem."""
    saga_id = submission.order_id
    if saga_id in parts.in_flight:
        raise Problem("request-in-progress", "repeat the request later", retry_after_s=1, order_id=saga_id)
    parts.in_flight.add(saga_id)
    try:
        await _store_and_send(parts, submission, record)
    except Unavailable as error:
        raise Problem("database-unavailable", str(error), retry_after_s=1) from error
    finally:
        parts.in_flight.discard(saga_id)


async def _store_and_send(parts: Parts, submission: Submission, record: Input) -> None:
    """Remember the request, write its record, remember that Kafka has it. Raises Problem, Unavailable.

    A crash anywhere in between leaves a submission that is not accepted: the client has no answer and repeats the
    request, which writes a record with the same saga id. The saga starts once, however many such records there are.
    """
    held = await parts.submissions.register(submission)
    if held.body_sha256 != submission.body_sha256:
        raise Problem("idempotency-key-reused", "use another key for another request")
    if held.state == "accepted":
        return
    await send(parts, record)
    parts.submissions.accept(submission.order_id)
