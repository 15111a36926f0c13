"""Turns a personal text into a reference that only the customer's key opens. Pure.

The cipher is deterministic (AES-SIV): the same text of the same customer is the same reference, so a repeated order is
equal to the first one, and the digest that tells them apart says nothing about the text without the key.
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV

from schemas.personal_data import PREFIX, is_reference

KEY_BYTES = 64
MASTER_BYTES = 32
_NONCE_BYTES = 12


class DataKey(NamedTuple):
    """The key of a customer's data, and the name that references give it."""

    key_id: str
    key: bytes


class NotOpened(Exception):
    """The reference is none of ours, or was changed, or is not of this key."""


def seal(key: DataKey, text: str) -> str:
    """Return the reference of a text; it holds the sealed text, so nothing has to be stored for it."""
    sealed = AESSIV(key.key).encrypt(text.encode(), [key.key_id.encode()])
    return f"{PREFIX}{key.key_id}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"


def key_id_of(reference: str) -> str:
    """Return the name of the key that opens a reference. Raises NotOpened."""
    parts = reference.removeprefix(PREFIX).split(".")
    if not is_reference(reference) or len(parts) != 2:
        raise NotOpened("it has not the form of a reference")
    return parts[0]


def unseal(key: DataKey, reference: str) -> str:
    """Return the text that was sealed. Raises NotOpened."""
    if key_id_of(reference) != key.key_id:
        raise NotOpened("it was sealed with another key")
    sealed = reference.rsplit(".", 1)[1]
    try:
        data = base64.b64decode(sealed + "=" * (-len(sealed) % 4), b"-_", validate=True)
        return AESSIV(key.key).decrypt(data, [key.key_id.encode()]).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise NotOpened("it was changed") from error


def wrap(master: bytes, key: DataKey, nonce: bytes) -> str:
    """Return a customer's key as the database keeps it: of no use without the master key. `nonce` has 12 bytes."""
    assert len(nonce) == _NONCE_BYTES
    return base64.b64encode(nonce + AESGCM(master).encrypt(nonce, key.key, key.key_id.encode())).decode()


def unwrap(master: bytes, key_id: str, wrapped: str) -> DataKey:
    """Return a customer's key from the database. Raises NotOpened where the master key is another."""
    data = base64.b64decode(wrapped)
    try:
        key = AESGCM(master).decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], key_id.encode())
    except InvalidTag as error:
        raise NotOpened("the master key is not the one it was wrapped with") from error
    return DataKey(key_id, key)
