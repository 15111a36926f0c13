"""What docs/telemetry.md says is so: its examples are of the schema, its kinds and fields are those that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path

from jsonschema import Draft7Validator

from orchestrator.telemetry import KINDS
from schemas.json_schema import json_schema
from schemas.telemetry import CODE, COMMAND, LONGEST_CODE, REQUEST, TRANSITION, Kind, told_code
from tests.failure_codes import documented

TEXT = (Path(__file__).parents[3] / "docs" / "telemetry.md").read_text(encoding="utf-8")


def test_the_examples_validate() -> None:
    schema = json_schema("telemetry")
    assert schema is not None
    lines = [json.loads(line) for line in TEXT.splitlines() if line.startswith("{")]
    for line in lines:
        Draft7Validator(schema).validate(line)
    assert {TRANSITION, COMMAND, REQUEST} < {line["logger"] for line in lines}


def test_every_kind_and_every_event_is_described_where_it_belongs() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", TEXT, re.MULTILINE))
    assert {kind.value for kind in Kind} <= rows.keys()
    for event, kind in KINDS.items():
        assert f"`{event.__name__}`" in rows[kind.value], event


def test_every_field_of_the_schema_is_described() -> None:
    schema = json_schema("telemetry")
    assert schema is not None
    fields = {*schema["properties"], *schema["definitions"]}
    assert {field for field in fields if f"`{field}`" not in TEXT} == set()


def test_every_documented_code_is_told_as_it_is() -> None:
    codes = {code for section in documented().values() for code in section}
    assert {code for code in codes if told_code(code) != code} == set()
    schema = json_schema("telemetry")
    assert schema is not None
    told = schema["definitions"]["code"]
    assert (told["pattern"], told["maxLength"]) == (f"^{CODE}$", LONGEST_CODE)
