"""Python's cycle collector, set for processes that hold many values and make few cycles."""

from __future__ import annotations

import gc


def spare_collector() -> None:
    """Look for cycles rarely, and never among what is there now. To be called once everything is imported.

    Messages and states are trees: their memory is freed by reference counts. Looking through tens of thousands of
    them every few hundred allocations finds nothing and cost up to a seventh of the time of a loaded process.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)
