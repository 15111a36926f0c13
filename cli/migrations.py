"""Brings every service's database to the schema its code expects, before the service starts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cli.failure import Failure
from cli.supervisor import last_line

TIMEOUT_S = 120.0


def migrate(urls: Mapping[str, str], environ: Mapping[str, str], log: Path) -> None:
    """Migrate each service's database, given by its SQLAlchemy address. Raises Failure naming the first that fails."""
    with log.open("ab") as output, ThreadPoolExecutor(2) as pool:

        def one(service: str, url: str) -> int:
            return subprocess.run(  # noqa: S603 - our own command line, no shell is involved
                [sys.executable, "-m", "services.migrate", service],
                env={**environ, "DATABASE_URL": url},
                stdout=output,
                stderr=output,
                timeout=TIMEOUT_S,
                check=False,
            ).returncode

        codes = dict(zip(urls, pool.map(one, urls, urls.values()), strict=True))
    failed = next((service for service, code in codes.items() if code != 0), None)
    if failed is not None:
        raise Failure(f"The database of {failed} could not be migrated: {last_line(log)}", f"Read {log}.")
