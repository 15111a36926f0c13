"""Personal data by reference: sealed where an order comes in, looked up with a proof, gone with its key."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from functools import partial
from itertools import count

import pytest

from schemas.personal_data import PREFIX, RESOLVE, proof
from services.gateway.vault.keys import Erased, SqlVault, VaultAccess
from services.gateway.vault.sealing import NotOpened
from services.participant.database import Database
from tests.contract.gateway.callers import CALLERS, call, known
from tests.contract.gateway.gate import Answer, Gate, Run, gateway, runner
from tests.order_form import form

MASTER, READER = b"m" * 32, b"r" * 32
ADDRESS = "7 Marker Lane"
ERASE = "/v1/customers/17850/personal-data"


def vault_on(database: Database, now_ms: Callable[[], int] = lambda: 1) -> SqlVault:
    numbers = count()

    def random_bytes(length: int) -> bytes:
        return hashlib.shake_256(f"{id(database)} {next(numbers)}".encode()).digest(length)

    return SqlVault(database, MASTER, now_ms, random_bytes)


@pytest.fixture
def run(new_url: Callable[[str], str]) -> Run:
    """Give a runner of scenarios on a gateway with a vault, on each kind of database."""
    urls = (new_url("gateway"), new_url("projector"))

    def vault(database: Database) -> VaultAccess:
        return VaultAccess(vault_on(database), READER)

    return runner(partial(gateway, *urls, known(CALLERS), vault=vault))


async def post(gate: Gate, key: str = "k1", address: str = ADDRESS) -> Answer:
    shipping = {"method": "standard", "country": "France", "address": address}
    return await call(gate, "shop", "POST", "/v1/orders", form(shipping=shipping), key=key)


def reference(gate: Gate, number: int = -1) -> str:
    """Return what stands for the address in a record that the gateway wrote."""
    data = gate.outlet.sent[number].fields["data"]
    start = data.index(PREFIX)
    return str(data[start : data.index('"', start)])


async def resolve(gate: Gate, asked: str, key: bytes = READER) -> Answer:
    return await gate.call("POST", RESOLVE, {"reference": asked, "proof": proof(key, asked)})


def test_an_address_leaves_the_gateway_as_a_reference_that_its_reader_can_look_up(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        assert (await post(gate)).status == 202
        assert ADDRESS not in str(gate.outlet.sent)
        found = await resolve(gate, reference(gate))
        assert (found.status, found.body) == (200, {"text": ADDRESS})

    run(scenario)


def test_a_repeated_order_is_the_same_order_and_another_address_makes_another(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        first, again = await post(gate), await post(gate)
        assert (first.status, again.status) == (202, 202)
        assert first.body == again.body
        assert len(gate.outlet.sent) == 1
        assert (await post(gate, address="8 Other Lane")).status == 422

    run(scenario)


def test_nobody_reads_what_was_erased_and_the_customer_may_order_again(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        await post(gate)
        await post(gate, "k2", "9 Second Lane")
        erased = await call(gate, "olga", "DELETE", ERASE)
        assert (erased.status, erased.body) == (200, {"customer_id": "17850", "keys_destroyed": 1})
        for number in (0, 1):
            assert (await resolve(gate, reference(gate, number))).body == {"erased": True}

        assert (await post(gate, "k3")).status == 202
        assert (await resolve(gate, reference(gate))).body == {"text": ADDRESS}
        assert (await resolve(gate, reference(gate, 0))).body == {"erased": True}
        assert (await call(gate, "adam", "DELETE", ERASE)).body["keys_destroyed"] == 1
        assert (await call(gate, "adam", "DELETE", ERASE)).body["keys_destroyed"] == 0

    run(scenario)


def test_only_operators_and_administrators_erase(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        await post(gate)
        assert (await call(gate, "ann", "DELETE", ERASE)).status == 403
        assert (await gate.call("DELETE", ERASE)).status == 401
        assert (await resolve(gate, reference(gate))).body == {"text": ADDRESS}

    run(scenario)


def test_without_the_reader_s_key_there_is_nothing_to_be_found(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        await post(gate)
        asked = reference(gate)
        changed = asked[:-2] + ("AA" if asked[-2:] != "AA" else "BB")
        wrong = [
            await resolve(gate, asked, b"x" * 32),
            await gate.call("POST", RESOLVE, {"reference": asked}),
            await gate.call("POST", RESOLVE, [asked]),
            await gate.call("POST", RESOLVE, {"reference": asked, "proof": "é"}),
            await call(gate, "adam", "POST", RESOLVE, {"reference": asked, "proof": ""}),
            await resolve(gate, changed),
            await resolve(gate, f"{PREFIX}unknown.AAAA"),
            await resolve(gate, "plain text"),
        ]
        assert [answer.status for answer in wrong] == [404] * len(wrong)
        assert ADDRESS not in str(wrong)

    run(scenario)


def test_nobody_orders_to_the_address_behind_another_s_reference(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        await post(gate)
        assert (await post(gate, "k2", reference(gate))).status == 422
        assert len(gate.outlet.sent) == 1

    run(scenario)


def test_two_gateways_share_the_keys_and_an_erasure(new_url: Callable[[str], str]) -> None:
    url = new_url("gateway")
    one, other = Database(url), Database(url)
    first, second = vault_on(one), vault_on(other)

    sealed = asyncio.run(first.seal("17850", ADDRESS))
    assert asyncio.run(second.seal("17850", ADDRESS)) == sealed
    assert asyncio.run(second.seal("13047", ADDRESS)) != sealed
    assert second.open(sealed) == ADDRESS
    assert second.erase("17850", "olga") == 1
    late = asyncio.run(first.seal("17850", ADDRESS))

    for text in (sealed, late):
        with pytest.raises(Erased):
            first.open(text)
    one.close()
    other.close()


def test_the_keys_in_the_database_are_of_no_use_without_the_master_key(new_url: Callable[[str], str]) -> None:
    database = Database(new_url("gateway"))
    sealed = asyncio.run(vault_on(database).seal("17850", ADDRESS))

    with pytest.raises(NotOpened):
        SqlVault(database, b"another" + b"m" * 25, lambda: 1, bytes).open(sealed)
    database.close()
