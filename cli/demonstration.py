"""`saga demo`: becomes the process of `scripts/demo`, which stands above this package and knows it."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from cli.failure import Failure

_DEMO = "campaigns.demo"


def run_demo(*, keep: bool, data: Path | None) -> None:
    """Replace this process by the demo. Raises Failure where it is not installed."""
    if find_spec(_DEMO.partition(".")[0]) is None:
        raise Failure("The demo is not installed here.", "Run scripts/demo in a clone of the repository.")
    arguments = [*(["--keep"] if keep else []), *(["--data", str(data)] if data is not None else [])]
    # Nothing but the interpreter that runs this, with a module of this product and two options.
    os.execv(sys.executable, [sys.executable, "-m", _DEMO, *arguments])  # noqa: S606 - see above
