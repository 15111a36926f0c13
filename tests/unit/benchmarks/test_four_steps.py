"""The 4-step saga of the benchmark and its participant agree about the commands."""

from __future__ import annotations

from benchmarks import participant
from benchmarks.subjects import DEFINITIONS
from orchestrator.core.definition import Call
from orchestrator.definitions.registry import load


def test_the_participant_takes_every_command_of_the_definition() -> None:
    definition = load(DEFINITIONS, {}).newest("four-steps")
    assert definition is not None

    calls = [node for node in definition.nodes.values() if isinstance(node, Call)]
    sent = {call.command for call in calls} | {call.compensation.command for call in calls if call.compensation}

    assert sent == set(participant.COMMANDS)
    assert {call.topic for call in calls} == {participant.TOPIC}
