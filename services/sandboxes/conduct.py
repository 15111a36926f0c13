"""How a provider treats one request: as usual, late, with an error, or never answering."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ordinary:
    """Act and answer."""


@dataclass(frozen=True, slots=True)
class Late:
    """Act and answer after `delay_ms`."""

    delay_ms: int


@dataclass(frozen=True, slots=True)
class Broken:
    """Answer with an error that says nothing about the business; act not at all."""

    status: int
    code: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Refuse for good. `status` None: what the operation uses for refusals."""

    code: str
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Silent:
    """Never answer. `acts` says whether the act happens."""

    acts: bool


Conduct = Ordinary | Late | Broken | Refused | Silent
