"""A definition that cannot be run is refused when it is read, and the error names the path of what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.definitions.compiler import compile_definition
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.functions import FUNCTIONS
from orchestrator.definitions.registry import load

SMALL = """
document: { dsl: 1.0.3, namespace: test, name: small, version: 1.0.0 }
use:
  functions:
    check: { call: local, with: { function: orders.validate } }
    book: { call: command, with: { topic: hotel.commands, message: hotel.Book } }
    unbook: { call: command, with: { topic: hotel.commands, message: hotel.Unbook } }
  retries:
    patient: { delay: { seconds: 1 }, limit: { attempt: { count: 5 } }, jitter: { to: { milliseconds: 10 } } }
timeout: { after: { hours: 1 } }
milestones:
  started: { lifecycle: new, status: RUNNING }
  compensating: { status: COMPENSATING }
  completed: { status: COMPLETED }
  revoked: { status: REVOKED }
  suspended: { status: SUSPENDED }
signals:
  arrived: { after: [room], lifecycle: { from: booked, to: arrived } }
do:
  - check:
      call: check
  - big:
      switch:
        - party: { when: "${ $workflow.input.guests > 10 }", then: ask }
        - default: { then: room }
  - ask:
      listen: { to: { any: [ { with: { type: fine } } ] } }
      timeout: { after: { minutes: 1 } }
  - room:
      call: book
      with: { guests: "${ $workflow.input.guests }" }
      retry: patient
      compensate: { call: unbook }
  - both:
      fork:
        branches:
          - flowers: { call: book, compensate: { none: flowers wither }, optional: true }
          - note: { set: { text: welcome } }
"""


def small() -> dict[str, Any]:
    document = yaml.safe_load(SMALL)
    assert isinstance(document, dict)
    return document


def task(document: dict[str, Any], name: str) -> dict[str, Any]:
    found = next(task[name] for task in document["do"] if name in task)
    assert isinstance(found, dict)
    return found


def branch(document: dict[str, Any], index: int) -> dict[str, Any]:
    found = task(document, "both")["fork"]["branches"][index]
    assert isinstance(found, dict)
    return found


Change = Callable[[dict[str, Any]], Any]


def add_task(name: str, body: Any) -> Change:
    return lambda document: document["do"].append({name: body})


def change(name: str, **parts: Any) -> Change:
    return lambda document: task(document, name).update(parts)


REFUSED: list[tuple[str, Change, str]] = [
    ("an unknown key", lambda d: d.update(doo=[]), "definition.doo"),
    ("an unknown key of a step", change("room", retries="patient"), "do.room.retries"),
    ("an unknown key of a duration", change("ask", timeout={"after": {"weeks": 1}}), "do.ask.timeout.after.weeks"),
    ("no document", lambda d: d.pop("document"), "definition"),
    ("a milestone that there is not", lambda d: d["milestones"].update(lost={}), "milestones.lost"),
    ("a milestone of no text", lambda d: d["milestones"]["started"].update(status=1), "milestones.started.status"),
    ("nothing to do", lambda d: d.update(do=[]), "do"),
    ("no name", lambda d: d["document"].pop("name"), "document"),
    ("another language", lambda d: d["document"].update(dsl="2.0.0"), "document.dsl"),
    ("a version that is a number", lambda d: d["document"].update(version=1.0), "document.version"),
    ("a version of two parts", lambda d: d["document"].update(version="1.0"), "document.version"),
    ("a version before the first", lambda d: d["document"].update(version="0.9.0"), "document.version"),
    ("a version that is none", lambda d: d["document"].update(version="one.0.0"), "document.version"),
    ("a deadline of nothing", lambda d: d.update(timeout={"after": {}}), "timeout.after"),
    ("no compensation", lambda d: task(d, "room").pop("compensate"), "do.room"),
    ("no reason for none", change("room", compensate={"none": ""}), "do.room.compensate.none"),
    ("an unknown function", change("room", call="fly"), "do.room.call"),
    ("an unknown function to undo", change("room", compensate={"call": "fly"}), "do.room.compensate.call"),
    ("an undo without a call", change("room", compensate={"with": {}}), "do.room.compensate.call"),
    ("a local undo", change("room", compensate={"call": "check"}), "do.room.compensate.call"),
    ("no such local function", lambda d: d["use"]["functions"]["check"]["with"].update(function="x"), "do.check.call"),
    (
        "a function of neither kind",
        lambda d: d["use"]["functions"]["book"].update(call="http"),
        "use.functions.book.call",
    ),
    (
        "a command without topic",
        lambda d: d["use"]["functions"]["book"]["with"].pop("topic"),
        "use.functions.book.with",
    ),
    ("an unknown retry policy", change("room", retry="eager"), "do.room.retry"),
    ("a condition on a step's retry", change("room", retry={"when": "${ .x }"}), "do.room.retry"),
    ("a retry policy bounded by time", change("room", retry={"limit": {"duration": {"seconds": 1}}}),
     "do.room.retry.limit.duration"),
    (
        "a negative limit",
        lambda d: d["use"]["retries"]["patient"]["limit"]["attempt"].update(count=-1),
        "use.retries.patient.limit.attempt.count",
    ),
    (
        "a jitter that goes backwards",
        lambda d: d["use"]["retries"]["patient"]["jitter"].update({"from": {"days": 1}}),
        "use.retries.patient.jitter",
    ),
    ("another backoff", lambda d: d["use"]["retries"]["patient"].update(backoff={"cubic": {}}),
     "use.retries.patient.backoff.cubic"),
    ("a duration in words", change("room", timeout={"after": "30s"}), "do.room.timeout.after"),
    ("a broken duration", change("room", timeout={"after": {"seconds": 0.5}}), "do.room.timeout.after.seconds"),
    ("a duration below nothing", change("room", timeout={"total": {"seconds": -1}}), "do.room.timeout.total.seconds"),
    ("a cycle", change("room", then="big"), "do.big"),
    ("a step after itself", change("room", then="room"), "do.room"),
    ("a step nobody comes to", lambda d: task(d, "big")["switch"][0]["party"].update(then="room"), "do.ask"),
    ("a way to nowhere", change("room", then="moon"), "do.room.then"),
    ("a case to nowhere", lambda d: task(d, "big")["switch"][1]["default"].update(then="moon"),
     "do.big.switch[1].default.then"),
    ("a case without a way", lambda d: task(d, "big")["switch"][1]["default"].clear(), "do.big.switch[1].default"),
    ("a condition of nothing", lambda d: task(d, "big")["switch"][0]["party"].update(when=True),
     "do.big.switch[0].party.when"),
    ("a bad expression", change("room", **{"with": {"guests": {"n": "${ .x | lengthen }"}}}), "do.room.with.guests.n"),
    ("a bad projection", change("room", output={"as": {"n": "${ .[0 }"}}), "do.room.output.as.n"),
    ("a bad export", change("room", export={"as": "${ $context + {a: now} }"}), "do.room.export.as"),
    ("a name with a colon", add_task("a:b", {"set": {}}), "do.a:b"),
    ("a name with a slash", add_task("a/b", {"set": {}}), "do.a/b"),
    ("a name that ids use", add_task("undo", {"set": {}}), "do.undo"),
    ("a name that is taken", add_task("room", {"set": {}}), "do.room"),
    ("the name of the end", add_task("end", {"set": {}}), "do.end"),
    ("a task of no kind", add_task("rest", {"sleep": {"seconds": 1}}), "do.rest"),
    ("a task of two names", lambda d: d["do"].append({"a": {}, "b": {}}), "do[5]"),
    ("a task that is a text", lambda d: d["do"].append("room"), "do[5]"),
    ("signals of nothing", lambda d: task(d, "ask")["listen"]["to"].update(any=[]), "do.ask.listen.to.any"),
    ("a signal without a type", lambda d: task(d, "ask")["listen"]["to"].update(any=[{"with": {}}]),
     "do.ask.listen.to.any[0].with"),
    ("a late signal after nothing", lambda d: d["signals"]["arrived"].update(after=["moon"]), "signals.arrived.after"),
    ("a late signal with a step's name", lambda d: d["signals"].update(room=d["signals"]["arrived"]), "signals.room"),
    ("a branch that leaves its fork", lambda d: branch(d, 1)["note"].update(then="end"),
     "do.both.fork.branches[1].note.then"),
    ("a way into a fork", change("room", then="flowers"), "do.room"),
    ("a fork without branches", lambda d: task(d, "both")["fork"].update(branches=[]), "do.both.fork.branches"),
    ("perhaps optional", lambda d: branch(d, 0)["flowers"].update(optional="yes"),
     "do.both.fork.branches[0].flowers.optional"),
]  # fmt: skip


def test_the_definition_that_the_others_spoil_is_a_good_one() -> None:
    definition = compile_definition(small(), FUNCTIONS)

    assert (definition.name, definition.version, definition.deadline_ms) == ("small", 1, 3_600_000)


@pytest.mark.parametrize(("spoil", "where"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_wrong_is_named_by_its_path(spoil: Change, where: str) -> None:
    document = small()
    spoil(document)

    with pytest.raises(DefinitionError) as caught:
        compile_definition(document, FUNCTIONS)
    assert caught.value.where == where
    assert str(caught.value).startswith(f"{where}: ")


@pytest.mark.parametrize("document", [None, [], "do", 1, {}])
def test_what_is_no_definition_at_all_is_refused(document: Any) -> None:
    with pytest.raises(DefinitionError):
        compile_definition(document, FUNCTIONS)


def test_a_document_may_be_compiled_again_and_is_not_changed_by_it() -> None:
    document = small()
    before = deepcopy(document)

    compile_definition(document, FUNCTIONS)
    compile_definition(document, FUNCTIONS)
    assert document == before


def write(directory: Path, name: str, document: Any) -> None:
    (directory / name).write_text(document if isinstance(document, str) else yaml.safe_dump(document))


def test_definitions_of_a_directory_stand_beside_the_shipped_ones(tmp_path: Path) -> None:
    second = small()
    second["document"]["version"] = "2.1.0"
    write(tmp_path, "one.yaml", small())
    write(tmp_path, "two.yaml", second)

    registry = load(tmp_path, {"small": {"limit": 5}})

    newest, first = registry.newest("small"), registry.version("small", 1)
    assert newest is not None
    assert first is not None
    assert (newest.version, first.version) == (2, 1)
    assert registry.parameters(newest) == {"limit": 5}
    assert registry.newest("order-fulfillment") is not None
    assert registry.newest("unknown") is None
    assert registry.version("small", 3) is None


def test_an_error_in_a_directory_names_the_file(tmp_path: Path) -> None:
    document = small()
    task(document, "room")["call"] = "fly"
    write(tmp_path, "trip.yaml", document)

    with pytest.raises(DefinitionError, match=r"^trip\.yaml: do\.room\.call: "):
        load(tmp_path, {})


def test_a_file_that_is_no_yaml_is_named(tmp_path: Path) -> None:
    write(tmp_path, "broken.yaml", "do: [")

    with pytest.raises(DefinitionError, match=r"^broken\.yaml: "):
        load(tmp_path, {})


def test_the_same_version_twice_is_refused_since_running_sagas_are_pinned_to_it(tmp_path: Path) -> None:
    again = small()
    again["document"]["version"] = "1.5.0"
    write(tmp_path, "a.yaml", small())
    write(tmp_path, "b.yaml", again)

    with pytest.raises(DefinitionError, match=r"^b\.yaml: small version 1 is defined already"):
        load(tmp_path, {})
