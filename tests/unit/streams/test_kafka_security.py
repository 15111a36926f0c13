"""What the environment says about encryption and identity is what every client gets; half of it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.kafka_config import KafkaConfig
from streams.kafka_security import SecurityUnusable, connection


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Give the settings of a process on a secure cluster."""
    (tmp_path / "password").write_text("s3cret\n")
    (tmp_path / "ca.pem").write_text("certificate")
    return {
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": "payment",
        "KAFKA_SASL_PASSWORD_FILE": str(tmp_path / "password"),
        "KAFKA_SSL_CA_LOCATION": str(tmp_path / "ca.pem"),
    }


def test_without_settings_a_client_knows_its_address_alone() -> None:
    assert connection("kafka:9092", {}) == {"bootstrap.servers": "kafka:9092"}


def test_a_client_gets_the_password_that_is_in_the_file_now(environ: dict[str, str]) -> None:
    assert connection("kafka:9092", environ)["sasl.password"] == "s3cret"
    Path(environ["KAFKA_SASL_PASSWORD_FILE"]).write_text("changed")

    assert connection("kafka:9092", environ) == {
        "bootstrap.servers": "kafka:9092",
        "security.protocol": "SASL_SSL",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "payment",
        "sasl.password": "changed",
        "ssl.ca.location": environ["KAFKA_SSL_CA_LOCATION"],
    }


def test_every_client_of_a_member_has_them(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    config = KafkaConfig("kafka:9092", "payment", "payment-0")
    clients = [
        config.consumer(), config.producer("payment-0"), config.sender(1), config.reader(), config.offsets(),
        config.admin(),
    ]  # fmt: skip

    assert [client["sasl.username"] for client in clients] == ["payment"] * 6
    assert [client["security.protocol"] for client in clients] == ["SASL_SSL"] * 6


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL"),
        ({"KAFKA_SECURITY_PROTOCOL": ""}, "KAFKA_SECURITY_PROTOCOL is not"),
        ({"KAFKA_SASL_USERNAME": ""}, "KAFKA_SASL_USERNAME"),
        ({"KAFKA_SASL_PASSWORD_FILE": "/nowhere/password"}, "KAFKA_SASL_PASSWORD_FILE"),
        ({"KAFKA_SSL_CA_LOCATION": "/nowhere/ca.pem"}, "KAFKA_SSL_CA_LOCATION"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused_by_name(
    environ: dict[str, str], changed: dict[str, str], named: str
) -> None:
    with pytest.raises(SecurityUnusable, match=named) as refused:
        connection("kafka:9092", {**environ, **changed})

    assert "s3cret" not in str(refused.value)


def test_no_client_is_made_beside_the_one_place() -> None:
    """A client that names its brokers by itself would come without encryption and without a name."""
    root = Path(__file__).parents[3]
    product = [
        path
        for folder in ("cli", "orchestrator", "services", "streams", "verify")
        for path in (root / folder).rglob("*.py")
    ]

    assert [path.name for path in product if '"bootstrap.servers"' in path.read_text()] == ["kafka_security.py"]
