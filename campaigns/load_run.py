"""Drives a plan through the gateway: posts with bounded rate and concurrency, approves, cancels, waits for the ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from campaigns.gateway_client import Accepted, GatewayClient, NoAnswer, Refused
from campaigns.plan import Decision, Planned
from campaigns.status_feed import OrderStatus, StatusFeed

_DECISION_ATTEMPTS = 40
_DECISION_PAUSE_S = 0.25

Told = Callable[[OrderStatus], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """Orders a second at most (0: no limit), requests at once at most, seconds to wait for the last order to end."""

    rate: float = 0.0
    concurrency: int = 16
    wait_s: float = 180.0


@dataclass(slots=True)
class Result:
    """What became of a plan: accepted order ids by key, refusals, latest status of each order, ended or not."""

    accepted: dict[str, str] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    cancels: dict[int, int] = field(default_factory=dict)
    statuses: dict[str, OrderStatus] = field(default_factory=dict)
    unfinished: tuple[str, ...] = ()


class LoadRun:
    """One run of one plan. The people in it (manager, customers who cancel) are tasks beside the posting."""

    def __init__(self, client: GatewayClient, feed: StatusFeed, plan: Iterable[Planned], pace: Pace) -> None:
        self._client = client
        self._feed = feed
        self._plan = plan
        self._pace = pace
        self._decisions: dict[str, Decision] = {}
        self._people: set[asyncio.Task[None]] = set()
        self._asked: set[str] = set()
        self.result = Result()

    def on_status(self, status: OrderStatus) -> None:
        """Take a change of an order; the manager decides where one waits for approval. To be given to the feed."""
        if status.status == "AWAITING_APPROVAL" and status.order_id in self._decisions:
            self._ask_manager(status.order_id)

    async def post(self) -> None:
        """Post the whole plan; returns when every order has its answer. Raises NoAnswer."""
        gate = asyncio.Semaphore(self._pace.concurrency)
        loop = asyncio.get_running_loop()
        started = loop.time()
        unanswered: list[Exception] = []
        try:
            async with asyncio.TaskGroup() as group:
                for number, planned in enumerate(self._plan):
                    if self._pace.rate:
                        await asyncio.sleep(max(0.0, started + number / self._pace.rate - loop.time()))
                    await gate.acquire()
                    task = group.create_task(self._post_one(planned))
                    task.add_done_callback(lambda _: gate.release())
        except* NoAnswer as failed:
            unanswered.extend(error for error in failed.exceptions if isinstance(error, NoAnswer))
        if unanswered:
            raise unanswered[0]

    async def finish(self) -> Result:
        """Wait until every accepted order has ended, at most `wait_s` seconds, and return the result."""
        ids = list(self.result.accepted.values())

        def all_ended() -> bool:
            return all((known := self._feed.latest.get(one)) is not None and known.ended for one in ids)

        await self._feed.wait_for(all_ended, self._pace.wait_s)
        for task in self._people:
            task.cancel()
        await asyncio.gather(*self._people, return_exceptions=True)
        latest = self._feed.latest
        self.result.statuses = {one: latest[one] for one in ids if one in latest}
        self.result.unfinished = tuple(one for one in ids if one not in latest or not latest[one].ended)
        return self.result

    async def _post_one(self, planned: Planned) -> None:
        answer = await self._client.submit(planned.key, planned.document)
        match answer:
            case Refused():
                self.result.refused.append(answer)
            case Accepted(key, order_id):
                self.result.accepted[key] = order_id
                self._decisions[order_id] = planned.decision
                known = self._feed.latest.get(order_id)
                if known is not None:
                    self.on_status(known)
                if planned.cancel_after_s is not None:
                    self._employ(self._cancel(order_id, planned.cancel_after_s))

    def _ask_manager(self, order_id: str) -> None:
        if order_id not in self._asked:
            self._asked.add(order_id)
            self._employ(self._decide(order_id, self._decisions[order_id]))

    async def _decide(self, order_id: str, decision: Decision) -> None:
        """Say it until the order stops waiting: the read model may know later than the topic that it waits."""
        for _ in range(_DECISION_ATTEMPTS):
            await self._client.act(order_id, decision, "decided by the campaign's manager")
            await asyncio.sleep(_DECISION_PAUSE_S)
            if self._feed.latest[order_id].status != "AWAITING_APPROVAL":
                return

    async def _cancel(self, order_id: str, after_s: float) -> None:
        await asyncio.sleep(after_s)
        status = await self._client.act(order_id, "cancel", "the customer changed their mind")
        self.result.cancels[status] = self.result.cancels.get(status, 0) + 1

    def _employ(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._people.add(task)
        task.add_done_callback(self._people.discard)


async def run_plan(
    bootstrap: str,
    gateway: str,
    plan: Iterable[Planned],
    pace: Pace,
    told: Told = lambda _: None,
    api_key: str | None = None,
) -> Result:
    """Run a plan against an installation and return what became of it. Raises NoAnswer."""
    runs: list[LoadRun] = []

    def on_change(status: OrderStatus) -> None:
        for run in runs:
            run.on_status(status)
        told(status)

    connector = aiohttp.TCPConnector(limit=2 * pace.concurrency)
    async with aiohttp.ClientSession(connector=connector) as session, StatusFeed(bootstrap, on_change) as feed:
        run = LoadRun(GatewayClient(session, gateway, api_key=api_key), feed, plan, pace)
        runs.append(run)
        await run.post()
        return await run.finish()
