"""CPU time of processes, as the kernel counts it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

MACHINE = "machine"
"""Stands for all processes there are, in what `cpu_ms` returns."""

_MS_PER_TICK = 1_000 / os.sysconf("SC_CLK_TCK")


def cpu_ms(pids: Mapping[str, int]) -> dict[str, float]:
    """Return the milliseconds each process has spent so far, all its threads together, and those of MACHINE.

    Raises FileNotFoundError for a process that is gone.
    """
    spent = {MACHINE: _busy_ms()}
    for name, pid in pids.items():
        # The command, in parentheses, may hold blanks: what follows the last parenthesis begins with field 3.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        spent[name] = (int(fields[11]) + int(fields[12])) * _MS_PER_TICK
    return spent


def _busy_ms() -> float:
    user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen = (
        int(ticks) for ticks in Path("/proc/stat").read_text(encoding="ascii").split()[1:9]
    )
    return (user + nice + system + interrupts + soft_interrupts + stolen) * _MS_PER_TICK
