"""The ids of what clients start."""

from __future__ import annotations

import base64
import hashlib
from string import printable

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.keyed_ids import keyed_id

_KEYS = st.text(printable, max_size=40)


@given(_KEYS, _KEYS)
def test_an_id_is_the_base32_of_a_digest(client: str, key: str) -> None:
    text = f"{len(client)}:{client}{key}".encode()
    digest = hashlib.blake2b(text, digest_size=16, salt=b"ord_").digest()

    assert keyed_id("ord_", client, key) == "ord_" + base64.b32encode(digest).decode().rstrip("=").lower()


@given(st.tuples(_KEYS, _KEYS), st.tuples(_KEYS, _KEYS))
def test_two_clients_or_keys_never_share_an_id(one: tuple[str, str], other: tuple[str, str]) -> None:
    assert (keyed_id("ord_", *one) == keyed_id("ord_", *other)) == (one == other)


def test_an_order_and_a_saga_of_one_key_have_ids_of_their_own() -> None:
    assert keyed_id("ord_", "shop", "k").removeprefix("ord_") != keyed_id("sag_", "shop", "k").removeprefix("sag_")
