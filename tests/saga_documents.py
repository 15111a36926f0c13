"""Small definitions for stories: two commands of a made-up participant, and whatever tasks a test gives."""

from __future__ import annotations

from typing import Any

from orchestrator.definitions.compiler import compile_definition
from tests.saga_story import Story, begun

ACT: dict[str, Any] = {"call": "act", "compensate": {"call": "unact"}}
"""A step that has an effect and can be undone."""
ASK: dict[str, Any] = {"call": "act", "compensate": {"none": "it only asks"}}
"""A step that has no effect."""


def document(*tasks: dict[str, Any], name: str = "other", version: str = "1.0.0", **top: Any) -> dict[str, Any]:
    """Return a definition document of these tasks."""
    topic = "other.commands"
    return {
        "document": {"dsl": "1.0.3", "namespace": "test", "name": name, "version": version},
        "use": {
            "functions": {
                "act": {"call": "command", "with": {"topic": topic, "message": "other.Act"}},
                "unact": {"call": "command", "with": {"topic": topic, "message": "other.Unact"}},
            },
            **top.pop("use", {}),
        },
        **top,
        "do": list(tasks),
    }


def told(*tasks: dict[str, Any], data: dict[str, Any] | None = None, **top: Any) -> Story:
    """Return the story of a saga of these tasks that has just begun."""
    return begun(compile_definition(document(*tasks, **top), {}), "sag_a", data or {})
