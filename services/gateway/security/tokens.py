"""JSON Web Tokens: which identity a signed token stands for. Algorithms are pinned by the kind of the key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from services.gateway.security.identity import Identity, Scope

LEEWAY_S = 30
"""How far clocks may differ, in seconds."""
_MIN_RSA_BITS = 2048
_LONGEST = 8192
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_REQUIRED = ["exp", "iss", "aud", "sub"]


class BadTokenKeys(ValueError):
    """The file holds no key that tokens may be verified with."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A public key, the one algorithm it is used with, and its name; None: it fits every token of the algorithm."""

    key: RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey
    algorithm: str
    key_id: str | None


@dataclass(frozen=True, slots=True)
class Expected:
    """Who issues tokens, and for whom."""

    issuer: str
    audience: str


def read_token_keys(text: bytes) -> Sequence[TokenKey]:
    """Read a JWKS document or one public key in PEM. Raises BadTokenKeys."""
    try:
        if not text.lstrip().startswith(b"{"):
            return (_token_key(load_pem_public_key(text), None),)
        keys = [_token_key(jwt.PyJWK(_public(entry)).key, entry.get("kid")) for entry in orjson.loads(text)["keys"]]
    except BadTokenKeys:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm, jwt.PyJWTError) as error:
        raise BadTokenKeys(f"it is neither JWKS nor a public key in PEM ({type(error).__name__})") from None
    if not keys:
        raise BadTokenKeys("it holds no key")
    return keys


def _public(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a key of a JWKS without what a private one would have more. Raises BadTokenKeys for symmetric keys."""
    if entry["kty"] == "oct":
        raise BadTokenKeys("a symmetric key may not verify tokens: RS256, ES256 and EdDSA are the only algorithms")
    return {name: entry[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in entry}


def _token_key(key: object, key_id: str | None) -> TokenKey:
    match key:
        case RSAPublicKey() if key.key_size >= _MIN_RSA_BITS:
            return TokenKey(key, "RS256", key_id)
        case EllipticCurvePublicKey() if isinstance(key.curve, SECP256R1):
            return TokenKey(key, "ES256", key_id)
        case Ed25519PublicKey():
            return TokenKey(key, "EdDSA", key_id)
        case _:
            raise BadTokenKeys(f"keys must be RSA of {_MIN_RSA_BITS} bits or more, P-256 or Ed25519")


def verify(token: str, keys: Sequence[TokenKey], expected: Expected, now_s: float) -> Identity | None:
    """Return whom a token stands for, None where anything about it is not as it should be."""
    claims = _claims(token, keys, expected)
    if claims is None or not _is_now(claims, now_s):
        return None
    subject, asked = claims["sub"], claims.get("scope")
    if not isinstance(asked, str) or not _SUBJECT.fullmatch(subject):
        return None
    scopes = frozenset(Scope(name) for name in asked.split() if name in set(Scope))
    return Identity(f"jwt:{subject}", subject, scopes, frozenset({subject})) if scopes else None


def _claims(token: str, keys: Sequence[TokenKey], expected: Expected) -> dict[str, Any] | None:
    """Return the claims of a token that one of the keys signed; its times are not judged yet."""
    if len(token) > _LONGEST:
        return None
    try:
        header = jwt.get_unverified_header(token)
        fitting = [key for key in keys if key.algorithm == header.get("alg") and _named(key, header.get("kid"))]
        for key in fitting:
            try:
                return jwt.decode(
                    token,
                    key.key,
                    algorithms=[key.algorithm],
                    audience=expected.audience,
                    issuer=expected.issuer,
                    options={"require": _REQUIRED, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
                )
            except jwt.InvalidSignatureError:
                continue
    except (jwt.PyJWTError, ValueError):
        return None
    return None


def _named(key: TokenKey, key_id: object) -> bool:
    return key.key_id is None or key_id is None or key.key_id == key_id


def _is_now(claims: Mapping[str, Any], now_s: float) -> bool:
    """Judge a token's times by the gateway's own clock, which is an input; many issuers write no `nbf`."""
    expires, begins = claims["exp"], claims.get("nbf", 0)
    if not all(isinstance(at, int | float) and not isinstance(at, bool) for at in (expires, begins)):
        return False
    return bool(begins - LEEWAY_S <= now_s < expires + LEEWAY_S)
