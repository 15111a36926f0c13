"""The driver's contract: what a group member reads, writes, commits, loses and hands over."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from streams.driver import Driver
from streams.errors import Fatal, TaskCorrupted
from streams.partitioner import partition_for
from streams.record import Record, TopicPartition
from tests.contract.streams_cluster import Cluster, Owned, wait_until


class Member:
    """A driver under test with its listener."""

    def __init__(self, cluster: Cluster, topic: str, instance: str = "a", tracked: str = "") -> None:
        self.cluster = cluster
        self.topic = topic
        # Instance ids are transactional ids: unique in the cluster.
        self.driver: Driver = cluster.driver(f"g-{topic}", f"{instance}-{topic}", tracked)
        self.owned = Owned()
        self.pending: list[Record] = []

    def join(self, *peers: Member) -> Member:
        self.cluster.join(self.driver, [self.topic], self.owned, [peer.driver for peer in peers])
        wait_until(lambda: bool(self.owned.partitions), lambda: poll_all(self, *peers))
        return self

    def poll(self, limit: int = 100) -> None:
        self.cluster.pass_time()
        self.pending += self.driver.poll(0.05, limit)

    def take(self, count: int) -> Sequence[Record]:
        wait_until(lambda: len(self.pending) >= count, self.poll)
        taken, self.pending = self.pending, []
        return taken

    def commit(self, records: Sequence[Record], out: str) -> None:
        self.driver.begin()
        for record in records:
            self.driver.produce(out, record.key, record.value, record.headers)
        self.driver.commit({TopicPartition(r.topic, r.partition): r.offset + 1 for r in records})


def poll_all(*members: Member) -> None:
    for member in members:
        member.poll(1)


def values(records: Sequence[Record]) -> list[bytes | None]:
    return [record.value for record in records]


def fill(cluster: Cluster, topic: str, count: int, partition: int = 0) -> None:
    for number in range(count):
        cluster.produce(topic, b"k", b"%d" % number, [], partition)


def test_a_record_arrives_as_it_was_written(cluster: Cluster) -> None:
    topic = cluster.topic()
    cluster.produce(topic, b"key", None, [("name", b"\x00\xff")], 1)
    cluster.produce(topic, None, b"no key", [], 1)

    first, second = Member(cluster, topic).join().take(2)

    assert (first.topic, first.partition, first.offset) == (topic, 1, 0)
    assert (first.key, first.value, first.headers) == (b"key", None, [("name", b"\x00\xff")])
    assert (second.key, second.value, second.headers) == (None, b"no key", [])
    assert abs(first.timestamp_ms - cluster.clock_ms()) < 60_000


def test_a_poll_returns_at_most_its_limit_and_loses_nothing(cluster: Cluster) -> None:
    topic = cluster.topic(1)
    fill(cluster, topic, 10)
    member = Member(cluster, topic).join()
    seen: list[Record] = []

    def poll() -> None:
        batch = member.driver.poll(0.05, 3)
        assert len(batch) <= 3
        seen.extend(batch)

    wait_until(lambda: len(seen) >= 10, poll)

    assert values(seen) == [b"%d" % number for number in range(10)]


def test_committed_work_is_visible_and_not_done_again(cluster: Cluster) -> None:
    topic, out = cluster.topic(1), cluster.topic(1)
    fill(cluster, topic, 3)
    member = Member(cluster, topic).join()
    records = member.take(3)

    member.commit(records[:2], out)

    assert values(cluster.records(out, 2)) == [b"0", b"1"]
    assert member.driver.committed([TopicPartition(topic, 0)]) == {TopicPartition(topic, 0): 2}
    again = Member(cluster, topic).join()
    assert values(again.take(1)) == [b"2"]


def test_aborted_work_is_invisible_and_done_again(cluster: Cluster) -> None:
    topic, out = cluster.topic(1), cluster.topic(1)
    fill(cluster, topic, 4)
    member = Member(cluster, topic).join()
    records = member.take(4)
    member.commit(records[:1], out)
    member.driver.begin()
    member.driver.produce(out, b"k", b"aborted", [])

    member.driver.abort()

    redone = member.take(3)
    assert values(redone) == [b"1", b"2", b"3"]
    member.commit(redone, out)
    assert values(cluster.records(out, 4)) == [b"0", b"1", b"2", b"3"]


def test_an_open_transaction_holds_back_what_was_written_after_it(cluster: Cluster) -> None:
    topic, out = cluster.topic(1), cluster.topic(1)
    member = Member(cluster, topic).join()
    reader = Member(cluster, out, "reader").join()
    member.driver.begin()
    member.driver.produce(out, b"k", b"held", [], 0)
    member.driver.produce(out, b"k", b"held too", [], 0)
    cluster.produce(out, b"k", b"after", [], 0)
    for _ in range(5):
        reader.poll()
    held = values(reader.pending)

    member.driver.commit({})

    # A client may send late, so what was written after the transaction can lie before it in the log.
    assert held in ([], [b"after"])
    assert sorted(map(bytes, filter(None, values(reader.take(3))))) == [b"after", b"held", b"held too"]


def test_a_commit_tells_where_the_last_record_of_each_tracked_partition_is(cluster: Cluster) -> None:
    topic, changelog = cluster.topic(2), cluster.topic(2)
    member = Member(cluster, topic, tracked=changelog).join()
    member.driver.begin()
    for number in range(5):
        member.driver.produce(changelog, b"k", b"%d" % number, [], 0)
    member.driver.produce(changelog, b"k", b"5", [], 1)
    first = member.driver.commit({})
    member.driver.begin()
    member.driver.produce(changelog, b"k", b"6", [], 0)
    second = member.driver.commit({})

    assert first[TopicPartition(changelog, 0)] == 4
    assert first[TopicPartition(changelog, 1)] == 0
    # The marker of the first transaction takes an offset.
    assert second == {TopicPartition(changelog, 0): 6}
    assert values([r for r in cluster.records(changelog, 7) if r.partition == 0]) == [
        b"0",
        b"1",
        b"2",
        b"3",
        b"4",
        b"6",
    ]


def test_a_restart_in_place_fences_the_earlier_process(cluster: Cluster) -> None:
    topic, out = cluster.topic(2), cluster.topic(1)
    fill(cluster, topic, 2)
    zombie = Member(cluster, topic).join()
    records = zombie.take(2)
    zombie.driver.begin()
    zombie.driver.produce(out, b"k", b"of the zombie", [])

    successor = Member(cluster, topic).join()

    assert successor.owned.partitions == {TopicPartition(topic, 0), TopicPartition(topic, 1)}
    successor.commit(successor.take(2), out)
    with pytest.raises(Fatal):
        zombie.driver.commit({TopicPartition(r.topic, r.partition): r.offset + 1 for r in records})
    assert values(cluster.records(out, 2)) == [b"0", b"1"]


def test_members_share_partitions_and_the_leaving_owner_commits_before_it_gives_up(cluster: Cluster) -> None:
    topic, out = cluster.topic(2), cluster.topic(1)
    fill(cluster, topic, 2, 0)
    fill(cluster, topic, 2, 1)
    first = Member(cluster, topic, "a").join()
    records = first.take(4)
    done = [record for record in records if record.partition == 1][:1]
    first.driver.begin()
    first.driver.produce(out, b"k", b"in flight", [])
    first.owned.before_revoke = lambda: first.driver.commit(
        {TopicPartition(r.topic, r.partition): r.offset + 1 for r in done}
    )

    second = Member(cluster, topic, "b").join(first)
    wait_until(lambda: len(first.owned.partitions) == 1, first.poll)

    assert first.owned.told[:2] == ["assigned", "revoked"]
    assert first.owned.partitions == {TopicPartition(topic, 0)}
    assert second.owned.partitions == {TopicPartition(topic, 1)}
    assert values(second.take(1)) == [b"1"]
    assert values(cluster.records(out, 1)) == [b"in flight"]


def test_partitions_read_together_are_assigned_together(cluster: Cluster) -> None:
    inputs, replies = cluster.topic(4), cluster.topic(4)
    owned = Owned()
    driver = cluster.driver(f"g-{inputs}", f"a-{inputs}")
    cluster.join(driver, [inputs, replies], owned, [])
    peer_owned = Owned()
    peer = cluster.driver(f"g-{inputs}", f"b-{inputs}")
    cluster.join(peer, [inputs, replies], peer_owned, [driver])

    def poll() -> None:
        cluster.pass_time()
        driver.poll(0.02, 1)
        peer.poll(0.02, 1)

    wait_until(lambda: len(owned.partitions) == 4 and len(peer_owned.partitions) == 4, poll)

    for one in (owned, peer_owned):
        assert {n for t, n in one.partitions if t == inputs} == {n for t, n in one.partitions if t == replies}


def test_paused_partitions_deliver_nothing_until_they_are_resumed(cluster: Cluster) -> None:
    topic = cluster.topic(2)
    member = Member(cluster, topic).join()
    member.driver.pause([TopicPartition(topic, 0)])
    fill(cluster, topic, 2, 0)
    fill(cluster, topic, 2, 1)

    unpaused = member.take(2)
    for _ in range(3):
        member.poll()
    assert {record.partition for record in [*unpaused, *member.pending]} == {1}
    member.driver.abort()
    member.pending.clear()
    assert {record.partition for record in member.take(2)} == {1}

    member.driver.resume([TopicPartition(topic, 0)])
    assert values(member.take(2)) == [b"0", b"1"]


def test_a_changelog_is_read_to_its_end_without_aborted_records(cluster: Cluster) -> None:
    topic, changelog = cluster.topic(1), cluster.topic(1)
    member = Member(cluster, topic, tracked=changelog).join()
    where = TopicPartition(changelog, 0)
    for number in range(4):
        member.driver.begin()
        member.driver.produce(changelog, b"k", b"%d" % number, [], 0)
        if number % 2:
            member.driver.abort()
        else:
            last = member.driver.commit({})[where]

    def read(start: int) -> list[Record]:
        return [record for batch in member.driver.read_committed(where, start) for record in batch]

    assert values(read(0)) == [b"0", b"2"]
    assert values(read(1)) == [b"2"]
    assert read(last + 1) == []
    with pytest.raises(TaskCorrupted):
        read(last + 100)


def test_a_changelog_with_an_open_transaction_is_never_taken_for_complete(cluster: Cluster) -> None:
    topic, changelog = cluster.topic(1), cluster.topic(1)
    writer, reader = Member(cluster, topic, "a", changelog).join(), Member(cluster, changelog, "b").join()
    writer.driver.begin()
    writer.driver.produce(changelog, b"k", b"0", [], 0)
    writer.driver.commit({})
    writer.driver.begin()
    writer.driver.produce(changelog, b"k", b"1", [], 0)
    writer.driver.produce(changelog, b"k", b"2", [], 0)
    where = TopicPartition(changelog, 0)
    wait_until(lambda: cluster.is_held_back(where))

    with pytest.raises(Fatal, match="stays at"):
        list(reader.driver.read_committed(where, 0))

    writer.driver.commit({})
    assert [r.value for batch in reader.driver.read_committed(where, 0) for r in batch] == [b"0", b"1", b"2"]


def test_an_empty_changelog_has_nothing_to_read(cluster: Cluster) -> None:
    member = Member(cluster, cluster.topic(1)).join()

    assert [list(b) for b in member.driver.read_committed(TopicPartition(cluster.topic(1), 0), 0) if b] == []


def test_a_topic_made_again_has_another_identity(cluster: Cluster) -> None:
    topic = cluster.topic(1)
    member = Member(cluster, cluster.topic(1)).join()
    before = member.driver.topic_id(topic)
    assert member.driver.topic_id(topic) == before

    cluster.recreate(topic, 1)

    assert member.driver.topic_id(topic) != before


def test_keys_go_where_java_clients_send_them(cluster: Cluster) -> None:
    topic, out = cluster.topic(1), cluster.topic(7)
    keys = [b"", b"a", b"ab", b"abc", b"abcd", b"order-12345", "größe".encode(), *(b"k%d" % n for n in range(50))]
    member = Member(cluster, topic).join()
    member.driver.begin()
    for key in keys:
        member.driver.produce(out, key, b"", [])
    member.driver.commit({})

    assert {r.key: r.partition for r in cluster.records(out, len(keys))} == {key: partition_for(key, 7) for key in keys}


def test_topics_that_are_missing_or_cannot_be_read_together_are_refused(cluster: Cluster) -> None:
    two, three = cluster.topic(2), cluster.topic(3)

    with pytest.raises(Fatal, match="no-such-topic"):
        cluster.driver(f"g-{two}", f"a-{two}").start(["no-such-topic"], Owned())
    with pytest.raises(Fatal, match="same number of partitions"):
        cluster.driver(f"g-{three}", f"a-{three}").start([two, three], Owned())
