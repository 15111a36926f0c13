"""Requests made from the API's own description find no crash, no status and no body that it does not describe."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from typing import Any
from urllib.parse import quote

import hypothesis
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from streams.record import Record
from tests.contract.gateway.gate import gateway
from tests.contract.gateway.letters import keep, letter, report
from tests.contract.gateway.story import BORN_MS, Story, entries, projector

EXAMPLES = 12
REAL: Mapping[str, Sequence[object]] = {
    "order_id": ["ord_a", "ord_b"],
    "saga_id": ["ord_a", "etl_1"],
    "approval_id": ["ord_a"],
    "letter_id": ["0-0", "0-1", "0-2"],
    "name": ["etl", "order-fulfillment"],
    "version": [1],
    "subject": ["sagaline.saga.Signal"],
    "schema_id": [114],
}
"""Values that name something, so that not every request is a 404."""


@contextmanager
def served(urls: tuple[str, str]) -> Iterator[tuple[str, Any]]:
    """Serve a gateway on a free port from a thread; gives its address and its description."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        ready, described = threading.Event(), list[Any]()
        servers: list[uvicorn.Server] = []

        async def serve() -> None:
            async with gateway(*urls) as gate:
                described.append(_open(gate.routes.openapi()))
                servers.append(uvicorn.Server(uvicorn.Config(gate.app, log_config=None, timeout_graceful_shutdown=1)))
                ready.set()
                await servers[0].serve([listener])

        thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        thread.start()
        assert ready.wait(30)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", described[0]
        finally:
            servers[0].should_exit = True
            thread.join(30)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
def test_what_is_made_from_the_description_is_answered_as_it_says(
    new_sqlite_url: Callable[[str], str], mode: GenerationMode
) -> None:
    urls = (new_sqlite_url("gateway"), new_sqlite_url("projector"))
    waiting = Story("ord_a").started().awaiting_approval()
    with projector(urls[1]) as (projection, _):
        projection.project(entries(waiting, Story("ord_b").shipped(), Story("etl_1", definition="etl").started()))
    keep(
        urls[1],
        letter(0, Record("saga.inputs", 0, 7, BORN_MS, b"ord_a", b"x", []), "undecodable", ""),
        letter(1, Record("saga.replies", 0, 7, BORN_MS, b"ord_b", b"\x00\x00\x00\x00\x72", []), "undecodable", ""),
        report(2, "etl_1", "load", "step_held", 2),
    )
    found: list[str] = []
    with served(urls) as (address, description):
        for operation in schemathesis.openapi.from_dict(description).get_all_operations():
            assert isinstance(operation, Ok)
            try:
                _try(operation.ok(), mode, address)
            except Unsatisfiable:
                continue  # nothing about it can be wrong
            except FailureGroup as failure:
                found.append(f"{operation.ok().label}: {failure}")
    assert not found, "\n\n".join(found)


def _open(whole: Any) -> Any:
    """Return the description without what it says of credentials: they are tried on every route elsewhere."""
    description = deepcopy(whole)  # the application has one, and adds what is missing in it
    del description["components"]["securitySchemes"]
    for operations in description["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
    return description


def _try(operation: Any, mode: GenerationMode, address: str) -> None:
    """Try one operation with a bounded number of requests."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode), real=st.integers(0, 7))
    def trial(case: Any, real: int) -> None:
        if mode is GenerationMode.POSITIVE and real:
            for name, values in REAL.items():
                if name in case.path_parameters:
                    case.path_parameters[name] = values[real % len(values)]
        if case.path.endswith("/events") and case.path_parameters["order_id"] == "ord_a":
            return  # it would be followed for as long as a test may take
        case.headers.pop("Prefer", None)
        hypothesis.assume(
            len(quote(str(case.query))) < 7_000
        )  # longer addresses are a 414, which is no answer to a value
        # What a schema cannot say is a 422 too: that a total is the sum of its lines, that an id is known.
        case.call_and_validate(
            base_url=address,
            excluded_checks=[positive_data_acceptance],
            timeout=60,
        )

    trial()
