"""`saga definitions validate | diagram | explain`: what a definition's text says about itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cli.definition_files import Written, compile_document, read_file
from cli.failure import ExitCode, Failure
from orchestrator.definitions.findings import Level
from orchestrator.definitions.library import shipped
from orchestrator.definitions.validation import Verdict, validate
from orchestrator.design.analysis import Design, analyse
from orchestrator.design.diagram import diagram_text
from orchestrator.design.explanation import explanation


def judge(written: Written) -> Verdict:
    """Check a definition."""
    return validate(written.text, compile_document, shipped())


def is_good(verdict: Verdict, *, strict: bool) -> bool:
    """Tell whether a definition can be deployed; with `strict`, warnings count as well."""
    return not (verdict.findings if strict else verdict.errors)


def report(written: Written, *, strict: bool, as_json: bool) -> tuple[str, bool]:
    """Return what there is to say about a definition, and whether it is good."""
    verdict = judge(written)
    good = is_good(verdict, strict=strict)
    if as_json:
        return validation_json(written, verdict, strict=strict), good
    return "\n".join(validation_lines(written, verdict)), good


def validation_lines(written: Written, verdict: Verdict) -> Iterator[str]:
    """Yield a line for each finding, then what they come to."""
    for finding in verdict.findings:
        yield finding.line(written.shown)
    errors = len(verdict.errors)
    warnings = len(verdict.findings) - errors
    if errors:
        yield f"{written.shown}: {_amount(errors, 'error')}, {_amount(warnings, 'warning')}"
    else:
        aside = f", {_amount(warnings, 'warning')}" if warnings else ""
        yield f"{written.shown}: valid{aside}"


def validation_json(written: Written, verdict: Verdict, *, strict: bool) -> str:
    """Return the findings as JSON."""
    findings = [
        {
            "file": written.shown,
            "line": one.place.line,
            "column": one.place.column,
            "level": one.finding.level.value,
            "rule": one.finding.rule,
            "where": one.finding.where,
            "problem": one.finding.problem,
            "remedy": one.finding.remedy,
        }
        for one in verdict.findings
    ]
    result: dict[str, Any] = {"file": written.shown, "valid": is_good(verdict, strict=strict), "findings": findings}
    return json.dumps(result, indent=2, ensure_ascii=False)


def design_of(written: Written) -> Design:
    """Return the design of a definition that can be run. Raises Failure naming the first thing that is wrong."""
    verdict = judge(written)
    if verdict.definition is None or verdict.errors:
        first = next(one for one in verdict.findings if one.finding.level is Level.ERROR)
        more = len(verdict.errors) - 1
        rest = f" {_amount(more, 'more error')}: run `saga definitions validate {written.shown}`." if more else ""
        place = f"{written.shown}:{first.place.line}"
        problem = f"{place}: {first.finding.problem.rstrip('.')}."
        raise Failure(problem, f"{first.finding.remedy.rstrip('.')}.{rest}", ExitCode.CHECK_FAILED)
    return analyse(verdict.document, verdict.drawn, verdict.definition)


def diagram(file: Path) -> str:
    """Return a definition's diagrams as Markdown with Mermaid. Raises Failure."""
    return diagram_text(design_of(read_file(file)))


def explain(file: Path) -> str:
    """Return a definition in plain words. Raises Failure."""
    return "\n".join(explanation(design_of(read_file(file))))


def _amount(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
