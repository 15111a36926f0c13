"""Sending many messages over every channel at once: one HTTP call a channel."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from services.participant.client import Answer, Client, NoAnswer, NotSent, Trouble, error_of, id_of
from services.participant.effect import State
from services.participant.job import Job
from services.participant.outcome import Done, Failed, Outcome, rejected, transient, unavailable

CHANNELS = ("email", "sms", "push")
NOTIFIED = "notification.CustomerNotified"
NOTHING_TO_TAKE_BACK = Done(NOTIFIED, {"delivered": [], "refused": []}, undid=False)
_DOMAINS = {"email": "customers.example", "sms": "sms.example", "push": "devices.example"}

Delivered = Mapping[str, tuple[bool, str | None]]
"""By message key: whether it was sent, and its id."""


def address(channel: str, customer_id: str) -> str:
    """Return where a customer takes messages of a channel."""
    return f"{customer_id}@{_DOMAINS[channel]}"


async def notify(provider: Client, jobs: Sequence[Job]) -> list[Outcome]:
    """Send the messages of all jobs. A job whose messages did not all get an answer is to be tried again.

    Keys are per message, so a message that went out already is not sent twice.
    """
    needs = await asyncio.gather(*(_is_needed(provider, job) for job in jobs))
    due = [job for job, needed in zip(jobs, needs, strict=True) if needed is True]
    channels = [channel for channel in CHANNELS if any(channel in job.fields["channels"] for job in due)]
    answers = await asyncio.gather(*(_send(provider, channel, due) for channel in channels))
    results = dict(zip(channels, answers, strict=True))
    return [_answer(job, needed, results) for job, needed in zip(jobs, needs, strict=True)]


def _answer(job: Job, needed: bool | Failed, results: Mapping[str, Delivered | Failed]) -> Outcome:
    if isinstance(needed, Failed):
        return needed
    return _outcome(job, results) if needed else NOTHING_TO_TAKE_BACK


async def _is_needed(provider: Client, job: Job) -> bool | Failed:
    """Tell whether there is anything to say: a message that takes another back, only where that one went out.

    A first message without a known result may have gone out over some channels: the provider's outbox decides.
    """
    if job.undoes is None or (job.original is not None and job.original.state == State.DONE):
        return True
    reply = await provider.call("GET", f"/v1/outbox?order_id={quote(job.fields['order_id'], safe='')}")
    match reply:
        case Answer(200, {"messages": list(found)}):
            return any(isinstance(sent, dict) and str(sent.get("key")).startswith(f"{job.undoes}:") for sent in found)
        case Answer(status, _):
            return transient("provider_trouble", f"the outbox answered {status}")
        case Trouble(detail) | NoAnswer(detail):
            return transient("provider_trouble", "the outbox could not be read now", detail)
        case NotSent(retry_after_ms, code):
            return unavailable(retry_after_ms, code)


async def _send(provider: Client, channel: str, jobs: Sequence[Job]) -> Delivered | Failed:
    messages = [
        {
            "key": f"{job.token}:{channel}",
            "to": address(channel, job.fields["customer_id"]),
            "template": job.fields["template"],
            "order_id": job.fields["order_id"],
        }
        for job in jobs
        if channel in job.fields["channels"]
    ]
    reply = await provider.call("POST", f"/v1/{channel}/messages", body={"messages": messages})
    match reply:
        case Answer(200, {"results": list(results)}):
            return {
                found["key"]: (found["status"] == "sent", id_of(found, "id")) for found in results if _is_result(found)
            }
        case Answer(status, body):
            code, message = error_of(body)
            return rejected(code, f"the {channel} provider answered {status}: {message}")
        case Trouble(detail) | NoAnswer(detail):
            return transient("provider_trouble", f"the {channel} provider could not take the message now", detail)
        case NotSent(retry_after_ms, code):
            return unavailable(retry_after_ms, code)


def _is_result(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found.get("key"), str) and found.get("status") in ("sent", "refused")


def _outcome(job: Job, results: Mapping[str, Delivered | Failed]) -> Outcome:
    delivered: list[str] = []
    refused: list[str] = []
    ids: dict[str, str | None] = {}
    for channel in dict.fromkeys(job.fields["channels"]):
        result = results[channel]
        if isinstance(result, Failed):
            return result
        found = result.get(f"{job.token}:{channel}")
        if found is None:
            return transient("provider_trouble", f"the {channel} provider left the message out of its answer")
        sent, message_id = found
        (delivered if sent else refused).append(channel)
        ids[channel] = message_id
    return Done(NOTIFIED, {"delivered": delivered, "refused": refused}, ids)
