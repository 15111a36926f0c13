"""Where the branches of a fork meet: whether all have come there, and which could not under another version."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

from orchestrator.core.definition import Definition, End, Fork, Join, Node, Raise, ScopeEnd, Switch
from orchestrator.core.paths import enclosing, name_of, prefix_of
from orchestrator.core.state import OPEN, StepState

Steps = Mapping[str, StepState]
Nodes = Mapping[str, Node]


def joined(nodes: Nodes, steps: Steps, join: Join, prefix: str) -> bool:
    """Tell whether every branch has come to its end; those that began last are mostly the last to do so."""
    return all(_has_ended(nodes, steps, branch, prefix) for branch in reversed(join.branches))


def _has_ended(nodes: Nodes, steps: Steps, branch: frozenset[str], prefix: str) -> bool:
    return any(_settled(nodes, steps, name, prefix) for name in branch)


def _settled(nodes: Nodes, steps: Steps, name: str, prefix: str) -> bool:
    """Tell whether a step is settled; a branch that ends in a fork of its own ends where that one is joined."""
    node = nodes[name]
    if isinstance(node, Join):
        return joined(nodes, steps, node, prefix)
    step = steps.get(prefix + name)
    return step is not None and step.status not in OPEN


def misplaced(target: Definition, steps: Steps) -> Iterator[str]:
    """Yield why steps that are under way could not come to their end where another version has them."""
    by_prefix: dict[str, list[str]] = {}
    for path, step in steps.items():
        if step.status in OPEN and not step.undo and name_of(path) in target.nodes:
            by_prefix.setdefault(prefix_of(path), []).append(name_of(path))
    joins = [node for node in target.nodes.values() if isinstance(node, Join)]
    for prefix, names in by_prefix.items():
        yield from _moved(target, prefix, names)
        yield from _in_line(target, joins, prefix, names)
        yield from _done_again(target, steps, prefix, names)
        yield from _never_joined(target, joins, steps, prefix, names)


def _moved(target: Definition, prefix: str, names: list[str]) -> Iterator[str]:
    scope = next((name_of(scope) for scope, _ in enclosing(prefix)), "")
    for name in names:
        there = _scope_of(target.nodes, name)
        if there not in (None, scope):
            yield (
                f"{prefix}{name} is under way {_inside(scope)}, and {_inside(there or '')} in version {target.version}"
            )


def _inside(scope: str) -> str:
    return f"within {scope}" if scope else "outside of every scope"


def _scope_of(nodes: Nodes, name: str) -> str | None:
    """Return the scope around a node, empty where it is in none; None where every way from it gives up."""
    ends = [nodes[one] for one in _ahead_of(nodes, name)]
    scope = next((end.scope for end in ends if isinstance(end, ScopeEnd)), None)
    return "" if scope is None and any(isinstance(end, End) for end in ends) else scope


def _ahead_of(nodes: Nodes, name: str) -> Collection[str]:
    """Return the nodes that may come after a node in its scope, but for what is inside of other scopes."""
    seen: dict[str, None] = {}
    ahead = [name]
    while ahead:
        match nodes[ahead.pop()]:
            case Switch(cases=cases):
                following = [case.then for case in cases]
            case Fork(branches=branches):
                following = [*branches]
            case ScopeEnd() | Raise() | End():
                following = []
            case node:
                following = [node.then]
        ahead += [one for one in following if one not in seen]
        seen.update(dict.fromkeys(following))
    return seen


def _done_again(target: Definition, steps: Steps, prefix: str, names: list[str]) -> Iterator[str]:
    for name in names:
        for later in _ahead_of(target.nodes, name):
            if prefix + later in steps:
                yield f"{prefix}{later} was begun already, and comes after {prefix}{name} in version {target.version}"


def _in_line(target: Definition, joins: list[Join], prefix: str, names: list[str]) -> Iterator[str]:
    """What is under way at once must be in different branches of a fork: else what comes next would come twice."""
    for one, other in combinations(names, 2):
        if not any(_are_apart(join, one, other) for join in joins):
            yield (
                f"{prefix}{one} and {prefix}{other} are under way at once, and never are in version {target.version}"
            )


def _are_apart(join: Join, one: str, other: str) -> bool:
    places = [
        next((number for number, names in enumerate(join.within) if name in names), None) for name in (one, other)
    ]
    return None not in places and places[0] != places[1]


def _never_joined(target: Definition, joins: list[Join], steps: Steps, prefix: str, names: list[str]) -> Iterator[str]:
    """Where one branch of a fork is under way, each other one must be too, or be over: nobody would begin it."""
    ahead = {name: _ahead_of(target.nodes, name) for name in names}
    for join in joins:
        # What is in a scope within a branch does not come to the join itself.
        coming = [name for name in names if join.name in ahead[name]]
        under_way = [not within.isdisjoint(coming) for within in join.within]
        fork = target.nodes[join.fork]
        if not any(under_way) or not isinstance(fork, Fork):
            continue
        for number, branch in enumerate(join.branches):
            if not under_way[number] and not _has_ended(target.nodes, steps, branch, prefix):
                yield (
                    f"branch {fork.branches[number]} of {prefix}{fork.name} is not under way, and would never end in "
                    f"version {target.version}: once {prefix}{fork.name} has joined, the saga can go over"
                )
