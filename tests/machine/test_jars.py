"""The broker's class path: only files with the locked sum are ever used, and the cache works without a network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path

import pytest

from cli.failure import Failure
from cli.jar_sources import Fetched, JarSource
from cli.jars import Jar, ensure_jars, kafka_version, read_lock

GOOD = b"the locked bytes"
JAR = Jar("org.example:thing:1.0", hashlib.sha256(GOOD).hexdigest())


def source_of(content: bytes) -> JarSource:
    """Make a resolver that has every jar, with this content."""

    def fetch(coordinates: Sequence[str], staging: Path, pool: Executor) -> Iterator[Fetched]:  # noqa: ARG001 - given
        for coordinate in coordinates:
            path = staging / "fetched.jar"
            path.write_bytes(content)
            yield coordinate, path

    return fetch


def unreachable(coordinates: Sequence[str], staging: Path, pool: Executor) -> Iterator[Fetched]:  # noqa: ARG001 - given
    """Stand for a resolver without a network."""
    yield from ((coordinate, "no route to host") for coordinate in coordinates)


def silent(_: str) -> None:
    """Take progress and show nothing."""


def test_a_fetched_jar_with_the_locked_sum_is_on_the_class_path(tmp_path: Path) -> None:
    [path] = ensure_jars(tmp_path, [JAR], silent, [source_of(GOOD)])

    assert path == tmp_path / "thing-1.0.jar"
    assert path.read_bytes() == GOOD


def test_a_jar_with_another_sum_is_refused_and_never_reaches_the_cache(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"org\.example:thing:1\.0 has SHA-256 .* but the lock demands"):
        ensure_jars(tmp_path, [JAR], silent, [source_of(b"something else")])

    assert list(tmp_path.iterdir()) == []


def test_a_full_cache_needs_no_network(tmp_path: Path) -> None:
    ensure_jars(tmp_path, [JAR], silent, [source_of(GOOD)])

    assert ensure_jars(tmp_path, [JAR], silent, [unreachable]) == [tmp_path / "thing-1.0.jar"]


def test_a_cached_jar_that_was_damaged_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "thing-1.0.jar").write_bytes(b"half a ja")

    [path] = ensure_jars(tmp_path, [JAR], silent, [source_of(GOOD)])

    assert path.read_bytes() == GOOD


def test_the_next_resolver_is_asked_when_the_first_has_nothing(tmp_path: Path) -> None:
    [path] = ensure_jars(tmp_path, [JAR], silent, [unreachable, source_of(GOOD)])

    assert path.read_bytes() == GOOD


def test_jars_nobody_can_fetch_are_named_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"org\.example:thing:1\.0 first: no route to host"):
        ensure_jars(tmp_path, [JAR], silent, [unreachable])


def test_the_committed_lock_names_one_file_a_jar_and_a_whole_sum_each() -> None:
    jars = read_lock()

    assert kafka_version(jars) == "4.3.1"
    assert len({jar.file_name for jar in jars}) == len(jars)
    assert all(len(bytes.fromhex(jar.sha256)) == 32 for jar in jars)
