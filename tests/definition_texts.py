"""Small definitions for tests of deployments and schedules."""

from __future__ import annotations

import yaml

ECHO_COMMAND = "test.Echo"
_MILESTONES = {
    "started": {"lifecycle": "running", "status": "RUNNING"},
    "compensating": {"status": "COMPENSATING"},
    "completed": {"lifecycle": "completed", "status": "COMPLETED"},
    "revoked": {"status": "TRANSACTION_REVOKED"},
    "suspended": {"status": "MANUAL_INTERVENTION"},
}


def echo(
    version: str = "1.0.0",
    *,
    name: str = "echo",
    schedule: object = None,
    steps: int = 1,
    topic: str = "other.commands",
) -> str:
    """Return a definition whose steps each send a command; its version tells how the steps are called."""
    major = version.split(".", maxsplit=1)[0]
    call = {"call": "echo", "compensate": {"none": "an echo leaves nothing behind"}}
    document = {
        "document": {"dsl": "1.0.3", "namespace": "test", "name": name, "version": version},
        "use": {"functions": {"echo": {"call": "command", "with": {"topic": topic, "message": ECHO_COMMAND}}}},
        "milestones": _MILESTONES,
        "do": [{f"say-{number}-of-{major}": call} for number in range(steps)],
    }
    if schedule is not None:
        document["schedule"] = schedule
    return yaml.safe_dump(document, sort_keys=False)
