"""The state machine file: the definition as JSON, which the engine runs as it is, with its design beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.core.definition import RetryPolicy
from orchestrator.design.analysis import Design
from orchestrator.design.options import Options

SECTION = "x-state-machine"
"""The key of the design in the file: whatever begins with `x-` is not the engine's."""


def state_machine_text(design: Design, options: Options) -> str:
    """Return the file's text; the same design gives the same bytes."""
    document = {key: value for key, value in design.document.items() if key != SECTION}
    defaults = {**_object(document.get("defaults")), **options.defaults()}
    if defaults:
        document["defaults"] = defaults
    document[SECTION] = section(design, options)
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n"


def section(design: Design, options: Options) -> dict[str, Any]:
    """Return the design as plain data: its lists are what the report counts."""
    lifecycle = design.lifecycle
    return {
        "process": design.name,
        "version": design.definition.version,
        "pattern": design.pattern.name,
        "initial": lifecycle.initial,
        "final": list(lifecycle.final),
        "states": list(lifecycle.states),
        "transitions": [
            {"from": edge.source, "to": edge.target, "on": edge.trigger, "kind": edge.kind.value}
            for edge in lifecycle.transitions
        ],
        "decisions": [
            {"label": one.label, "step": one.step, "outcomes": list(one.outcomes)} for one in design.decisions
        ],
        "gates": [
            {"step": gate.step, "signals": list(gate.signals), "timeout_ms": gate.timeout_ms} for gate in design.gates
        ],
        "parallel": [{"step": one.step, "branches": list(one.branches), "until": one.until} for one in design.parallel],
        "compensations": [
            {
                "participant": one.participant,
                "pairs": [{"step": pair.step, "command": pair.command, "undo": pair.undo} for pair in one.pairs],
            }
            for one in design.rollbacks
        ],
        "policies": [
            {"name": policy.name, **retry_data(policy.retry), "steps": list(policy.steps)} for policy in design.policies
        ],
        "failures": [
            {"step": step.name, "cause": case.cause, "treatment": case.treatment.value, "effect": case.effect}
            for step in design.steps
            for case in step.cases
        ],
        "options": {
            "max_retries": options.max_retries,
            "timeout_default_ms": options.timeout_ms,
            "error_strategy": options.error_strategy,
            "audit": options.audit,
        },
    }


def retry_data(retry: RetryPolicy) -> dict[str, Any]:
    """Return a retry policy as plain data; durations are milliseconds."""
    return {
        "max_retries": retry.limit,
        "backoff": retry.backoff.value,
        "base_ms": retry.base_ms,
        "jitter_from_ms": retry.jitter_from_ms,
        "jitter_ms": retry.jitter_ms,
        "max_ms": retry.max_ms,
    }


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
