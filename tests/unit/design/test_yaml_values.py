"""What a YAML text means: YAML 1.2, of which everything is JSON; what is not is named with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cli.definition_files import read_file
from cli.failure import Failure
from orchestrator.definitions.positions import Unreadable, read
from orchestrator.definitions.yaml_values import FastLoader, Loader, written

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]))
    | st.sampled_from(["yes", "NO", "on", "12:30", "012", "1e3", "0o17", "0x1F", "2026-01-31", "~", "<<", "=", "1_0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("no12", min_size=1), inner),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"), ("yes", "yes"), ("off", "off"), ("12:30", "12:30"), ("0123", 123), ("2026-01-31", "2026-01-31"),
        ("1_000", "1_000"), ("1e3", 1000.0), ("0x1F", 31), ("0o17", 15), ("true", True), ("~", None), ("=", "="),
        ('"\\ud83d\\ude00"', "😀"),
    ],
)  # fmt: skip
def test_a_plain_text_means_what_yaml_1_2_says(text: str, value: Any) -> None:
    assert read(f"a: {text}").document == {"a": value}


def test_every_key_is_a_text_as_it_is_in_json() -> None:
    assert read("{12: a, on: b, no: c, true: d, ~: e}").document == {
        "12": "a", "on": "b", "no": "c", "true": "d", "~": "e",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "says", "instead"),
    [
        (".nan", "is no number that JSON has", "in quotes"),
        ("-.inf", "is no number that JSON has", "in quotes"),
        ("1e999", "is no number that JSON has", "in quotes"),
        ("9" * 20, "more than 64 bits", "in quotes"),
        ("9" * 5000, "more than 64 bits", "in quotes"),
        ('"\\ud800"', "one half of a character", "Write the whole one"),
        ("{? [x] : y}", "this key is a list", "Write a text"),
        ("!!binary aGVsbG8=", "the tag !!binary", "Leave the tag out"),
        ("!!python/name:os.system ''", "the tag !!python", "Leave the tag out"),
        ("!!bool maybe", "the tag !!bool", "Leave the tag out"),
        ("!!int [1]", "the tag !!int", "Leave the tag out"),
        ("!!str [1]", "the tag !!str", "Leave the tag out"),
        ("!!map x", "the tag !!map", "Leave the tag out"),
        ("x\x07", "the character '\\x07'", "Take it out"),
        ("[" * 400 + "]" * 400, "nested more than 60 levels", ""),
    ],
)
def test_what_json_cannot_hold_is_named_with_its_line(value: str, says: str, instead: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(f"a: 1\nb:\n  c: {value}\n")

    assert caught.value.place.line == 3
    assert says in caught.value.problem
    assert instead in caught.value.remedy


@pytest.mark.parametrize("number", ["NaN", "-Infinity"])
def test_numbers_that_only_python_takes_for_json_are_refused(number: str) -> None:
    with pytest.raises(Unreadable, match=r"line 2: .*is no number"):
        read('{"a": "NaN",\n "b": ' + number + "}")


def test_a_tab_and_a_second_document_are_named() -> None:
    with pytest.raises(Unreadable, match="line 2: a tab stands where YAML wants spaces"):
        read("a:\n\tb: 1\n")
    with pytest.raises(Unreadable, match="line 2: a second document"):
        read("a: 1\n---\nb: 1\n")


def test_what_a_merge_key_brings_in_has_the_place_where_it_is_written() -> None:
    source = read("x-a: &a\n  retry: patient\ndo:\n  - b:\n      <<: *a\n      call: c\n")

    assert source.document["do"] == [{"b": {"retry": "patient", "call": "c"}}]
    assert source.place("do.b.retry").line == 2
    assert source.place("do.b.call").line == 6


def test_a_file_that_is_no_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "old.yaml"
    file.write_bytes("a: 1\nb: Müller\n".encode("latin-1"))

    with pytest.raises(Failure) as caught:
        read_file(file)

    assert "old.yaml:2: the byte 0xfc" in caught.value.problem


@given(JSON)
def test_what_is_written_is_read_as_the_same_by_every_reader(value: Any) -> None:
    text = written({"a": value})

    assert read(text).document == {"a": value}
    assert yaml.load(text, Loader=FastLoader) == {"a": value}  # noqa: S506 - a safe one
    assert yaml.load(text, Loader=Loader) == {"a": value}  # noqa: S506 - a safe one
