"""Deploys a definition from a file, lists what is deployed and shows one version."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from cli.definition_files import read_file
from cli.failure import ExitCode, Failure
from orchestrator.definitions.deployed import Deployed
from orchestrator.definitions.registry import VersionTaken
from orchestrator.definitions.yaml_values import written
from schemas.cloudevents import rfc3339
from schemas.codec import Codec
from services.deployment import Invalid, KafkaDeployments, NotDeployed, view

_HEADINGS = ("definition", "version", "deployed", "by", "schedule", "sha256")
_SHOWN_DIGITS = 12


def deploy_file(bootstrap: str, file: Path, actor: str, reason: str) -> str:
    """Deploy the file and return a line that says what came of it. Raises Failure."""
    written = read_file(file)
    try:
        outcome = _deployments(bootstrap).deploy(written.text, actor, reason)
    except Invalid as error:
        lines = "\n".join(one.line(written.shown) for one in error.findings)
        raise Failure(
            f"{written.shown} is not deployed.\n{lines}", "Mend it, then deploy it again.", ExitCode.CHECK_FAILED
        ) from error
    except VersionTaken as error:
        raise Failure(f"{error}.", "Versions never change.", ExitCode.CHECK_FAILED) from error
    except NotDeployed as error:
        raise _unreachable(bootstrap, error) from error
    deployed = outcome.deployed
    said = "deployed" if outcome.is_new else "was deployed already, with the same document"
    return f"{deployed.name} {deployed.semver} {said} (version {deployed.version}, sha256 {deployed.sha256})"


def list_versions(bootstrap: str, *, as_json: bool) -> str:
    """Return every version, as a table or as a JSON array. Raises Failure."""
    versions = _versions(bootstrap)
    shown = [versions[pin] for pin in sorted(versions)]
    if as_json:
        return _json([view(one) for one in shown])
    rows = [_HEADINGS, *(_row(one) for one in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def show_version(bootstrap: str, name: str, version: int | None, *, as_json: bool) -> str:
    """Return a version's document, as YAML or with its deployment as JSON. Raises Failure."""
    versions = {major: one for (known, major), one in _versions(bootstrap).items() if known == name}
    if not versions:
        raise Failure(f"There is no definition {name}.", "`saga definitions list` shows them all.", ExitCode.USAGE)
    wanted = max(versions) if version is None else version
    if wanted not in versions:
        there = ", ".join(map(str, sorted(versions)))
        raise Failure(f"There is no version {wanted} of {name}.", f"There are the versions {there}.", ExitCode.USAGE)
    if as_json:
        return _json({**view(versions[wanted]), "document": versions[wanted].document})
    return written(versions[wanted].document).rstrip()


def _row(one: Deployed) -> Sequence[str]:
    schedule = one.document.get("schedule")
    return (
        one.name,
        one.semver,
        rfc3339(one.deployed_at) if one.deployed_at else "shipped",
        one.actor,
        "" if schedule is None else orjson.dumps(schedule).decode(),
        one.sha256[:_SHOWN_DIGITS],
    )


def _json(document: object) -> str:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _versions(bootstrap: str) -> Mapping[tuple[str, int], Deployed]:
    try:
        return _deployments(bootstrap).versions()
    except NotDeployed as error:
        raise _unreachable(bootstrap, error) from error


def _deployments(bootstrap: str) -> KafkaDeployments:
    return KafkaDeployments(bootstrap, "saga-definitions", Codec(), lambda: time.time_ns() // 1_000_000, random.random)


def _unreachable(bootstrap: str, error: NotDeployed) -> Failure:
    return Failure(
        f"The cluster on {bootstrap} did not do it: {error}.",
        "Start one with `saga dev`, create its topics with `saga topics create`, or name its address with --bootstrap.",
        ExitCode.CLUSTER_UNREACHABLE,
    )
