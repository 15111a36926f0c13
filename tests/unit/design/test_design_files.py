"""The files of a design: the state machine that the engine runs, the diagram, and the typed error handlers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.definition_files import compile_document
from orchestrator.definitions.deployed import digest, plain
from orchestrator.design.files import files_of
from orchestrator.design.options import Options
from tests.saga_story import RESULTS, Moment, Story, begun, cancels, done, order_data, undone
from tests.unit.design.shipped import ORDERS, PATHS, changed, design

MACHINE = "order-fulfillment.state-machine.json"
DIAGRAM = "order-fulfillment.diagram.md"
HANDLERS = "order-fulfillment.error-handlers.ts"
ARROW = re.compile(r"^\s*(\w+)\s*-->\s*(\w+)\s*:\s*(.+)$", re.MULTILINE)
CONSTANT = re.compile(r"^export const (\w+): [^=]+ = (.*?);$", re.MULTILINE | re.DOTALL)


def files(text: str = ORDERS, options: Options | None = None) -> dict[str, str]:
    return dict(files_of(design(text), options or Options()))


def machine(text: str = ORDERS) -> dict[str, Any]:
    section: dict[str, Any] = json.loads(files(text)[MACHINE])["x-state-machine"]
    return section


def test_the_state_machine_holds_what_the_report_counts() -> None:
    found = machine()

    assert {key: len(found[key]) for key in ("states", "transitions", "compensations", "policies")} == {
        "states": 8,
        "transitions": 12,
        "compensations": 4,
        "policies": 3,
    }


@pytest.mark.parametrize(
    "moments",
    [
        [done(step) for step in RESULTS],
        [
            done("lock-inventory"),
            done("capture-payment"),
            cancels(),
            undone("capture-payment"),
            undone("lock-inventory"),
        ],
    ],
    ids=["to its end", "cancelled"],
)
def test_the_engine_runs_the_state_machine_file_as_it_is(moments: list[Moment]) -> None:
    written = compile_document(json.loads(files()[MACHINE]))
    shipped = design().definition

    assert told(begun(written, "ord_a", order_data()), moments) == told(begun(shipped, "ord_a", order_data()), moments)


def told(story: Story, moments: list[Moment]) -> tuple[list[str], list[str]]:
    lived = story.when(*moments)
    assert len(lived.history) > 4
    return list(lived.history), list(lived.sent)


def test_the_state_machine_file_is_the_same_version_of_the_definition() -> None:
    written, shipped = json.loads(files()[MACHINE]), yaml.safe_load(ORDERS)

    assert digest(plain(written)) == digest(plain(shipped))
    assert digest(plain({**written, "timeout": {"after": {"days": 9}}})) != digest(plain(shipped))


def test_settings_that_differ_from_the_defaults_become_those_of_the_file() -> None:
    document = json.loads(files(options=Options(max_retries=1, timeout_ms=2_000))[MACHINE])

    assert document["defaults"] == {"max_retries": 1, "timeout_default": {"milliseconds": 2_000}}
    assert "defaults" not in json.loads(files()[MACHINE])


def test_the_diagram_has_one_arrow_for_each_transition_and_marks_the_decisions() -> None:
    diagram = files()[DIAGRAM]

    arrows = [(source, target) for source, target, _ in ARROW.findall(diagram)]
    assert arrows == [(edge["from"], edge["to"]) for edge in machine()["transitions"]]
    assert diagram.count("-->") == 12
    for label in ("payment check", "inventory check", "shipping method"):
        assert f"decision point {label}" in diagram


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_no_line_of_a_diagram_says_two_things(path: Path) -> None:
    written = files(path.read_text(encoding="utf-8"))
    diagram = next(text for name, text in written.items() if name.endswith(".md"))

    drawn = diagram.split("```mermaid")[1].split("```")[0]
    assert "stateDiagram-v2" in drawn
    assert [line for line in drawn.splitlines() if line.count(":") > 1] == []


def test_each_task_has_a_node_of_its_own_in_the_diagram_however_it_is_called() -> None:
    names = [
        "end.",
        "end_",
        "subgraph",
        "Graph",
        "日本語",
        "中国語",
        "a b",
        "a_b",
        "class",
        "a_b:undo".replace(":", "_"),
    ]
    document = {
        "document": {"dsl": "1.0.3", "namespace": "odd", "name": "odd", "version": "1.0.0"},
        "timeout": {"after": {"hours": 1}},
        "do": [{name: {"set": {"a": 1}}} for name in names],
    }
    drawn = dict(files_of(design(json.dumps(document)), Options()))["odd.diagram.md"]

    steps = drawn.split("```mermaid")[2].split("```")[0]
    nodes = re.findall(r"^    (\w+)[\[({]", steps, re.MULTILINE)
    assert len(nodes) == len({node.lower() for node in nodes}) == len(names) + 1
    assert not {"end", "subgraph", "graph", "class"} & {node.lower() for node in nodes}
    assert len(re.findall(r"==>", steps)) == len(names)


def test_the_error_handlers_hold_the_values_of_the_state_machine() -> None:
    held = {name: json.loads(value) for name, value in CONSTANT.findall(files()[HANDLERS])}

    found = machine()
    assert held == {
        "process": "order-fulfillment",
        "retryPolicies": found["policies"],
        "rollbackPaths": found["compensations"],
        "failureCases": found["failures"],
    }
    assert [policy["name"] for policy in held["retryPolicies"]] == ["inventory", "payment", "shipping"]


@pytest.mark.skipif(shutil.which("tsc") is None, reason="the TypeScript compiler is not on the PATH")
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_the_error_handlers_pass_the_type_checker(path: Path, tmp_path: Path) -> None:
    written = files(path.read_text(encoding="utf-8"))
    name = next(name for name in written if name.endswith(".ts"))
    (tmp_path / name).write_text(written[name], encoding="utf-8")

    checked = subprocess.run(
        ["tsc", "--noEmit", "--strict", name], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_same_definition_gives_the_same_bytes() -> None:
    assert files() == files()


def test_taking_a_step_out_changes_the_diagram() -> None:
    text = changed(("      status: { lifecycle: packed }\n", ""))

    assert len(ARROW.findall(files(text)[DIAGRAM])) == 10
