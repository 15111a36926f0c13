"""Where the broker's jars come from: the published resolvers jgo (Python) and mvn; both know their repositories."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path
from xml.sax.saxutils import escape

ATTEMPTS = 3
REQUEST_TIMEOUT_S = 30
MAVEN_TIMEOUT_S = 600.0

Fetched = tuple[str, Path | str]
"""A coordinate, and its file in the staging directory or one line that says why there is none."""

JarSource = Callable[[Sequence[str], Path, Executor], Iterator[Fetched]]
"""Fetches coordinates into a staging directory, and yields each as soon as it is there."""


def jgo_source(coordinates: Sequence[str], staging: Path, pool: Executor) -> Iterator[Fetched]:
    """Fetch each jar with jgo's resolver, several at a time."""
    pending = {pool.submit(_jgo_fetch, coordinate, staging): coordinate for coordinate in coordinates}
    for done in as_completed(pending):
        yield pending[done], done.result()


def _jgo_fetch(coordinate: str, staging: Path) -> Path | str:
    # jgo takes 0.2 s to import, and is needed only when the cache lacks something.
    from jgo.maven import MavenContext  # noqa: PLC0415 - see above

    problem = ""
    for attempt in range(ATTEMPTS):
        # jgo takes a file that is there for a whole one, so every attempt starts from an empty directory.
        repository = staging / f"{coordinate.replace(':', '_')}-{attempt}"
        context = MavenContext(repo_cache=repository, timeout=REQUEST_TIMEOUT_S)
        try:
            path = context.create_dependency(coordinate).artifact.resolve()
        except (OSError, RuntimeError) as error:
            problem = f"jgo: {type(error).__name__}: {str(error).splitlines()[0][:200]}"
        else:
            return Path(path)
    return problem


def maven_source(coordinates: Sequence[str], staging: Path, pool: Executor) -> Iterator[Fetched]:
    """Fetch all jars with one run of mvn, which honours the user's mirrors and proxies."""
    maven = shutil.which("mvn")
    if maven is None:
        yield from ((coordinate, "mvn is not on PATH") for coordinate in coordinates)
        return
    pom = staging / "pom.xml"
    pom.write_text(_pom(coordinates), encoding="utf-8")
    command = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={staging}"]
    run = pool.submit(subprocess.run, command, capture_output=True, text=True, timeout=MAVEN_TIMEOUT_S, check=False)
    try:
        output = run.result().stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        output = str(error)
    first_error = next((line[:200] for line in output.splitlines() if "ERROR" in line), "mvn fetched nothing")
    for coordinate in coordinates:
        _, artifact, version = coordinate.split(":")
        path = staging / f"{artifact}-{version}.jar"
        yield coordinate, path if path.exists() else f"mvn: {first_error}"


def _pom(coordinates: Sequence[str]) -> str:
    """Return a project whose dependencies are exactly these jars: what they depend on is locked too, so left out."""
    dependencies = "".join(
        f"<dependency><groupId>{escape(group)}</groupId><artifactId>{escape(artifact)}</artifactId>"
        f"<version>{escape(version)}</version>"
        "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions></dependency>"
        for group, artifact, version in (coordinate.split(":") for coordinate in coordinates)
    )
    return (
        "<project><modelVersion>4.0.0</modelVersion>"
        "<groupId>local</groupId><artifactId>kafka-jars</artifactId><version>1</version>"
        f"<dependencies>{dependencies}</dependencies></project>\n"
    )
