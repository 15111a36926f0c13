"""What stories about the language share: steps that tell what they see, and what they have seen."""

from __future__ import annotations

from typing import Any

from tests.saga_documents import ASK
from tests.saga_story import Story

Task = dict[str, Any]


def sees(expression: str = "${ . }", **more: Any) -> Task:
    """Return a step that sends what an expression gives; a participant's answer ends it."""
    return {**ASK, "with": {"seen": expression}, **more}


def seen(saga: Story, path: str) -> Any:
    """Return what the step at `path` has sent, the newest time."""
    [*_, newest] = [command.arguments["seen"] for command in saga.commands if command.step == path]
    return newest
