"""The table of what topics carry: every message is on some topic, and nobody else's."""

from __future__ import annotations

from schemas import catalogue, topics
from schemas.carried import CARRIED
from schemas.subjects import Subjects


def test_every_published_message_is_carried_by_a_topic_and_no_other_is() -> None:
    carried = {name for names in CARRIED.values() for name in names}
    assert carried == set(catalogue.latest())


def test_the_avro_topics_and_no_others_carry_messages() -> None:
    assert {topic.name for topic in CARRIED} == {
        topic.name for topic in topics.ALL if topic.format is topics.Format.AVRO
    }


def test_every_command_is_on_the_topic_of_its_participant() -> None:
    for topic, names in CARRIED.items():
        if topic.name.endswith(".commands") and topic is not topics.TASKS_COMMANDS:
            assert {name.partition(".")[0] for name in names} == {topic.name.rpartition(".")[0].rpartition("-")[2]}


def test_a_topic_of_one_message_has_a_subject_of_its_own() -> None:
    subjects = Subjects()
    assert [name for name in subjects.names() if name.endswith("-value")] == [
        f"{topics.NOTIFICATION_COMMANDS.name}-value",
        f"{topics.TASKS_COMMANDS.name}-value",
    ]
    assert subjects.versions(f"{topics.EVENTS.name}-value") is None
    assert subjects.versions(f"{topics.EVENTS.name}-sagaline.saga.StepScheduled") == subjects.versions(
        "sagaline.saga.StepScheduled"
    )
