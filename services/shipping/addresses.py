"""The address of a parcel where an order has only a reference: looked up when the carrier is about to be told."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

from schemas.personal_data import RESOLVE, is_reference, proof
from services.participant.client import Answer, Client, NoAnswer, NotSent, Reply, Trouble
from services.participant.outcome import Failed, rejected
from services.participant.settings import BadSettings

ERASED = "personal_data_erased"


class Addresses:
    """Looks references up in the gateway's vault; without a vault, every address has to be a plain one."""

    def __init__(self, vault: Client | None, reader_key: bytes) -> None:
        self._vault = vault
        self._reader_key = reader_key

    async def of(self, address: str) -> str | Failed | Trouble | NotSent:
        """Return the text to tell the carrier, or why there is none; nothing has happened at the carrier then."""
        if not is_reference(address):
            return address
        if self._vault is None:
            return Trouble("the order has a reference for an address, and VAULT_URL is not set")
        asked = {"reference": address, "proof": proof(self._reader_key, address)}
        return _judged(await self._vault.call("POST", RESOLVE, None, asked))


def _judged(reply: Reply) -> str | Failed | Trouble | NotSent:
    match reply:
        case Answer(200, {"text": str(text)}):
            return text
        case Answer(200, {"erased": True}):
            return rejected(ERASED, "the customer's personal data was erased")
        case Answer(status, _):
            return Trouble(f"the vault answered {status}")
        case NoAnswer(detail):
            return Trouble(f"the vault did not answer: {detail}")
        case NotSent() | Trouble():
            return reply


def read_reader_key(environment: Mapping[str, str]) -> bytes:
    """Return the key that proves to the vault who asks. Raises BadSettings."""
    path = environment.get("VAULT_READER_KEY_FILE", "")
    try:
        return base64.urlsafe_b64decode(Path(path).read_text(encoding="ascii").strip())
    except (OSError, UnicodeDecodeError, binascii.Error) as error:
        raise BadSettings(f"VAULT_READER_KEY_FILE is {path!r}, which holds no key: {error}") from error
