"""Turning jobs into calls: one each, or one for many where the provider takes many."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.participant.calls import Call, Ending
from services.participant.handlers import Bulk, Feed, L, Provider, ProviderUndo, Service
from services.participant.job import Job, JobDone
from services.participant.outcome import unknown
from services.participant.rounds import BROKEN, BUGS

BULK_LIMIT = 500
"""Jobs in one bulk call."""


def calls_for(service: Service[L], jobs: Sequence[Job]) -> list[tuple[list[str], Call]]:
    """Return the calls these jobs need, each with the tokens it works for."""
    calls: list[tuple[list[str], Call]] = []
    bulks: dict[str, tuple[Bulk[L], list[Job]]] = {}
    for job in jobs:
        match service.handlers[job.name]:
            case Bulk() as bulk:
                bulks.setdefault(job.name, (bulk, []))[1].append(job)
            case Provider() | ProviderUndo() as single:
                calls.append(([job.token], partial(_one, single, job)))
    for bulk, many in bulks.values():
        for first in range(0, len(many), BULK_LIMIT):
            chunk = many[first : first + BULK_LIMIT]
            calls.append(([job.token for job in chunk], partial(_many, bulk, chunk)))
    return calls


async def _one(handler: Provider[L] | ProviderUndo[L], job: Job) -> Sequence[Ending]:
    try:
        return [JobDone(job, await handler.call(job))]
    except BUGS as error:
        return [JobDone(job, unknown(BROKEN, repr(error)))]


async def _many(handler: Bulk[L], jobs: Sequence[Job]) -> Sequence[Ending]:
    try:
        outcomes = await handler.call(jobs)
        return [JobDone(job, outcome) for job, outcome in zip(jobs, outcomes, strict=True)]
    except BUGS as error:
        return [JobDone(job, unknown(BROKEN, repr(error))) for job in jobs]


def feed_call(feed: Feed[L], cursor: int) -> Call:
    """Return the call that reads a feed after its cursor."""
    return partial(_page, feed, cursor)


async def _page(feed: Feed[L], cursor: int) -> Sequence[Ending]:
    return [await feed.read(cursor)]
