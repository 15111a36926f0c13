"""The registry of definitions: what may be added to it, what it finds, what it asks for when something is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.registry import Registry, Version, VersionTaken, compiled, load
from orchestrator.definitions.schedule import Cron
from tests.definition_texts import echo


def version(text: str) -> Version:
    return compiled(yaml.safe_load(text))


def test_versions_live_side_by_side_and_new_sagas_get_the_newest() -> None:
    registry = Registry([version(echo("2.0.0")), version(echo("1.0.0"))], {})

    newest = registry.newest("echo")
    assert newest is not None
    assert newest.version == 2
    assert [one.pin for one in registry.versions()] == [("echo", 1), ("echo", 2)]
    first = registry.version("echo", 1)
    assert first is not None
    assert "say-0-of-1" in first.nodes


def test_an_older_version_that_comes_later_is_not_the_newest() -> None:
    registry = Registry([version(echo("3.0.0"))], {})
    registry.add(version(echo("1.0.0")))

    newest = registry.newest("echo")
    assert newest is not None
    assert newest.version == 3


def test_the_same_document_again_is_no_news_whatever_the_order_of_its_keys() -> None:
    registry = Registry([version(echo())], {})
    turned = dict(reversed(list(yaml.safe_load(echo()).items())))

    assert not registry.add(compiled(turned))


def test_another_document_under_a_known_version_is_refused_and_the_known_one_stays() -> None:
    registry = Registry([version(echo("1.0.0"))], {})

    with pytest.raises(VersionTaken, match=r"echo version 1 is defined already, as 1\.0\.0"):
        registry.add(version(echo("1.1.0")))
    held = registry.version("echo", 1)
    assert held is not None
    assert [one.semver for one in registry.versions()] == ["1.0.0"]


def test_what_is_missing_is_asked_for_and_then_found() -> None:
    registry = Registry([], {})
    asked: list[str] = []

    def bring() -> None:
        asked.append("once")
        registry.add(version(echo()))

    registry.on_miss = bring

    assert registry.version("echo", 1) is not None
    assert registry.newest("echo") is not None
    assert registry.version("echo", 1) is not None
    assert asked == ["once"]


def test_a_version_knows_its_schedule() -> None:
    scheduled = version(echo(schedule={"cron": "0 0 * * *"}))
    registry = Registry([scheduled, version(echo("2.0.0"))], {})

    assert registry.schedule(scheduled.definition) == Cron("0 0 * * *")
    assert registry.schedule(version(echo("2.0.0")).definition) is None


def test_parameters_of_the_deployment_win_over_those_of_the_definition() -> None:
    document = {**yaml.safe_load(echo()), "parameters": {"limit": 1, "unit": "kg"}}
    registry = Registry([compiled(document)], {"echo": {"limit": 2}})
    definition = registry.newest("echo")
    assert definition is not None

    assert registry.parameters(definition) == {"limit": 2, "unit": "kg"}


@pytest.mark.parametrize("name", ["Echo", "echo/1", "echo:1", "-echo", "e" * 64])
def test_a_name_that_no_address_can_be_made_of_is_refused(name: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        version(echo(name=name))

    assert caught.value.where == "document.name"


def test_a_document_that_json_cannot_hold_is_refused() -> None:
    document = {**yaml.safe_load(echo()), "parameters": {"set": {1: "one"}}}

    with pytest.raises(DefinitionError, match="cannot be written as JSON"):
        compiled(document)


def test_a_document_that_is_too_large_is_refused() -> None:
    document = {**yaml.safe_load(echo()), "parameters": {"long": "x" * 100_000}}

    with pytest.raises(DefinitionError, match="at most 100000 are allowed"):
        compiled(document)


def test_files_of_a_directory_are_read_beside_the_shipped_ones_and_may_not_repeat_them(tmp_path: Path) -> None:
    (tmp_path / "echo.yaml").write_text(echo())
    assert load(tmp_path, {}).newest("echo") is not None

    (tmp_path / "more.yaml").write_text(echo("1.0.1"))
    with pytest.raises(DefinitionError, match=r"more\.yaml"):
        load(tmp_path, {})
