"""Brings deployed definitions into the registry: in the background, and at once when a missing one is asked for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from orchestrator.definitions.deployed import read_deployed
from orchestrator.definitions.registry import Registry
from streams.errors import Abortable, Fatal
from streams.kafka_follower import EndNotReached
from streams.record import Record

_log = logging.getLogger(__name__)

FOLLOW_S = 0.5
"""How often the topic is looked at while nobody asks."""
MISS_S = 2.0
"""How long an input waits for the definition that it names."""

_UNUSABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""No deployment, no definition, a version that is taken (each a ValueError), or a fault of this build's compiler."""


class DefinitionSource(Protocol):
    """Where deployed definitions come from."""

    def take(self) -> Sequence[Record]:
        """Return what has come and was not returned before; never waits. Raises Fatal."""

    def take_to_end(self, timeout_s: float) -> Sequence[Record]:
        """Return all that is committed now and was not returned before. Raises EndNotReached, Fatal."""


class DefinitionFeed:
    """Between a source and a registry. Two threads use it: one follows, the other asks."""

    def __init__(self, source: DefinitionSource, registry: Registry) -> None:
        self._source = source
        self._registry = registry
        self._lock = threading.Lock()
        self._take_in = registry.prefer
        registry.on_miss = self.look_again

    def start(self, timeout_s: float) -> None:
        """Take in all that is deployed before any saga is worked on. Raises EndNotReached, Fatal."""
        self.catch_up(timeout_s)
        self._take_in = self._registry.deploy

    def look_again(self) -> None:
        """Read to the end for a definition that is missing.

        Raises Abortable where the end cannot be reached: then nobody knows whether the definition exists.
        """
        try:
            self.catch_up(MISS_S)
        except EndNotReached as error:
            raise Abortable(f"a definition is missing, and it cannot be looked for: {error}") from error

    def catch_up(self, timeout_s: float) -> None:
        """Take in all that is deployed now. Raises EndNotReached, Fatal."""
        with self._lock:
            self._take_all(self._source.take_to_end(timeout_s))

    def follow(self) -> None:
        """Take in what has come. Raises Fatal."""
        with self._lock:
            self._take_all(self._source.take())

    def run(self, stop: threading.Event, first: Callable[[], None], on_end: Callable[[Fatal], None]) -> None:
        """Do `first`, then follow until told to stop; an error that ends either is told."""
        try:
            first()
            while not stop.wait(FOLLOW_S):
                self.follow()
        except Fatal as error:
            on_end(error)

    def _take_all(self, records: Sequence[Record]) -> None:
        for record in records:
            self._take_one(record)

    def _take_one(self, record: Record) -> None:
        """Add one version. What this build cannot run is skipped: other builds may, and all else must go on."""
        if record.value is None:
            return
        try:
            deployed = read_deployed(record.key, record.value)
            if self._take_in(deployed):
                _log.info("definition deployed: %s version %s", deployed.name, deployed.semver)
        except _UNUSABLE as error:
            _log.error("skipped a deployed definition: %r", error, extra={"key": str(record.key)})
