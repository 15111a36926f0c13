"""What `saga dev` protects: `--secure` means the gateway and personal data too, and a vault that was used stays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.data_directory import DataDirectory
from cli.dev import DevOptions, arranged
from cli.options import API_KEY_FILE
from cli.process_table import processes

ASKS, SEALS, LOOKS_UP = ("gateway", "GATEWAY_AUTH"), ("gateway", "VAULT_MASTER_KEY_FILE"), ("shipping", "VAULT_URL")


def told(directory: Path, *switches: str) -> Mapping[tuple[str, str], str | None]:
    """Return what the processes of an installation with these switches are told about its protection."""
    options = DevOptions(
        directory, 8080, 9092, 1, reset=False, cluster=None, auth="auth" in switches, secure="secure" in switches,
        vault="vault" in switches,
    )  # fmt: skip
    environs = {one.name: one.environ for one in processes(arranged(options, DataDirectory(directory), None, {}))}
    return {(process, name): environs[process].get(name) for process, name in (ASKS, SEALS, LOOKS_UP)}


def test_secure_has_the_gateway_ask_for_keys_and_seal_personal_data(tmp_path: Path) -> None:
    made = told(tmp_path, "secure")
    assert made[ASKS] == "required"
    assert made[SEALS]
    assert made[LOOKS_UP] == "http://127.0.0.1:8080"
    assert (tmp_path / API_KEY_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("switches", "asks", "seals"),
    [((), "off", False), (("auth",), "required", False), (("vault",), "off", True)],
    ids=["plain", "auth alone", "vault alone"],
)
def test_without_secure_each_is_had_for_its_own_switch(
    tmp_path: Path, switches: tuple[str, ...], asks: str, *, seals: bool
) -> None:
    made = told(tmp_path, *switches)
    assert made[ASKS] == asks
    assert (made[SEALS] is not None, made[LOOKS_UP] is not None) == (seals, seals)


def test_a_vault_that_sealed_addresses_is_used_again_without_the_switch(tmp_path: Path) -> None:
    """Otherwise the carrier would be given references for addresses."""
    first = told(tmp_path, "vault")
    assert told(tmp_path) == first
