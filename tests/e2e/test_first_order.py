"""The README's first order with curl, and the first page of the tutorial, command by command."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from campaigns.installation import Installation

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "tutorial" / "1-first-order.md").read_text(encoding="utf-8")
PATIENCE_S = 180.0
pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="no curl is on this machine")


@dataclass(frozen=True, slots=True)
class Shell:
    """A terminal at the repository, with the addresses of the installation in place of those in the text."""

    gateway: str
    environment: Mapping[str, str]

    def run(self, command: str) -> str:
        """Run a command of the text and return what it prints."""
        text = command.replace("http://127.0.0.1:8080", self.gateway)
        done = subprocess.run(
            ["bash", "-ec", text], cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Give a terminal beside a running installation."""
    directory = tmp_path_factory.mktemp("installation")
    saga = directory / "saga"
    saga.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cli.app "$@"\n')
    saga.chmod(0o755)
    with Installation(directory / "data") as installation:
        gateway = installation.addresses.gateway
        path = f"{directory}:{os.environ['PATH']}"
        yield Shell(gateway, {**os.environ, "PATH": path, "SAGA_GATEWAY": gateway, "NO_COLOR": "1"})


def blocks(text: str) -> list[str]:
    """Return the blocks of commands."""
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def block(text: str, start: str) -> str:
    """Return the first block that begins so."""
    return next(one for one in blocks(text) if one.startswith(start))


def test_the_order_of_the_readme_is_taken_and_its_link_shows_how_it_goes(shell: Shell) -> None:
    head, _, body = shell.run(block(README, "curl -i")).replace("\r", "").partition("\n\n")
    assert head.startswith("HTTP/1.1 202")
    taken = json.loads(body)
    assert f"location: {taken['status_url']}" in head.lower()
    assert taken["order_id"] in README

    seen: list[dict[str, Any]] = []
    deadline = time.monotonic() + PATIENCE_S
    while not seen or seen[-1]["lifecycle"] != "delivered":
        assert time.monotonic() < deadline, f"the order stays at {seen[-1:]}"
        order, history = _answers(shell)
        seen.append(order)
    assert (seen[-1]["order_id"], seen[-1]["status"]) == (taken["order_id"], "COMPLETED")
    sequences = [one["sequence"] for one in seen]
    assert sequences == sorted(sequences)
    assert history["events"][-1]["sequence"] == seen[-1]["sequence"]


def _answers(shell: Shell) -> list[Any]:
    """Return the JSON documents that the README's two questions are answered with."""
    return [json.loads(shell.run(line)) for line in block(README, "curl -s").splitlines()]


def test_the_first_page_of_the_tutorial_does_what_it_says(shell: Shell) -> None:
    commands = [one.strip() for text in blocks(PAGE) for one in re.sub(r"\\\n\s*", "", text).splitlines()]
    first, declined, large = [one for one in commands if one.startswith("saga order start")][:3]
    told = shell.run(f"{first} 2>&1")
    (order_id,) = set(re.findall(r"ord_[a-z2-7]{26}", told))
    assert order_id in shell.run("saga order list")
    for command in (one for one in commands if "<order id>" in one and one.startswith("saga order")):
        shell.run(command.partition("#")[0].replace("<order id>", order_id))
    assert "card_declined" in shell.run(f"{declined} 2>&1 || [ $? = 1 ]")

    (waiting,) = set(re.findall(r"ord_[a-z2-7]{26}", shell.run(f"{large} 2>&1")))
    deadline = time.monotonic() + PATIENCE_S
    while waiting not in shell.run("saga approval list"):
        assert time.monotonic() < deadline, "the order is not listed"
    (approve,) = [one for one in commands if one.startswith("saga approval approve")]
    shell.run(approve.replace("<order id>", waiting) + " --actor ann")
    shell.run(f"saga order follow {waiting}")
    assert "COMPLETED" in shell.run(f"saga order show {waiting}")
