"""API keys: which are good, which files are, and that keys rotate without a restart."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.gateway.security.api_keys import BadKeys, find, new_key, read_keys
from services.gateway.security.authentication import authentication
from services.gateway.security.identity import Identity, Scope
from services.gateway.security.settings import SecuritySettings
from services.signatures import new_secret
from services.watched_file import Unreadable

NOW_MS = 1_700_000_000_000


def entry(number: int = 1, **changes: Any) -> tuple[str, dict[str, Any]]:
    """Return a key as its client presents it, and its entry."""
    key_id, presented, sha256 = new_key(lambda size: bytes([number]) * size)
    return presented, {
        "id": key_id, "sha256": sha256, "client": "shop", "name": "ann", "scopes": ["customer"], "customers": ["*"],
    } | changes  # fmt: skip


def asks(presented: str, *entries: dict[str, Any]) -> Identity | None:
    """Return who presents a key."""
    return find(read_keys({"keys": list(entries)}), presented, NOW_MS)


def test_a_key_is_known_by_its_secret() -> None:
    presented, kept = entry()
    assert asks(presented, kept) == Identity("shop", "ann", frozenset({Scope.CUSTOMER}))
    assert presented.split("_")[2] not in json.dumps(kept)


@pytest.mark.parametrize(
    "change",
    [
        lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
        lambda key: key + "A",
        lambda key: key.replace("sk_01", "sk_02"),
        lambda key: key.replace("sk_", "pk_"),
        lambda key: key.upper(),
        lambda _: "",
        lambda _: "sk_" + "x" * 100_000,
    ],
)
def test_anything_else_is_no_key(change: Callable[[str], str]) -> None:
    presented, kept = entry()
    assert asks(change(presented), kept) is None


@pytest.mark.parametrize(
    ("field", "at", "good"),
    [
        ("expires_at", "2023-11-14T22:13:20+00:00", False),
        ("expires_at", "2023-11-14T22:13:21+00:00", True),
        ("revoked_at", "2023-11-14T22:13:20+00:00", False),
        ("revoked_at", None, True),
    ],
)
def test_a_key_ends_at_its_time(field: str, at: str | None, good: bool) -> None:
    changes: dict[str, Any] = {field: at}
    presented, kept = entry(**changes)
    assert (asks(presented, kept) is not None) is good


def test_a_client_may_have_several_keys_so_that_they_rotate() -> None:
    (old, kept_old), (new, kept_new) = entry(1), entry(2)
    for presented in (old, new):
        found = asks(presented, kept_old, kept_new)
        assert found is not None
        assert found.client == "shop"


@pytest.mark.parametrize(
    "changes",
    [
        {"sha256": "short"},
        {"id": "x"},
        {"client": "jwt:ann"},
        {"client": "shop/sagas"},
        {"name": "<b>"},
        {"scopes": []},
        {"scopes": ["root"]},
        {"scopes": "customer"},
        {"customers": []},
        {"customers": "17850"},
        {"expires_at": "tomorrow"},
        {"expires_at": "2026-01-01T00:00:00"},
        {"signing": ["whsec_AAAA"]},
        {"signing": ["secret"]},
        {"rate_per_s": 0},
        {"secret": "sk_in_clear"},
    ],
    ids=str,
)
def test_an_unusable_entry_is_named_without_its_secrets(changes: dict[str, Any]) -> None:
    _, kept = entry(**changes)
    with pytest.raises(BadKeys, match=r"keys\[0\]") as refused:
        read_keys({"keys": [kept]})
    assert kept["sha256"] not in str(refused.value)
    assert "AAAA" not in str(refused.value)


@pytest.mark.parametrize(
    "document", [[], {}, {"keys": {}}, {"keys": [entry()[1], entry()[1]]}, {"keys": ["sk"]}], ids=str
)
def test_an_unusable_file_is_refused(document: object) -> None:
    with pytest.raises(BadKeys):
        read_keys(document)


def test_signing_secrets_are_those_of_standard_webhooks() -> None:
    _, kept = entry(signing=[new_secret(lambda size: b"\x07" * size)])
    (key,) = read_keys({"keys": [kept]}).values()
    assert key.identity.signing == (b"\x07" * 32,)


def test_a_changed_file_is_read_again_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    (old, kept_old), (new, kept_new) = entry(1), entry(2)

    def write(text: bytes) -> None:
        draft = file.with_suffix(".new")
        draft.write_bytes(text)
        os.replace(draft, file)

    write(orjson.dumps({"keys": [kept_old]}))
    identify = authentication(SecuritySettings(required=True, keys_file=file))
    assert identify(f"Bearer {old}", NOW_MS) is not None
    assert identify(f"bearer {new}", NOW_MS) is None
    write(orjson.dumps({"keys": [kept_new]}))
    assert identify(f"Bearer {old}", NOW_MS + 1_000) is None
    assert identify(f"Bearer {new}", NOW_MS + 1_000) is not None
    write(b"{ broken")
    assert identify(f"Bearer {new}", NOW_MS + 2_000) is not None
    file.unlink()
    assert identify(f"Bearer {new}", NOW_MS + 3_000) is not None


def test_a_gateway_does_not_start_on_keys_it_cannot_read(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    for text in (None, b"{", b'{"keys": [{"secret": "planted"}]}'):
        if text is not None:
            file.write_bytes(text)
        with pytest.raises(Unreadable, match=r"keys\.json") as refused:
            authentication(SecuritySettings(required=True, keys_file=file))
        assert "planted" not in str(refused.value)
