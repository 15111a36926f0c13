"""`saga definitions deploy | list | show` on a real broker."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
import yaml

from cli.deployment import deploy_file, list_versions, show_version
from cli.failure import ExitCode, Failure
from cli.topics import create_topics
from tests.definition_texts import echo


@pytest.fixture
def name(broker: str) -> str:
    """Give a name that no other test deploys under."""
    list(create_topics(broker))
    return f"echo-{uuid.uuid4().hex[:12]}"


def written(directory: Path, text: str) -> Path:
    path = directory / "definition.yaml"
    path.write_text(text)
    return path


def test_a_definition_is_deployed_listed_and_shown(broker: str, name: str, tmp_path: Path) -> None:
    file = written(tmp_path, echo("1.2.0", name=name, schedule={"cron": "0 0 1 1 *"}))

    assert deploy_file(broker, file, "mara", "first").startswith(f"{name} 1.2.0 deployed (version 1, sha256 ")
    assert "was deployed already, with the same document" in deploy_file(broker, file, "ben", "again")

    [row] = [line for line in list_versions(broker, as_json=False).splitlines() if line.startswith(name)]
    assert row.split()[1] == "1.2.0"
    assert "mara" in row
    [about] = [one for one in json.loads(list_versions(broker, as_json=True)) if one["name"] == name]
    assert (about["version"], about["actor"], about["reason"]) == (1, "mara", "first")
    assert about["schedule"] == {"cron": "0 0 1 1 *"}
    assert yaml.safe_load(show_version(broker, name, None, as_json=False)) == yaml.safe_load(file.read_text())
    deploy_file(broker, written(tmp_path, echo("2.0.0", name=name)), "mara", "no schedule any more")


def test_the_newest_version_is_shown_unless_another_one_is_named(broker: str, name: str, tmp_path: Path) -> None:
    for version in ("1.0.0", "2.0.0"):
        deploy_file(broker, written(tmp_path, echo(version, name=name)), "mara", "")

    assert json.loads(show_version(broker, name, None, as_json=True))["version"] == 2
    assert json.loads(show_version(broker, name, 1, as_json=True))["document"]["document"]["version"] == "1.0.0"
    with pytest.raises(Failure, match=r"There are the versions 1, 2\."):
        show_version(broker, name, 3, as_json=True)
    with pytest.raises(Failure, match="There is no definition none"):
        show_version(broker, "none", None, as_json=True)


def test_a_deployed_version_is_never_changed(broker: str, name: str, tmp_path: Path) -> None:
    deploy_file(broker, written(tmp_path, echo("1.0.0", name=name)), "mara", "")

    with pytest.raises(Failure, match=r"give this one the version 2\.0\.0") as caught:
        deploy_file(broker, written(tmp_path, echo("1.0.0", name=name, steps=2)), "mara", "")
    assert caught.value.code is ExitCode.CHECK_FAILED


def test_an_invalid_definition_is_refused_with_file_line_and_remedy(broker: str, name: str, tmp_path: Path) -> None:
    text = echo(name=name).replace("compensate:", "compensat:")
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "compensat:" in one)
    with pytest.raises(Failure) as caught:
        deploy_file(broker, written(tmp_path, text), "mara", "")

    assert f"definition.yaml:{line}: " in caught.value.problem
    assert caught.value.code is ExitCode.CHECK_FAILED
    assert name not in list_versions(broker, as_json=False)


def test_without_a_cluster_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.deployment._END_S", 0.3)
    with pytest.raises(Failure) as caught:
        deploy_file("127.0.0.1:1", written(tmp_path, echo()), "mara", "")

    assert caught.value.code is ExitCode.CLUSTER_UNREACHABLE
