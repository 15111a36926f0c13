"""The thread of the provider calls: jobs go in from the shell, endings come back, nothing waits for anything else."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Protocol

import uvloop

from services.participant.job import FeedPage, JobDone

Ending = JobDone | FeedPage
Call = Callable[[], Awaitable[Sequence[Ending]]]


class Connector(Protocol):
    """A client that lives on the thread of the calls."""

    async def open(self) -> None:
        """Prepare on the running loop."""

    async def close(self) -> None:
        """Close every connection."""


class Calls:
    """Runs calls on its own event loop. All methods are for the shell's thread."""

    def __init__(self, clients: Sequence[Connector]) -> None:
        self._clients = clients
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="provider-calls", daemon=True)
        self._tasks: dict[asyncio.Task[Sequence[Ending]], frozenset[str]] = {}
        self._endings: deque[Ending] = deque()
        self._failures: deque[BaseException] = deque()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def start(self) -> None:
        """Start the thread and prepare the clients."""
        self._thread.start()
        for client in self._clients:
            asyncio.run_coroutine_threadsafe(client.open(), self._loop).result(10)

    def submit(self, work: Sequence[tuple[Collection[str], Call]]) -> None:
        """Begin calls; each comes with the tokens it works for."""
        self._loop.call_soon_threadsafe(self._begin, work)

    def _begin(self, work: Sequence[tuple[Collection[str], Call]]) -> None:
        for tokens, call in work:
            task = self._loop.create_task(_await(call))
            self._tasks[task] = frozenset(tokens)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Sequence[Ending]]) -> None:
        del self._tasks[task]
        if task.cancelled():
            return
        failure = task.exception()
        if failure is not None:
            self._failures.append(failure)
        else:
            self._endings.extend(task.result())

    def cancel(self, tokens: Collection[str]) -> None:
        """Drop the calls that work only for these tokens; somebody else resumes them."""
        self._loop.call_soon_threadsafe(self._cancel, frozenset(tokens))

    def _cancel(self, tokens: frozenset[str]) -> None:
        for task, mine in self._tasks.items():
            if mine and mine <= tokens:
                task.cancel()

    def ended(self) -> list[Ending]:
        """Return what ended since the last call. Raises what a call raised: the process cannot go on."""
        if self._failures:
            raise self._failures.popleft()
        found: list[Ending] = []
        while self._endings:
            found.append(self._endings.popleft())
        return found

    def close(self) -> None:
        """Cancel everything and end the thread; open effects are resumed at the next start."""
        if not self._thread.is_alive():
            self._loop.close()
            return
        asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _shut(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in self._clients:
            await client.close()


async def _await(call: Call) -> Sequence[Ending]:
    return await call()
