"""The error of a definition that cannot be compiled."""

from __future__ import annotations


class DefinitionError(ValueError):
    """The document is not a definition this version can run; `where` is the path of the offending part."""

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where}: {message}")
        self.where = where
        self.message = message
