"""The files that make an installation's Kafka a secure one: certificates, passwords, and what each client is told."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cli.failure import ExitCode, Failure
from schemas.access import ADMIN, PRINCIPALS

MECHANISM = "SCRAM-SHA-512"
BROKER = "broker"
VALID_DAYS = 397
RENEWED_BEFORE = timedelta(days=30)
_PASSWORD_BYTES = 32


@dataclass(frozen=True, slots=True)
class KafkaSecrets:
    """Where the files are: `broker/` for the broker alone, and a directory for each principal; all absolute.

    A directory holds everything that its process needs, so that each can be given its own and no other.
    """

    root: Path

    @property
    def authority(self) -> Path:
        """The certificate that signed the broker's: what the broker itself trusts."""
        return self.root / BROKER / "ca.pem"

    @property
    def broker_store(self) -> Path:
        """The broker's private key and its certificate, in one PEM file."""
        return self.root / BROKER / "broker.pem"

    def password_file(self, principal: str) -> Path:
        """The file with a principal's password."""
        return self.root / principal / "password"

    def environ(self, principal: str) -> dict[str, str]:
        """Return the settings of a process that connects as the principal."""
        return {
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": MECHANISM,
            "KAFKA_SASL_USERNAME": principal,
            "KAFKA_SASL_PASSWORD_FILE": str(self.password_file(principal)),
            "KAFKA_SSL_CA_LOCATION": str(self.root / principal / "ca.pem"),
        }

    def broker_environ(self) -> dict[str, str]:
        """Return the settings of a client that shows the broker's own certificate, on the listener for brokers."""
        return {
            "KAFKA_SECURITY_PROTOCOL": "SSL",
            "KAFKA_SSL_CA_LOCATION": str(self.authority),
            "KAFKA_SSL_CERTIFICATE_LOCATION": str(self.broker_store),
            "KAFKA_SSL_KEY_LOCATION": str(self.broker_store),
        }


def ensure_secrets(root: Path, hosts: Sequence[str], now: datetime) -> KafkaSecrets:
    """Make the files that are missing and return where they are. Raises Failure.

    Passwords that are there stay; certificates are made anew when they have less than 30 days left. The key that signs
    is thrown away at once: nobody can make another certificate that these clients trust.
    """
    made = KafkaSecrets(root.resolve())
    try:
        for name in (BROKER, *PRINCIPALS):
            (made.root / name).mkdir(parents=True, exist_ok=True)
            (made.root / name).chmod(0o700)
        for principal in PRINCIPALS:
            if not made.password_file(principal).exists():
                _write(made.password_file(principal), secrets.token_urlsafe(_PASSWORD_BYTES))
        if not _is_valid(made, now):
            _certify(made, hosts, now)
        _write(made.root / ADMIN / "client.env", _shell(made.environ(ADMIN)))
        _write(made.root / ADMIN / "client.properties", _java_client(made))
    except OSError as error:
        raise Failure(
            f"The secrets of Kafka cannot be kept in {root}: {error}.",
            "Choose another directory, or let this user write there.",
            ExitCode.USAGE,
        ) from error
    return made


def read_password(kept: KafkaSecrets, principal: str) -> str:
    """Return a principal's password. Raises Failure."""
    path = kept.password_file(principal)
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {error}.", "`saga topics secrets` makes it.", ExitCode.USAGE) from error


def _is_valid(kept: KafkaSecrets, now: datetime) -> bool:
    """Whether every certificate is there and good for a while; one made half by a kill is not the one in `broker/`."""
    if not kept.broker_store.exists() or not kept.authority.exists():
        return False
    authority = kept.authority.read_bytes()
    if any(_read(kept.root / name / "ca.pem") != authority for name in PRINCIPALS):
        return False
    certificate = x509.load_pem_x509_certificate(kept.broker_store.read_bytes())
    issuer = x509.load_pem_x509_certificate(authority)
    return certificate.issuer == issuer.subject and certificate.not_valid_after_utc - now > RENEWED_BEFORE


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _certify(kept: KafkaSecrets, hosts: Sequence[str], now: datetime) -> None:
    signing, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    # A name of its own each time: by it a certificate and an authority of different makings are told apart.
    authority_name = _name(f"sagaline {secrets.token_hex(8)}")
    authority = (
        _certificate(authority_name, authority_name, signing, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(signing, hashes.SHA256())
    )
    uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    certificate = (
        _certificate(_name(BROKER), authority_name, own, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
        .sign(signing, hashes.SHA256())
    )
    trusted = authority.public_bytes(Encoding.PEM).decode()
    for name in (BROKER, *PRINCIPALS):
        _write(kept.root / name / "ca.pem", trusted)
    key = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    _write(kept.broker_store, key + certificate.public_bytes(Encoding.PEM).decode())


def _certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=VALID_DAYS))
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _shell(settings: Mapping[str, str]) -> str:
    return "".join(f"export {name}='{value}'\n" for name, value in settings.items())


def _java_client(kept: KafkaSecrets) -> str:
    """Return what Kafka's own tools take by --command-config."""
    login = "org.apache.kafka.common.security.scram.ScramLoginModule"
    return (
        f"security.protocol=SASL_SSL\nsasl.mechanism={MECHANISM}\n"
        f"ssl.truststore.type=PEM\nssl.truststore.location={kept.root / ADMIN / 'ca.pem'}\n"
        f'sasl.jaas.config={login} required username="{ADMIN}" password="{read_password(kept, ADMIN)}";\n'
    )


def _write(path: Path, content: str) -> None:
    """Replace a file by one that only its owner may read, at every moment."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    draft.replace(path)


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)
