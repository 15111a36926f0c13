"""The read model is built again beside the live one, equals it, and takes its place at once or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text

from services.participant.database import Conflict, Database
from services.projector.following import Following
from services.projector.rebuilding import beside, rebuild, swap
from streams.record import Record
from tests.contract.gateway.letters import decision, letter, parked, report, unparked
from tests.contract.gateway.story import BORN_MS, CODEC, Story, entries
from tests.contract.gateway.tape import Tape

TABLES = {
    "orders": "order_id",
    "sagas": "saga_id",
    "order_events": "saga_id, sequence",
    "reports": "date",
    "projection": "topic, partition",
    "dead_letters": "id",
}


@pytest.fixture
def url(new_url: Callable[[str], str]) -> str:
    """Give a migrated database."""
    return new_url("projector")


def whole(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything in the read model, as another process would see it."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            table: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY {order}"))]  # noqa: S608 - our tables
            for table, order in TABLES.items()
        }
    engine.dispose()
    return found


def change(url: str, statement: str) -> None:
    """Change the read model behind the projector's back."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def stories(names: str) -> list[Story]:
    """Return orders and another saga."""
    return [*(Story(f"ord_{name}").shipped() for name in names), Story("etl_1", definition="etl").shipped()]


@contextmanager
def live(url: str, tape: Tape, letters: Tape | None = None) -> Iterator[Following]:
    """Run the live projector, up to the end of the tape."""
    with closing(Database(url)) as database:
        following = Following(database, tape, letters or Tape(), CODEC)
        while following.advance(0.0):
            pass
        yield following


def build(url: str, tape: Tape, stopped: Callable[[], bool] = lambda: False, letters: Tape | None = None) -> bool:
    """Build the read model again."""
    with closing(Database(url)) as database, beside(url) as built:
        return rebuild(database, built, Following(built, tape, letters or Tape(), CODEC), stopped)


def test_the_rebuilt_read_model_equals_the_live_one(url: str) -> None:
    waiting = unparked(parked(Story("ord_w").started(), 0, "saga.replies:2:41", "undecodable"), 0, "drop")
    records = entries(*stories("abcdefgh"), waiting)
    poison = Record("saga.replies", 2, 41, BORN_MS, b"ord_w", b"\x00garbage", [])
    letters = [letter(0, poison, "undecodable", "no schema id"), report(2, "ord_a", "pay", "step_held", sequence=3)]
    letters.append(decision(4, "0-2", "resolve", "ann"))
    with live(url, Tape(records, most=7), Tape(letters, most=1)):
        before = whole(url)
        assert all(before[name] for name in TABLES if name != "reports")
        change(url, "UPDATE orders SET customer_id = 'wrong'")
        change(url, "DELETE FROM order_events WHERE sequence > 3")
        change(url, "UPDATE dead_letters SET state = 'open'")
        assert whole(url) != before
        assert build(url, Tape(records, most=5), letters=Tape(letters))
        seen = {row[:3] for row in whole(url)["projection"]}
        assert seen == {row[:3] for row in before["projection"]}
        assert {**whole(url), "projection": []} == {**before, "projection": []}


def test_the_live_projector_goes_on_with_the_rebuilt_one_and_it_can_be_built_again(url: str) -> None:
    records, more = entries(*stories("abc")), entries(Story("ord_z").shipped(), first=1000)
    tape = Tape(records)
    with live(url, tape) as following:
        for _ in range(2):
            assert build(url, Tape(records))
        tape.records += more
        assert following.advance(0.0)
        assert whole(url)["orders"][-1][0] == "ord_z"
        assert len(whole(url)["orders"]) == 4


def test_it_waits_for_what_the_live_one_has_and_it_has_not(url: str) -> None:
    records = entries(*stories("abc"))
    behind = Tape(records[:10])
    with live(url, Tape(records)), closing(Database(url)) as database, beside(url) as built:
        before = whole(url)
        following = Following(built, behind, Tape(), CODEC)
        following.advance(0.0)
        assert not swap(database, built)
        assert whole(url) == before
        behind.records += records[10:]
        assert rebuild(database, built, following, lambda: False)


def test_a_projector_that_is_behind_the_rebuilt_one_finds_out_and_writes_nothing(url: str) -> None:
    records = entries(*stories("abc"))
    tape = Tape(records[:10])
    with live(url, tape) as following:
        assert build(url, Tape(records))
        rebuilt = whole(url)
        tape.records += records[10:]
        with pytest.raises(Conflict):
            following.advance(0.0)
        assert whole(url) == rebuilt
    with live(url, tape):
        assert whole(url)["orders"] == rebuilt["orders"]


def test_one_that_is_stopped_or_dies_leaves_the_live_one_as_it_is(url: str) -> None:
    records = entries(*stories("abc"))
    with live(url, Tape(records)):
        before = whole(url)
        assert not build(url, Tape(records), stopped=lambda: True)
        assert whole(url) == before
        dead = beside(url)
        built = dead.__enter__()  # a process that is killed never leaves
        Following(built, Tape(records), Tape(), CODEC).advance(0.0)
        assert whole(url) == before
        built.close()
        assert build(url, Tape(records))
        assert whole(url)["orders"] == before["orders"]
    if make_url(url).get_backend_name() == "sqlite":
        path = Path(str(make_url(url).database))
        assert not list(path.parent.glob(f"{path.name}.rebuilding*"))
