"""Where the lines of a log go: whole, in order, and never in the way of the work."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from streams.log_output import LineOutput

PIPE_BYTES = 65_536


class Pipe(NamedTuple):
    """Both ends of a pipe, and what writes to one of them."""

    reading: int
    writing: int
    output: LineOutput

    def drain(self) -> list[bytes]:
        """Return the lines that are in it now, all of them whole."""
        os.set_blocking(self.reading, False)
        found = b""
        try:
            while piece := os.read(self.reading, 1 << 20):
                found += piece
        except BlockingIOError:
            assert not found or found.endswith(b"\n")
        return found.splitlines()


def gap(lost: int) -> bytes:
    """Return the line that stands for lost ones."""
    return b"lost %d\n" % lost


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """Give a pipe that waits for nobody."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    yield Pipe(reading, writing, LineOutput(writing, gap, patience_ms=0))
    for descriptor in (reading, writing):
        try:
            os.close(descriptor)
        except OSError:
            continue


def numbered(first: int, count: int, width: int = 100) -> bytes:
    """Return lines with numbers in them."""
    return b"".join(b"%0*d\n" % (width - 1, number) for number in range(first, first + count))


def test_lines_come_out_as_they_went_in(pipe: Pipe) -> None:
    pipe.output.write(numbered(0, 300))
    pipe.output.write(b"one more\n")

    assert pipe.drain() == [*numbered(0, 300).splitlines(), b"one more"]
    assert pipe.output.lost == 0


def test_a_file_gets_all_at_once_however_much_it_is(tmp_path: Path) -> None:
    with (tmp_path / "log").open("ab") as file:
        LineOutput(file.fileno(), gap).write(numbered(0, 10_000))

    assert (tmp_path / "log").read_bytes() == numbered(0, 10_000)


@pytest.mark.parametrize(("width", "many"), [(100, 2_000), (3_000, 60), (5_000, 40), (100_000, 3)])
def test_given_a_reader_that_stopped_then_lines_are_lost_and_when_it_goes_on_it_is_told_how_many(
    pipe: Pipe, width: int, many: int
) -> None:
    pipe.output.write(numbered(0, many, width))
    assert pipe.output.lost > 0
    lost_at_first = pipe.output.lost
    pipe.output.write(numbered(many, 5, width))
    assert pipe.output.lost == lost_at_first + 5

    os.set_blocking(pipe.reading, False)
    before = os.read(pipe.reading, 10 * PIPE_BYTES)
    pipe.output.write(b"next\n")
    lines = (before + b"\n".join(pipe.drain())).splitlines()
    while pipe.output.lost and b"next" not in lines:
        pipe.output.write(b"next\n")
        lines += pipe.drain()

    whole = numbered(0, many, width).splitlines()[: many - lost_at_first]
    assert lines[: len(whole)] == whole
    assert lines[len(whole)].startswith(b"lost ")
    assert set(lines[len(whole) + 1 :]) == {b"next"}


def test_given_a_pipe_that_nobody_reads_any_more_then_nothing_is_raised(pipe: Pipe) -> None:
    os.close(pipe.reading)
    pipe.output.write(numbered(0, 7))
    pipe.output.write(numbered(7, 3))

    assert pipe.output.lost == 10


def test_given_a_descriptor_that_is_closed_then_nothing_is_raised() -> None:
    _, writing = os.pipe()
    os.close(writing)
    output = LineOutput(writing, gap)
    output.write(b"one\n")

    assert output.lost == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_given_a_full_disk_then_nothing_is_raised() -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    output = LineOutput(descriptor, gap)
    output.write(b"one\ntwo\n")
    os.close(descriptor)

    assert output.lost == 2
