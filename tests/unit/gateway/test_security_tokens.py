"""Tokens: one algorithm for each key, issuer, audience and times as they must be, and everything else refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from functools import cache
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from services.gateway.security.identity import Identity, Scope
from services.gateway.security.tokens import BadTokenKeys, Expected, read_token_keys, verify

NOW_S = 1_700_000_000
EXPECTED = Expected("https://issuer.example", "sagaline")
CLAIMS: dict[str, Any] = {
    "iss": EXPECTED.issuer, "aud": EXPECTED.audience, "sub": "17850", "scope": "customer",
    "nbf": NOW_S - 60, "exp": NOW_S + 60,
}  # fmt: skip
ALGORITHMS = ("RS256", "ES256", "EdDSA")


@cache
def private_key(algorithm: str) -> Any:
    """Return a private key for an algorithm."""
    match algorithm:
        case "RS256":
            return rsa.generate_private_key(65537, 2048)
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def pem(algorithm: str) -> bytes:
    """Return the public key as a file has it."""
    public = private_key(algorithm).public_key()
    return bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def token(algorithm: str = "ES256", without: str = "", **changes: Any) -> str:
    """Return a token of our own issuer, with changes."""
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if name != without}
    return jwt.encode(claims, private_key(algorithm), algorithm=algorithm)


def identified(presented: str, algorithm: str = "ES256") -> Identity | None:
    """Return whom a token stands for with the key of an algorithm."""
    return verify(presented, read_token_keys(pem(algorithm)), EXPECTED, NOW_S)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_good_token_is_its_subject(algorithm: str) -> None:
    found = identified(token(algorithm), algorithm)
    assert found == Identity("jwt:17850", "17850", frozenset({Scope.CUSTOMER}), frozenset({"17850"}))


def test_a_token_need_not_say_from_when_on_it_is_good() -> None:
    assert identified(token(without="nbf")) is not None


def test_scopes_are_words_and_unknown_ones_give_nothing() -> None:
    found = identified(token(scope="openid operator admin", sub="olga"))
    assert found is not None
    assert (found.name, found.scopes) == ("olga", frozenset({Scope.OPERATOR, Scope.ADMIN}))
    assert identified(token(scope="openid profile")) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"aud": ["another"]},
        {"iss": "https://evil.example"},
        {"exp": NOW_S - 31},
        {"nbf": NOW_S + 31},
        {"nbf": "soon"},
        {"nbf": None},
        {"exp": "never"},
        {"exp": None},
        {"sub": ""},
        {"sub": "a b"},
        {"sub": "<b>"},
        {"sub": 17850},
        {"scope": ["customer"]},
        {"scope": None},
        *({"without": name} for name in ("exp", "iss", "aud", "sub", "scope")),
    ],
    ids=str,
)
def test_a_token_with_anything_wrong_is_refused(changes: dict[str, Any]) -> None:
    assert identified(token()) is not None
    try:
        presented = token(**changes)
    except (TypeError, jwt.PyJWTError):
        presented = signed_by_hand({**CLAIMS, **changes})
    assert identified(presented) is None


def segment(document: dict[str, Any]) -> str:
    """Return a part of a token."""
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def signed_by_hand(claims: dict[str, Any]) -> str:
    """Return a well signed token with claims that the library would not sign."""
    signer = jwt.get_algorithm_by_name("ES256")
    signing_input = f"{segment({'alg': 'ES256', 'typ': 'JWT'})}.{segment(claims)}"
    signature = signer.sign(signing_input.encode(), private_key("ES256"))
    return f"{signing_input}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def test_a_token_without_a_signature_is_refused() -> None:
    for algorithm in ("none", "None", "NONE"):
        assert identified(f"{segment({'alg': algorithm, 'typ': 'JWT'})}.{segment(CLAIMS)}.") is None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_public_key_is_no_shared_secret(algorithm: str) -> None:
    signing_input = f"{segment({'alg': 'HS256', 'typ': 'JWT'})}.{segment(CLAIMS)}"
    signature = hmac.new(pem(algorithm), signing_input.encode(), hashlib.sha256).digest()
    forged = f"{signing_input}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    assert identified(forged, algorithm) is None


def test_another_key_another_algorithm_and_an_altered_token_are_refused() -> None:
    good = token()
    head, claims, signature = good.split(".")
    forged = segment({**CLAIMS, "sub": "13047"})
    stranger = jwt.encode(CLAIMS, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256")
    longer = jwt.encode(CLAIMS, private_key("RS256"), algorithm="RS512")
    for presented in (f"{head}.{forged}.{signature}", f"{head}.{claims}.", stranger, longer, "", "a.b.c", "x" * 20_000):
        assert identified(presented) is None
    assert identified(longer, "RS256") is None
    assert identified(token("RS256")) is None


def jwks(*keys: tuple[str, str]) -> bytes:
    """Return a key set of (algorithm, key id)."""
    documents = []
    for algorithm, key_id in keys:
        public = private_key(algorithm).public_key()
        document = jwt.get_algorithm_by_name(algorithm).to_jwk(public, as_dict=True)
        documents.append({**document, "kid": key_id})
    return orjson.dumps({"keys": documents})


def test_a_key_set_has_several_keys_so_that_they_rotate() -> None:
    keys = read_token_keys(jwks(("ES256", "old"), ("EdDSA", "new"), ("RS256", "third")))
    for algorithm in ALGORITHMS:
        assert verify(token(algorithm), keys, EXPECTED, NOW_S) is not None
    misnamed = jwt.encode(CLAIMS, private_key("ES256"), algorithm="ES256", headers={"kid": "gone"})
    assert verify(misnamed, keys, EXPECTED, NOW_S) is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b'{"keys": []}',
        b'{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}',
        b'{"keys": ["planted"]}',
        b"-----BEGIN PUBLIC KEY-----\nplanted\n-----END PUBLIC KEY-----\n",
    ],
)
def test_a_file_without_a_usable_key_is_refused(text: bytes) -> None:
    with pytest.raises(BadTokenKeys) as refused:
        read_token_keys(text)
    assert "planted" not in str(refused.value)


def test_a_short_key_is_refused() -> None:
    public = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505 - what must be refused
    with pytest.raises(BadTokenKeys, match="2048"):
        read_token_keys(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
