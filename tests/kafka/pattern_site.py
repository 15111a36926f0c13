"""Orchestrators that run any definition, with real participants and providers beside them, on a real broker."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.core.events import Json
from tests.kafka.orchestrator_fleet import ENDS, Fleet
from tests.kafka.participants.cluster import Cluster

PARTICIPANTS = ("tasks", "payment", "shipping", "notification", "inventory")
SANDBOXES: Mapping[str, str] = {"psp": "PSP_URL", "carrier": "CARRIER_URL", "messages": "MESSAGES_URL"}


@dataclass(frozen=True, slots=True)
class Run:
    """One saga of one pattern: what it starts with, the signals it gets, the event after which it is in mid-flight."""

    definition: str
    data: Json = field(default_factory=dict)
    outcome: str = "COMPLETED"
    signals: tuple[str, ...] = ()
    """Sent in this order after the kill, each once the saga waits once more."""
    at_once: bool = False
    """All signals are sent while it waits for the first."""
    midway: str = "saga.StepScheduled"


@dataclass(slots=True)
class Site:
    """A fleet and the participants that answer it. Close it."""

    bootstrap: str
    directory: Path
    fleet: Fleet = field(init=False)
    cluster: Cluster = field(init=False)
    ids: dict[str, str] = field(default_factory=dict)
    """Saga ids by the names of their runs."""

    def __post_init__(self) -> None:
        """Start everything but the orchestrators."""
        self.fleet = Fleet(self.bootstrap, self.directory, answer=lambda _name, _command: None)
        self.cluster = Cluster(self.bootstrap, self.directory)
        for sandbox, setting in SANDBOXES.items():
            self.cluster.sandbox(sandbox, setting)
        read_model = self.cluster.url("projector")
        for name in PARTICIPANTS:
            url = self.cluster.url(name)
            self.cluster.start(
                f"services.{name}.app", DATABASE_URL=url, READ_MODEL_URL=read_model, SAGA_INSTANCE=f"{name}-0"
            )

    def begin(self, name: str, run: Run) -> None:
        """Start a saga under a name."""
        self.ids[name] = self.fleet.begin_saga(run.definition, len(self.ids), data=run.data)

    def script(self, sandbox: str, **rule: object) -> None:
        """Make a provider misbehave."""
        url = self.cluster.environment[SANDBOXES[sandbox]]
        self.cluster.wait(lambda: self._healthy(url), f"{sandbox} to answer")
        request = urllib.request.Request(f"{url}/v1/faults", json.dumps(rule).encode(), method="POST")  # noqa: S310 - our own sandbox
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - as above
            assert answer.status == 201

    @staticmethod
    def _healthy(url: str) -> bool:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=1) as answer:  # noqa: S310 - our own sandbox
                return bool(answer.status == 200)
        except OSError:
            return False

    def events(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        """Return the events of a saga so far."""
        return self.fleet.events.get(self.ids[name], [])

    def names(self, name: str) -> list[str]:
        """Return the names of a saga's events so far."""
        return [event for event, _ in self.events(name)]

    def is_midway(self, name: str, run: Run) -> bool:
        """Whether a saga has begun what its run calls its middle."""
        return run.midway in self.names(name)

    def has_ended(self, name: str) -> bool:
        """Whether a saga has ended."""
        return any(event in ENDS for event in self.names(name))

    def result(self, name: str) -> Any:
        """Return what a saga that completed ended with."""
        return json.loads(dict(self.events(name))["saga.SagaCompleted"]["output"])

    def steps(self, name: str, event: str, *, undo: bool = False) -> list[str]:
        """Return the steps of a saga that this event is told of, in order."""
        return [
            fields["step"] for told, fields in self.events(name) if told == event and fields.get("undo", False) == undo
        ]

    def close(self) -> None:
        """End everything."""
        self.fleet.close()
        self.cluster.close()
