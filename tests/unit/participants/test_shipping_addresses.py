"""The address of a parcel: as the order says it, or as the vault does, or a reason why the carrier is not told yet."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from schemas.personal_data import PREFIX, RESOLVE, proof
from services.participant.client import Answer, NoAnswer, NotSent, Reply, Trouble
from services.participant.outcome import Failed, FailureKind
from services.shipping.addresses import ERASED, Addresses

KEY = b"k" * 32
REFERENCE = f"{PREFIX}key.text"


class FakeVault:
    """Answers every question alike, and keeps it."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked: list[tuple[Any, ...]] = []

    async def call(self, *question: Any) -> Reply:
        self.asked.append(question)
        return self.reply


def look_up(vault: FakeVault | None, address: str = REFERENCE) -> object:
    return asyncio.run(Addresses(vault, KEY).of(address))  # type: ignore[arg-type]  # same method as Client


def test_a_plain_address_needs_no_vault() -> None:
    assert look_up(None, "1 High St") == "1 High St"


def test_a_reference_is_looked_up_with_a_proof() -> None:
    vault = FakeVault(Answer(200, {"text": "1 High St"}))

    assert look_up(vault) == "1 High St"
    assert vault.asked == [("POST", RESOLVE, None, {"reference": REFERENCE, "proof": proof(KEY, REFERENCE)})]


def test_what_was_erased_is_refused_for_good() -> None:
    refused = look_up(FakeVault(Answer(200, {"erased": True})))

    assert isinstance(refused, Failed)
    assert (refused.kind, refused.code) == (FailureKind.REJECTED, ERASED)


@pytest.mark.parametrize("reply", [Answer(404, None), Answer(200, {}), Trouble("503"), NoAnswer("late")])
def test_a_vault_in_trouble_is_asked_again_later(reply: Reply) -> None:
    assert isinstance(look_up(FakeVault(reply)), Trouble)


def test_an_open_circuit_says_when() -> None:
    assert look_up(FakeVault(NotSent(500))) == NotSent(500)


def test_a_reference_without_a_vault_waits_for_the_setting() -> None:
    assert isinstance(look_up(None), Trouble)
