"""Writes the lock of the broker's jars: resolves the class path with jgo and takes the sum of every file."""

from __future__ import annotations

import hashlib
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from jgo.maven import MavenContext

from cli.jar_sources import jgo_source
from cli.jars import LOCK, PARALLEL_DOWNLOADS

# 4.4.0 is incomplete in the public repository.
BROKER = "org.apache.kafka:kafka_2.13:4.3.1"
ALONE = ("org.apache.kafka:kafka-tools:4.3.1", "org.slf4j:slf4j-simple:1.7.36")
"""Jars taken without what they depend on: the tools need Kafka Connect only for commands nobody here runs."""


def main() -> None:
    """Resolve, download, and replace the lock's lines; its comments stay."""
    with tempfile.TemporaryDirectory() as staging, ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        context = MavenContext(repo_cache=Path(staging) / "poms")
        inputs, transitive = context.resolver.resolve([context.create_dependency(BROKER)])
        resolved = {f"{found.groupId}:{found.artifactId}:{found.version}" for found in (*inputs, *transitive)}
        lines = []
        for coordinate, outcome in jgo_source(sorted(resolved | set(ALONE)), Path(staging), pool):
            if isinstance(outcome, str):
                sys.exit(f"{coordinate}: {outcome}")
            lines.append(f"{coordinate} {hashlib.sha256(outcome.read_bytes()).hexdigest()}\n")
    comments = [line for line in LOCK.read_text(encoding="utf-8").splitlines(keepends=True) if line.startswith("#")]
    LOCK.write_text("".join([*comments, *sorted(lines)]), encoding="utf-8")


if __name__ == "__main__":
    main()
