"""The design report: the counted blocks, and the sections in the order in which a design is thought through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from orchestrator.core.definition import Backoff, Call, Milestone
from orchestrator.definitions.durations import in_words
from orchestrator.design.analysis import Design
from orchestrator.design.lifecycle import Kind
from orchestrator.design.nodes import view
from orchestrator.design.options import Options
from orchestrator.design.steps import participant

_GROWTH = {Backoff.CONSTANT: "", Backoff.LINEAR: " x (n + 1)", Backoff.EXPONENTIAL: " x 2^n"}


def analysis_block(design: Design) -> Iterator[str]:
    """Yield what was found in the definition."""
    decisions = [one.label for one in design.decisions]
    parallel = [" + ".join(one.branches) for one in design.parallel]
    yield f"[Analysis] Process: {design.name}"
    yield _counted("States identified", design.lifecycle.states)
    yield _counted("Decision points", decisions)
    yield _counted("Parallel branches", parallel)
    yield _counted("Human gates", [gate.step for gate in design.gates])


def design_block(design: Design) -> Iterator[str]:
    """Yield what was made of it."""
    yield "[Design] State machine generated:"
    yield f"  Transitions: {len(design.lifecycle.transitions)} defined"
    yield f"  Compensation flows: {_amount(len(design.rollbacks), 'rollback path', 'rollback paths')}"
    yield f"  Error boundaries: {_amount(len(design.policies), 'retry policy', 'retry policies')}"
    yield f"  Pattern: {design.pattern.name}, because {design.pattern.reason}"


def output_block(files: Iterable[str]) -> Iterator[str]:
    """Yield the files that were written."""
    yield "[Output] Files created:"
    for file in files:
        yield f"  - {file}"


def sections(design: Design, options: Options) -> Iterator[str]:
    """Yield the report: each section has a title and at least one line."""
    parts = (
        ("Requirements", _requirements(design, options)),
        ("States and transitions", _transitions(design)),
        ("Decision points", _decisions(design)),
        ("Parallel and sequential work", _order(design)),
        ("Error boundaries and compensation", _errors(design)),
        ("Monitoring and audit", _monitoring(design, options)),
        ("Deployment", _deployment(design)),
    )
    for number, (title, lines) in enumerate(parts, 1):
        yield f"{number}. {title}"
        yield from (f"   {line}" for line in lines)
        yield ""


def _requirements(design: Design, options: Options) -> Iterator[str]:
    head, definition = design.document["document"], design.definition
    yield f"{head.get('title', design.name)} (version {head['version']})"
    yield f"Pattern: {design.pattern.name}. {design.pattern.reason}."
    yield from (f"Not {other}." for other in design.pattern.others)
    calls = [node for node in definition.nodes.values() if isinstance(node, Call)]
    parties = sorted({participant(call) for call in calls})
    yield f"Participants: {', '.join(parties) or 'none'}"
    whole = "only by its steps" if definition.deadline_ms is None else f"within {in_words(definition.deadline_ms)}"
    yield f"Ends: {whole}"
    yield (
        f"Where a step says nothing else: {options.max_retries} retries, "
        f"{in_words(options.timeout_ms)} for an attempt, {options.error_strategy}"
    )


def _transitions(design: Design) -> Iterator[str]:
    for edge in design.lifecycle.transitions:
        yield f"{edge.source} -> {edge.target}: {edge.trigger}"
    yield f"Begins in {design.lifecycle.initial or 'no state'}, ends in {', '.join(design.lifecycle.final)}"
    yield "Nothing else changes a state: an event that belongs to no transition is recorded and refused."


def _decisions(design: Design) -> Iterator[str]:
    for one in design.decisions:
        yield f"{one.label} ({one.step}): {', '.join(one.outcomes)}"
    for gate in design.gates:
        limit = "the saga's time-out" if gate.timeout_ms is None else in_words(gate.timeout_ms)
        yield f"human gate {gate.step}: {' or '.join(gate.signals)}, at most {limit}"
    if not design.decisions and not design.gates:
        yield "None: there is one way through the process."


def _order(design: Design) -> Iterator[str]:
    for one in design.parallel:
        yield f"At once ({one.step}): {' + '.join(one.branches)}; {one.until}"
    beside = {name for one in design.parallel for name in _branches(design, one.step)}
    order = [step.name for step in design.steps if step.name not in beside]
    yield f"One after the other: {', '.join(order)}"


def _branches(design: Design, fork: str) -> Sequence[str]:
    return tuple(getattr(design.definition.nodes[fork], "branches", ()))


def _errors(design: Design) -> Iterator[str]:
    for policy in design.policies:
        retry = policy.retry
        yield (
            f"Retry policy {policy.name}: {retry.limit} retries after {in_words(retry.base_ms)}"
            f"{_GROWTH[retry.backoff]}, at most {in_words(retry.max_ms)}, "
            f"plus {retry.jitter_from_ms} to {retry.jitter_ms} ms "
            f"({', '.join(policy.steps)})"
        )
    for path in design.rollbacks:
        pairs = ", then ".join(f"{pair.undo} for {pair.step}" for pair in path.pairs)
        yield f"Rollback path {path.participant}: {pairs}"
    for step in design.steps:
        yield f"{step.name} ({step.does}; undo: {step.undo})"
        yield from (f"  {case.cause} -> {case.treatment.value}: {case.effect}" for case in step.cases)
        if not step.cases:
            yield "  nothing can fail in it"


def _monitoring(design: Design, options: Options) -> Iterator[str]:
    marks = design.definition.milestones
    milestones = [marks.started, marks.compensating, marks.completed, marks.revoked, marks.suspended]
    for node in design.definition.nodes.values():
        seen = view(node)
        milestones += [seen.on_start, seen.on_end]
    yield f"Statuses to watch: {', '.join(_statuses(milestones))}"
    waits = max((step.longest_ms for step in design.steps), default=0)
    yield f"Longest step, with all its retries: {in_words(waits)}"
    kinds = Counter(case.treatment.value for step in design.steps for case in step.cases)
    yield f"Failure cases: {', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}"
    kept = "kept: who caused it, when, and the state before and after" if options.audit else "not kept (audit is off)"
    yield f"Audit trail: {'on' if options.audit else 'off'}; each change of each saga is {kept}"


def _statuses(milestones: Sequence[Milestone]) -> list[str]:
    return list(dict.fromkeys(one.status for one in milestones if one.status))


def _deployment(design: Design) -> Iterator[str]:
    version = design.document["document"]["version"]
    yield f"Deploy {design.name} {version} by `saga definitions deploy FILE`; running sagas keep their version."
    calls = [node for node in design.definition.nodes.values() if isinstance(node, Call)]
    topics: dict[str, set[str]] = {}
    for call in calls:
        topics.setdefault(call.topic, set()).add(call.command)
        if call.compensation is not None:
            topics.setdefault(call.compensation.topic, set()).add(call.compensation.command)
    for topic in sorted(topics):
        yield f"A participant has to answer on {topic}: {', '.join(sorted(topics[topic]))}"
    back = sum(edge.kind is Kind.REVOKE for edge in design.lifecycle.transitions)
    yield f"Taking it back: a running saga can be cancelled in {back} of its {len(design.lifecycle.states)} states."


def _amount(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _counted(title: str, names: Sequence[str]) -> str:
    return f"{title}: {len(names)} ({', '.join(names)})" if names else f"{title}: 0"
