"""The error handler file: policies, rollback paths and failure cases as typed data, read off the state machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TYPES = """\
export type Treatment = "retry" | "compensation" | "dead-letter";

/** Durations are milliseconds; `max_retries` counts the tries after the first one. */
export interface RetryPolicy {
  readonly name: string;
  readonly max_retries: number;
  readonly backoff: "constant" | "linear" | "exponential";
  readonly base_ms: number;
  readonly jitter_from_ms: number;
  readonly jitter_ms: number;
  readonly max_ms: number;
  readonly steps: readonly string[];
}

export interface UndoPair {
  readonly step: string;
  readonly command: string;
  readonly undo: string;
}

/** What one participant takes back, in this order. */
export interface RollbackPath {
  readonly participant: string;
  readonly pairs: readonly UndoPair[];
}

export interface FailureCase {
  readonly step: string;
  readonly cause: string;
  readonly treatment: Treatment;
  readonly effect: string;
}
"""


def error_handlers_text(state_machine: Mapping[str, Any], source: str) -> str:
    """Return the file's text; `state_machine` is the section of the state machine file, `source` that file's name."""
    parts = [
        f"// Generated from {source}: written anew by each run of the design mode.\n",
        _TYPES,
        _constant("process", state_machine["process"], "string"),
        _constant("retryPolicies", state_machine["policies"], "readonly RetryPolicy[]"),
        _constant("rollbackPaths", state_machine["compensations"], "readonly RollbackPath[]"),
        _constant("failureCases", state_machine["failures"], "readonly FailureCase[]"),
    ]
    return "\n".join(parts)


def _constant(name: str, value: Any, kind: str) -> str:
    return f"export const {name}: {kind} = {json.dumps(value, indent=2, ensure_ascii=False)};\n"
