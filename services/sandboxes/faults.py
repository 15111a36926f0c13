"""Fault scripts: rules that change how a sandbox treats the next matching requests."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from services.sandboxes.conduct import Broken, Conduct, Late, Refused, Silent
from services.sandboxes.ledger import Ledger

_ACTIONS = frozenset({"delay", "error", "black_hole", "act_then_black_hole", "reject"})
_FIELDS = frozenset({"operation", "match", "action", "delay_ms", "status", "code", "times"})
_MATCHED = frozenset({"order_id", "customer_id", "payment_method", "carrier"})
_MAX_RULES = 1000
MAX_DELAY_MS = 600_000


class InvalidRule(ValueError):
    """The rule cannot be used; the message names the field."""


@dataclass(slots=True)
class Rule:
    """One rule. `remaining` counts down as requests match it."""

    rule_id: int
    operation: str
    match: Mapping[str, str]
    conduct: Conduct
    written: Mapping[str, Any]
    remaining: int


def _whole(document: Mapping[str, Any], name: str, default: int | None, low: int, high: int) -> int:
    value = document.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidRule(f"{name} must be a whole number from {low} to {high}")
    return value


def _conduct(document: Mapping[str, Any]) -> Conduct:
    code = document.get("code", "scripted")
    if not isinstance(code, str):
        raise InvalidRule("code must be a text")
    match document.get("action"):
        case "delay":
            return Late(_whole(document, "delay_ms", None, 0, MAX_DELAY_MS))
        case "error":
            return Broken(_whole(document, "status", 503, 400, 599), code)
        case "reject":
            return Refused(code, _whole(document, "status", 0, 400, 499) if "status" in document else None)
        case "black_hole":
            return Silent(acts=False)
        case "act_then_black_hole":
            return Silent(acts=True)
        case _:
            raise InvalidRule(f"action must be one of {', '.join(sorted(_ACTIONS))}")


def _parse(rule_id: int, document: object, operations: frozenset[str]) -> Rule:
    if not isinstance(document, dict):
        raise InvalidRule("a rule must be a JSON object")
    unknown = sorted(document.keys() - _FIELDS)
    if unknown:
        raise InvalidRule(f"unknown field {unknown[0]}")
    if document.get("operation") not in operations:
        raise InvalidRule(f"operation must be one of {', '.join(sorted(operations))}")
    match = document.get("match") or {}
    if not isinstance(match, dict) or match.keys() - _MATCHED or not all(isinstance(v, str) for v in match.values()):
        raise InvalidRule(f"match must map some of {', '.join(sorted(_MATCHED))} to texts")
    times = _whole(document, "times", None, 1, 1_000_000_000)
    return Rule(rule_id, document["operation"], match, _conduct(document), document, times)


class Faults:
    """The rules of one sandbox, kept in its ledger so that they outlive a kill."""

    def __init__(self, ledger: Ledger, operations: frozenset[str]) -> None:
        self._ledger = ledger
        self._operations = operations
        self._rules: list[Rule] = []
        for rule_id, written, remaining in ledger.read().execute("SELECT id, rule, remaining FROM faults ORDER BY id"):
            rule = _parse(rule_id, orjson.loads(written), operations)
            rule.remaining = remaining
            self._rules.append(rule)
        self._next_id = max((rule.rule_id for rule in self._rules), default=0) + 1

    def add(self, document: object) -> dict[str, Any]:
        """Append a rule and return it as shown. Raises InvalidRule."""
        if len(self._rules) >= _MAX_RULES:
            raise InvalidRule(f"there are {_MAX_RULES} rules already")
        rule = _parse(self._next_id, document, self._operations)
        self._next_id += 1
        self._rules.append(rule)
        self._ledger.write().execute(
            "INSERT INTO faults VALUES (?, ?, ?)", (rule.rule_id, orjson.dumps(rule.written), rule.remaining)
        )
        return _shown(rule)

    def all(self) -> list[dict[str, Any]]:
        """Return every rule with what is left of it, spent rules included."""
        return [_shown(rule) for rule in self._rules]

    def clear(self) -> None:
        """Forget every rule."""
        self._rules.clear()
        self._ledger.write().execute("DELETE FROM faults")

    def take(self, operation: str, subjects: list[Mapping[str, str]]) -> tuple[Conduct, Mapping[str, str]] | None:
        """Spend one use of the first rule that matches the operation and any subject; None when there is none."""
        for rule in self._rules:
            if rule.remaining > 0 and rule.operation == operation and any(matches(rule.match, s) for s in subjects):
                rule.remaining -= 1
                _save(self._ledger.write(), rule)
                return rule.conduct, rule.match
        return None


def matches(match: Mapping[str, str], subject: Mapping[str, str]) -> bool:
    """Tell whether every field of the match has its value in the subject."""
    return all(subject.get(name) == value for name, value in match.items())


def _save(connection: sqlite3.Connection, rule: Rule) -> None:
    connection.execute("UPDATE faults SET remaining = ? WHERE id = ?", (rule.remaining, rule.rule_id))


def _shown(rule: Rule) -> dict[str, Any]:
    return {"id": rule.rule_id, **rule.written, "remaining": rule.remaining}
