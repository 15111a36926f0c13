"""What a turn still has to do: parts of the core hand these to each other instead of calling in circles."""

from __future__ import annotations

from typing import NamedTuple


class Enter(NamedTuple):
    """Enter the node `target` in the scope that `prefix` names; its input is the result at `source`."""

    target: str
    prefix: str
    source: str


class Settle(NamedTuple):
    """See what follows for the scope at a path, one part of which has ended."""

    scope: str


class Fail(NamedTuple):
    """Hand the failure of the step at a path to the nearest scope that takes it, or let the saga turn round."""

    path: str
    code: str
    message: str


class Unwind(NamedTuple):
    """Go on undoing what a part of a scope did; with an empty path, what the whole saga did."""

    part: str


Action = Enter | Settle | Fail | Unwind
