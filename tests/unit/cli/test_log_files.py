"""Log files stay within a bound while a process writes to them, and hold whole lines."""

from __future__ import annotations

from pathlib import Path

from cli.log_files import keep_small

LINE = b"x" * 99 + b"\n"


def test_a_log_that_is_small_enough_or_not_there_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "payment.log"
    keep_small(log, 100)
    log.write_bytes(LINE)
    keep_small(log, 100)

    assert log.read_bytes() == LINE
    assert list(tmp_path.iterdir()) == [log]


def test_a_log_that_grew_is_moved_aside_and_its_writer_goes_on_at_the_beginning(tmp_path: Path) -> None:
    log = tmp_path / "payment.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(LINE * 20)
        keep_small(log, 1_000)
        writer.write(b"next\n")

        assert (tmp_path / "payment.log.1").read_bytes() == LINE * 20
        assert log.read_bytes() == b"next\n"

        writer.write(LINE * 10)
        keep_small(log, 1_000)
        assert (tmp_path / "payment.log.1").read_bytes() == b"next\n" + LINE * 10
        assert log.read_bytes() == b""


def test_a_line_that_is_being_written_is_not_kept_by_half(tmp_path: Path) -> None:
    log = tmp_path / "payment.log"
    log.write_bytes(LINE * 20 + b"half a li")
    keep_small(log, 1_000)

    assert (tmp_path / "payment.log.1").read_bytes() == LINE * 20
