"""Signatures by Standard Webhooks, limits of clients, settings that are safe, and the table of routes."""

from __future__ import annotations

import base64

import pytest

from services.gateway.security.access import AccessTable
from services.gateway.security.limits import Limits
from services.gateway.security.settings import Unsafe, is_loopback, read_security
from services.signatures import NotSigned, Signed, headers_of, read_headers, signature, verify

SECRET, OTHER = b"s" * 32, b"t" * 32
NOW_S = 1_700_000_000


def test_a_signature_is_that_of_the_published_example() -> None:
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    signed = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_any_secret_of_several_may_have_signed() -> None:
    headers = headers_of([OTHER, SECRET], "msg_1", NOW_S, b"body")
    for secrets in ([SECRET], [OTHER], [b"x" * 32, SECRET]):
        verify(secrets, read_headers(headers), b"body", NOW_S)


@pytest.mark.parametrize(
    ("changed", "body", "now_s"),
    [
        (Signed("msg_2", NOW_S, ()), b"body", NOW_S),
        (Signed("msg_1", NOW_S + 1, ()), b"body", NOW_S),
        (Signed("msg_1", NOW_S, ()), b"bodY", NOW_S),
        (Signed("msg_1", NOW_S, ()), b"body", NOW_S + 301),
        (Signed("msg_1", NOW_S, ()), b"body", NOW_S - 301),
    ],
)
def test_what_is_altered_or_old_is_not_signed(changed: Signed, body: bytes, now_s: float) -> None:
    made = read_headers(headers_of([SECRET], "msg_1", NOW_S, b"body")).signatures
    verify([SECRET], Signed("msg_1", NOW_S, made), b"body", NOW_S + 300)
    with pytest.raises(NotSigned):
        verify([SECRET], changed._replace(signatures=made), body, now_s)


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": None},
        {"webhook-timestamp": None},
        {"webhook-signature": None},
        {"webhook-id": "a.b"},
        {"webhook-id": ""},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "9" * 30},
    ],
    ids=str,
)
def test_unusable_headers_are_no_signature(changes: dict[str, str | None]) -> None:
    headers = {**headers_of([SECRET], "msg_1", NOW_S, b"body"), **changes}
    with pytest.raises(NotSigned):
        read_headers({name: value for name, value in headers.items() if value is not None})


def test_the_older_version_of_a_signature_is_none() -> None:
    made = signature(SECRET, "msg_1", NOW_S, b"body")
    for text in (made.removeprefix("v1,"), made.replace("v1,", "v1a,"), "v1,", ""):
        with pytest.raises(NotSigned):
            verify([SECRET], Signed("msg_1", NOW_S, (text,)), b"body", NOW_S)


def test_a_client_has_a_burst_and_then_its_rate() -> None:
    clock = [0.0]
    limits = Limits(10.0, None, lambda: clock[0])
    assert [limits.enter("shop", None) for _ in range(21)] == [None] * 20 + [1]
    assert limits.enter("other", None) is None
    clock[0] = 0.1
    assert [limits.enter("shop", None) for _ in range(2)] == [None, 1]
    clock[0] = 100.0
    assert [limits.enter("shop", None) for _ in range(21)] == [None] * 20 + [1]


def test_a_slow_client_is_told_how_long_to_wait() -> None:
    limits = Limits(None, None, lambda: 0.0)
    assert [limits.enter("shop", 0.1) for _ in range(2)] == [None, 10]


def test_a_client_has_so_many_requests_in_hand() -> None:
    limits = Limits(None, 2, lambda: 0.0)
    assert [limits.enter("shop", None) for _ in range(3)] == [None, None, 1]
    limits.leave("shop")
    assert [limits.enter("shop", None) for _ in range(2)] == [None, 1]
    assert limits.enter("other", None) is None


@pytest.mark.parametrize(
    ("environment", "host", "names"),
    [
        ({}, "127.0.0.1", "GATEWAY_AUTH"),
        ({"GATEWAY_AUTH": "no"}, "127.0.0.1", "GATEWAY_AUTH"),
        ({"GATEWAY_AUTH": "required"}, "127.0.0.1", "GATEWAY_KEYS_FILE"),
        ({"GATEWAY_AUTH": "off"}, "0.0.0.0", "HOST"),  # noqa: S104 - what must be refused
        ({"GATEWAY_AUTH": "off"}, "::", "HOST"),
        ({"GATEWAY_AUTH": "off"}, "shop.example", "HOST"),
        ({"GATEWAY_JWT_KEYS_FILE": "k.pem"}, "127.0.0.1", "GATEWAY_JWT_ISSUER"),
        ({"GATEWAY_JWT_KEYS_FILE": "k.pem", "GATEWAY_JWT_ISSUER": "i"}, "127.0.0.1", "GATEWAY_JWT_AUDIENCE"),
        ({"GATEWAY_KEYS_FILE": "k", "GATEWAY_RATE_PER_S": "fast"}, "127.0.0.1", "GATEWAY_RATE_PER_S"),
        ({"GATEWAY_KEYS_FILE": "k", "GATEWAY_RATE_PER_S": "-1"}, "127.0.0.1", "GATEWAY_RATE_PER_S"),
        ({"GATEWAY_KEYS_FILE": "k", "GATEWAY_MAX_CONCURRENT": "1.5"}, "127.0.0.1", "GATEWAY_MAX_CONCURRENT"),
    ],
    ids=str,
)
def test_settings_that_leave_the_gateway_open_are_refused(environment: dict[str, str], host: str, names: str) -> None:
    with pytest.raises(Unsafe, match=names):
        read_security(environment, host)


def test_settings_that_are_safe() -> None:
    off = read_security({"GATEWAY_AUTH": "off"}, "127.0.0.1")
    assert (off.required, off.rate_per_s, off.max_concurrent) == (False, None, None)
    on = read_security({"GATEWAY_KEYS_FILE": "k", "GATEWAY_RATE_PER_S": "20"}, "0.0.0.0")  # noqa: S104 - keys guard it
    assert (on.required, on.rate_per_s, on.max_concurrent) == (True, 20.0, 200)
    assert [is_loopback(host) for host in ("localhost", "127.0.0.9", "::1", "10.0.0.1")] == [True, True, True, False]


@pytest.mark.parametrize(
    ("method", "path", "order_id", "is_known"),
    [
        ("GET", "/v1/orders/ord_a", "ord_a", True),
        ("GET", "/v1/orders/ord_a/history", "ord_a", True),
        ("GET", "/v1/orders", None, True),
        ("GET", "/v1/orders/", None, False),
        ("GET", "/v1/orders//history", None, False),
        ("GET", "/v1/orders/ord_a/history/", None, False),
        ("GET", "/v1/orders/ord_a\n/history", "ord_a\n", True),
        ("GET", "/v1/orders/ord_a/history\n", None, False),
        ("GET", "/V1/orders", None, False),
        ("DELETE", "/v1/orders", None, False),
        ("GET", "", None, False),
    ],
)
def test_the_table_finds_what_a_request_is_for(method: str, path: str, order_id: str | None, is_known: bool) -> None:
    found = AccessTable().find(method, path)
    assert (found is not None and found.rule is not None) is is_known
    assert (None if found is None else found.order_id) == order_id
