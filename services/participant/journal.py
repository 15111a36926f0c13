"""One batch's view of inbox, effects and outbox: loaded once, changed in memory, written with a few statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, update

from services.participant.answers import Outgoing
from services.participant.command import Command
from services.participant.database import Conflict, Database, execute, fetch
from services.participant.effect import Effect
from services.participant.tables import COMMANDS, EFFECTS, OUTBOX

_EFFECT_COLUMNS = ", ".join(column.name for column in EFFECTS.columns)
_OUTBOX_COLUMNS = "id, topic, key, value, headers"


class Statements:
    """The shell's SQL, compiled once for one database."""

    def __init__(self, database: Database) -> None:
        self.known = database.select_by("command_id, reply", "commands", "command_id")
        self.effects = database.select_by(_EFFECT_COLUMNS, "effects", "token", lock_by="token")
        self.add_command = database.sql(insert(COMMANDS))
        self.add_effect = database.sql(insert(EFFECTS))
        self.add_outgoing = database.sql(insert(OUTBOX))
        by_id = COMMANDS.c.command_id == bindparam("which")
        self.answer = database.sql(update(COMMANDS).where(by_id).values(reply=bindparam("reply")))
        by_token = EFFECTS.c.token == bindparam("which")
        changed: dict[str, BindParameter[Any]] = {
            name: bindparam(name) for name in ("state", "result", "command_id", "intent", "traceparent", "claim")
        }
        self.change_effect = database.sql(update(EFFECTS).where(by_token).values(changed))
        self.drop_effect = database.sql(delete(EFFECTS).where(by_token))
        self.drop_outgoing = database.sql(delete(OUTBOX).where(OUTBOX.c.id == bindparam("which")))
        mark, lock = ("?", "") if database.is_sqlite else ("%s", " ORDER BY token FOR UPDATE")
        still_open = f"FROM effects WHERE state = 'open' AND intent IS NOT NULL AND partition = {mark}{lock}"
        self.open_effects = f"SELECT {_EFFECT_COLUMNS} {still_open}"
        self.claim_effect = database.sql(update(EFFECTS).where(by_token).values(claim=bindparam("claim")))
        self.unsent = f"SELECT {_OUTBOX_COLUMNS} FROM outbox WHERE partition = {mark}"  # noqa: S608 - as above


class Journal:
    """Not thread-safe, good for one transaction."""

    def __init__(self, database: Database, statements: Statements) -> None:
        self._database = database
        self._sql = statements
        self.replies: dict[str, bytes | None] = {}
        """The reply of every command of the batch that is known, None while it is in progress."""
        self.effects: dict[str, Effect] = {}
        self._stored: set[str] = set()
        self._touched: dict[str, None] = {}
        self._added: dict[str, list[Any]] = {}
        self._answered: dict[str, bytes] = {}
        self._outbox: list[tuple[Any, ...]] = []

    def load(self, connection: Connection, commands: Sequence[Command], tokens: Iterable[str]) -> None:
        """Read what is known. Effects first: their locks keep the replies that are read after them true."""
        wanted = dict.fromkeys(tokens)
        for command in commands:
            meta = command.meta
            wanted[meta["token"]] = None
            if meta["undoes"] is not None:
                wanted[meta["undoes"]] = None
        if wanted:
            rows = fetch(connection, self._sql.effects, self._database.keys(list(wanted)))
            self.effects = {row[0]: Effect._make(row) for row in rows}
            self._stored = set(self.effects)
        if commands:
            ids = [command.meta["command_id"] for command in commands]
            for command_id, reply in fetch(connection, self._sql.known, self._database.keys(ids)):
                self.replies[command_id] = reply if reply is None else bytes(reply)

    def add(self, command: Command, now_ms: int) -> None:
        """Enter a new command into the inbox."""
        meta = command.meta
        command_id = meta["command_id"]
        self.replies[command_id] = None
        self._added[command_id] = [
            command_id, meta["saga_id"], meta["token"], meta["step"], meta["attempt"], command.name, meta["undoes"],
            now_ms, None,
        ]  # fmt: skip

    def answer(self, command_id: str, reply: bytes) -> None:
        """Store the reply of a command."""
        self.replies[command_id] = reply
        added = self._added.get(command_id)
        if added is not None:
            added[-1] = reply
        else:
            self._answered[command_id] = reply

    def put(self, effect: Effect) -> None:
        """Insert or change an effect."""
        self.effects[effect.token] = effect
        self._touched[effect.token] = None

    def drop(self, token: str) -> None:
        """Forget an effect: its token is free again."""
        del self.effects[token]
        self._touched[token] = None

    def send_later(self, outgoing: Outgoing, partition: int) -> None:
        """Keep a record in the outbox until Kafka has it. It must have an `outbox_id`."""
        about = orjson.dumps([[name, value.decode()] for name, value in outgoing.headers]).decode()
        self._outbox.append((outgoing.outbox_id, partition, outgoing.topic, outgoing.key, outgoing.value, about))

    def save(self, connection: Connection, sent: Sequence[str]) -> None:
        """Write every change and remove what was `sent` from the outbox. Raises Conflict, IntegrityError."""
        sql = self._sql
        execute(connection, sql.drop_outgoing, [(outbox_id,) for outbox_id in sent])
        execute(connection, sql.add_command, [tuple(row) for row in self._added.values()])
        execute(connection, sql.answer, [(reply, command_id) for command_id, reply in self._answered.items()])
        new: list[tuple[Any, ...]] = []
        changed: list[tuple[Any, ...]] = []
        gone: list[tuple[Any, ...]] = []
        for token in self._touched:
            effect = self.effects.get(token)
            if effect is None:
                if token in self._stored:
                    gone.append((token,))
            elif token in self._stored:
                changed.append(
                    (
                        effect.state, effect.result, effect.command_id, effect.intent, effect.traceparent,
                        effect.claim, token,
                    )
                )  # fmt: skip
            else:
                new.append(tuple(effect))
        execute(connection, sql.add_effect, new)
        if execute(connection, sql.change_effect, changed) < len(changed):
            raise Conflict("an effect went away while it was changed")
        execute(connection, sql.drop_effect, gone)
        execute(connection, sql.add_outgoing, self._outbox)
