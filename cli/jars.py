"""The class path of the embedded broker: locked coordinates, resolved by jgo or mvn, every SHA-256 verified."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cli.failure import Failure
from cli.jar_sources import JarSource, jgo_source, maven_source

LOCK = Path(__file__).with_name("kafka-jars.lock")
PARALLEL_DOWNLOADS = 12

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked jar: `group:artifact:version` and the SHA-256 its file must have."""

    coordinate: str
    sha256: str

    @property
    def file_name(self) -> str:
        """The name a Maven repository gives the file."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


def read_lock(path: Path = LOCK) -> tuple[Jar, ...]:
    """Return the locked jars; comment lines and blank lines are skipped."""
    lines = (line.split("#", 1)[0].split() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(Jar(fields[0], fields[1]) for fields in lines if fields)


def kafka_version(jars: Sequence[Jar]) -> str:
    """Return the locked version of Apache Kafka."""
    return next(jar.coordinate.rsplit(":", 1)[1] for jar in jars if ":kafka_2.13:" in jar.coordinate)


def cache_directory(environ: Mapping[str, str], jars: Sequence[Jar]) -> Path:
    """Return the user's cache directory for these jars; nothing is created."""
    root = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".cache")
    return Path(root) / "sagaline" / f"kafka-{kafka_version(jars)}"


def ensure_jars(
    cache: Path, jars: Sequence[Jar], report: Report, sources: Sequence[JarSource] = (jgo_source, maven_source)
) -> list[Path]:
    """Return the class path, fetching what the cache lacks. Raises Failure; a file with a wrong sum is never used.

    A jar reaches the cache by an atomic rename after its sum was checked, so a kill leaves no half of one there and
    two runs at once do no harm. Cached files are checked again on every call (about 0.1 s for all of them).
    """
    missing = [jar for jar in jars if not _matches(cache / jar.file_name, jar.sha256)]
    if missing:
        _fetch(cache, missing, len(jars), report, sources)
    return [cache / jar.file_name for jar in jars]


def _fetch(cache: Path, missing: Sequence[Jar], total: int, report: Report, sources: Sequence[JarSource]) -> None:
    report(f"Kafka: fetching {len(missing)} of {total} jars into {cache}")
    problems: list[str] = []
    try:
        cache.mkdir(parents=True, exist_ok=True)
        for source in sources:
            with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as staging:
                problems += _fetch_from(source, Path(staging), cache, missing, report)
            missing = [jar for jar in missing if not (cache / jar.file_name).exists()]
            if not missing:
                return
    except OSError as error:
        raise Failure(
            f"The jar cache {cache} cannot be written: {error}.", "Free space there, or set XDG_CACHE_HOME."
        ) from error
    raise Failure(
        f"{len(missing)} jars of the Kafka broker could not be fetched, {missing[0].coordinate} first: "
        + "; ".join(dict.fromkeys(problems)),
        "Check the network and run the command again (mvn on PATH brings its mirrors and proxies along); or set "
        "KAFKA_BOOTSTRAP_SERVERS to a running cluster.",
    )


def _fetch_from(source: JarSource, staging: Path, cache: Path, missing: Sequence[Jar], report: Report) -> list[str]:
    """Fetch, verify and keep what one source has; return what went wrong, one line each."""
    by_coordinate = {jar.coordinate: jar for jar in missing}
    problems: list[str] = []
    kept = 0
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS, thread_name_prefix="jars") as pool:
        for coordinate, outcome in source(tuple(by_coordinate), staging, pool):
            jar = by_coordinate[coordinate]
            match outcome:
                case str():
                    problems.append(outcome)
                case Path() if not _matches(outcome, jar.sha256):
                    raise _wrong_sum(jar, outcome)
                case Path():
                    # Readers of the cache must only ever see whole files.
                    os.replace(outcome, cache / jar.file_name)
                    kept += 1
                    if kept % 10 == 0 or kept == len(missing):
                        report(f"Kafka: {kept}/{len(missing)} jars")
    return problems


def _wrong_sum(jar: Jar, path: Path) -> Failure:
    return Failure(
        f"{jar.coordinate} has SHA-256 {_sha256(path)}, but the lock demands {jar.sha256}. It was not used.",
        f"Something on the way changed the file, or {LOCK.name} is out of date: do not work around it, find out which.",
    )


def _matches(path: Path, sha256: str) -> bool:
    try:
        return _sha256(path) == sha256
    except FileNotFoundError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def free_bytes(path: Path) -> int:
    """Return the free bytes of the file system that holds `path` or its nearest existing parent."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free
