"""The customers' keys in the gateway's database: made when first needed, wrapped, and destroyed for good."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from services.gateway.vault.sealing import KEY_BYTES, DataKey, NotOpened, key_id_of, seal, unseal, unwrap, wrap
from services.participant.database import Conflict, Database, Unwell, execute, fetch

CACHED_MS = 60_000
"""How long a gateway seals with a key that another one may have destroyed: nobody can open what comes of that."""
MAX_CACHED = 20_000
_ATTEMPTS = 5


class VaultUnavailable(Exception):
    """The database did not answer: nothing was sealed, opened or destroyed."""


class Erased(Exception):
    """The customer's key was destroyed: nobody can read the text any more."""


class Vault(Protocol):
    """Where personal texts become references, and references texts again."""

    async def seal(self, customer_id: str, text: str) -> str:
        """Return the reference of a customer's text. Raises VaultUnavailable."""

    def open(self, reference: str) -> str:
        """Return the text of a reference. Blocks; raises Erased, NotOpened, VaultUnavailable."""

    def erase(self, customer_id: str, actor: str) -> int:
        """Destroy every key of a customer and return how many there were. Blocks; raises VaultUnavailable."""


@dataclass(frozen=True, slots=True)
class VaultAccess:
    """A vault, and the key that services show to look things up in it."""

    keys: Vault
    reader: bytes = field(repr=False)


class _Cached(NamedTuple):
    key: DataKey
    until_ms: int


class SqlVault:
    """Keys in SQL. `seal` belongs to the event loop, the others to any thread."""

    def __init__(
        self, database: Database, master: bytes, now_ms: Callable[[], int], random_bytes: Callable[[int], bytes]
    ) -> None:
        self._database = database
        self._master = master
        self._now_ms = now_ms
        self._random_bytes = random_bytes
        self._cached: dict[str, _Cached] = {}
        mark = "?" if database.is_sqlite else "%s"
        self._newest = (
            "SELECT key_id, wrapped, generation FROM personal_keys "  # noqa: S608 - a parameter mark
            f"WHERE customer_id = {mark} ORDER BY generation DESC LIMIT 1"
        )
        self._named = f"SELECT wrapped FROM personal_keys WHERE key_id = {mark}"  # noqa: S608 - as above
        self._insert = (
            "INSERT INTO personal_keys (key_id, customer_id, generation, wrapped, created_at_ms) "  # noqa: S608 - as above
            f"VALUES ({', '.join([mark] * 5)}) ON CONFLICT DO NOTHING"
        )
        self._destroy = (
            f"UPDATE personal_keys SET wrapped = NULL, destroyed_at_ms = {mark}, destroyed_by = {mark} "  # noqa: S608 - as above
            f"WHERE customer_id = {mark} AND wrapped IS NOT NULL"
        )

    async def seal(self, customer_id: str, text: str) -> str:
        """Return the reference of a customer's text. Raises VaultUnavailable."""
        cached = self._cached.get(customer_id)
        if cached is None or cached.until_ms < self._now_ms():
            key = await asyncio.to_thread(self._key_of, customer_id)
            if len(self._cached) >= MAX_CACHED:
                self._cached.clear()
            cached = self._cached[customer_id] = _Cached(key, self._now_ms() + CACHED_MS)
        return seal(cached.key, text)

    def open(self, reference: str) -> str:
        """Return the text of a reference; always by the key as the database has it now."""
        key_id = key_id_of(reference)
        try:
            with self._database.apart() as connection:
                rows = fetch(connection, self._named, (key_id,))
        except (Unwell, Conflict) as error:
            raise VaultUnavailable(str(error)) from error
        if not rows:
            raise NotOpened("no key has this name")
        if rows[0][0] is None:
            raise Erased(key_id)
        return unseal(unwrap(self._master, key_id, rows[0][0]), reference)

    def erase(self, customer_id: str, actor: str) -> int:
        """Destroy every key of a customer and return how many there were."""
        try:
            with self._database.apart() as connection:
                if self._database.is_sqlite:
                    # Without this the old bytes would stay in the file until something is written over them.
                    connection.exec_driver_sql("PRAGMA secure_delete = ON")
                return execute(connection, self._destroy, [(self._now_ms(), actor, customer_id)])
        except (Unwell, Conflict) as error:
            raise VaultUnavailable(str(error)) from error
        finally:
            self._cached.pop(customer_id, None)

    def _key_of(self, customer_id: str) -> DataKey:
        """Return the customer's key that is in force, made where there is none. Raises VaultUnavailable."""
        try:
            for _ in range(_ATTEMPTS):
                with self._database.apart() as connection:
                    rows = fetch(connection, self._newest, (customer_id,))
                    if rows and rows[0][1] is not None:
                        return unwrap(self._master, rows[0][0], rows[0][1])
                    execute(connection, self._insert, [self._made(customer_id, rows[0][2] + 1 if rows else 1)])
        except (Unwell, Conflict, NotOpened) as error:
            raise VaultUnavailable(str(error)) from error
        raise VaultUnavailable(f"{_ATTEMPTS} keys in a row were destroyed as soon as they were made")

    def _made(self, customer_id: str, generation: int) -> tuple[str, str, int, str, int]:
        key_id = base64.b32encode(self._random_bytes(15)).decode().lower()
        key = DataKey(key_id, self._random_bytes(KEY_BYTES))
        return key_id, customer_id, generation, wrap(self._master, key, self._random_bytes(12)), self._now_ms()
