"""What a process holds and uses, as Linux tells in /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Use:
    """What a process holds now, and the CPU time it has used since its start."""

    threads: int
    sockets: int
    resident_mb: float
    cpu_s: float


def use_of(pid: int) -> Use:
    """Return what a process holds and has used. Raises OSError where it is gone."""
    directory = Path("/proc") / str(pid)
    lines = (directory / "status").read_text(encoding="utf-8").splitlines()
    status = dict(line.split(":", 1) for line in lines if ":" in line)
    fields = (directory / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return Use(
        threads=int(status["Threads"]),
        sockets=sum(_target(link).startswith("socket:") for link in (directory / "fd").iterdir()),
        resident_mb=int(status["VmRSS"].split()[0]) / 1024,
        cpu_s=(int(fields[11]) + int(fields[12])) / _TICKS,
    )


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""  # closed since it was listed
