"""The files of a secure Kafka: for their owner alone, kept from run to run, certificates made anew in time."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from cli.kafka_secrets import VALID_DAYS, ensure_secrets
from schemas.access import PRINCIPALS

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_nobody_but_the_owner_reads_them(tmp_path: Path) -> None:
    kept = ensure_secrets(tmp_path / "secrets", ["127.0.0.1"], NOW)

    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in kept.root.rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}


def test_passwords_and_certificates_stay_from_run_to_run(tmp_path: Path) -> None:
    kept = ensure_secrets(tmp_path, ["127.0.0.1"], NOW)
    before = {path: path.read_bytes() for path in kept.root.rglob("*") if path.is_file()}

    ensure_secrets(tmp_path, ["127.0.0.1"], NOW + timedelta(days=300))

    assert {path: path.read_bytes() for path in kept.root.rglob("*") if path.is_file()} == before
    assert len({kept.password_file(principal).read_text() for principal in PRINCIPALS}) == len(PRINCIPALS)


def test_certificates_that_end_soon_are_made_anew_and_passwords_are_not(tmp_path: Path) -> None:
    kept = ensure_secrets(tmp_path, ["127.0.0.1"], NOW)
    first, password = kept.authority.read_bytes(), kept.password_file(PRINCIPALS[0]).read_text()
    later = NOW + timedelta(days=VALID_DAYS - 20)

    ensure_secrets(tmp_path, ["127.0.0.1"], later)

    certificate = x509.load_pem_x509_certificate(kept.broker_store.read_bytes())
    assert certificate.not_valid_after_utc > later + timedelta(days=300)
    assert kept.authority.read_bytes() != first
    assert kept.password_file(PRINCIPALS[0]).read_text() == password


def test_a_renewal_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    kept = ensure_secrets(tmp_path, ["127.0.0.1"], NOW)
    other = ensure_secrets(tmp_path / "other", ["127.0.0.1"], NOW)
    (kept.root / PRINCIPALS[-1] / "ca.pem").write_bytes(other.authority.read_bytes())

    ensure_secrets(tmp_path, ["127.0.0.1"], NOW)

    assert {(kept.root / name / "ca.pem").read_bytes() for name in PRINCIPALS} == {kept.authority.read_bytes()}


def test_no_signing_key_is_kept(tmp_path: Path) -> None:
    kept = ensure_secrets(tmp_path, ["127.0.0.1"], NOW)

    holding = [path.name for path in kept.root.rglob("*.pem") if "PRIVATE KEY" in path.read_text()]
    assert holding == ["broker.pem"]
    assert (
        x509.load_pem_x509_certificate(kept.authority.read_bytes()).subject.rfc4514_string().startswith("CN=sagaline")
    )
