"""Errors of the runtime, each named by its consequence for the caller."""

from __future__ import annotations


class StreamsError(Exception):
    """Root of the errors this package raises on purpose."""


class Abortable(StreamsError):
    """The transaction cannot commit: abort it, rewind to the committed offsets, and go on."""


class TaskMigrated(StreamsError):
    """A partition belongs to somebody else now: drop its task and its uncommitted work, and go on with the others."""


class TaskCorrupted(StreamsError):
    """A store contradicts its changelog: wipe that store and restore it."""


class Fatal(StreamsError):
    """The process cannot continue safely: exit, a supervisor starts it again."""
