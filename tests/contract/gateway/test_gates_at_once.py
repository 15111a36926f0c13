"""Several steps of one saga that wait for people at once: each is listed, and decided, by itself."""

from __future__ import annotations

import pytest

from tests.contract.gateway.gate import Gate
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import BORN_MS, Story
from tests.contract.gateway.test_gateway_approvals import ANN, SIGNAL, asked, listed, purchase


def two_doors(saga_id: str = "sag_a", at_ms: int = BORN_MS) -> Story:
    """Wait for two people at once, each of them after a step of their own."""
    story = purchase(saga_id, at_ms).completed("price", '{"total": 1}', cause="reply 1")
    asked(story, step="ask-finance", cause="reply 1")
    story.completed("check", '{"risk": "low"}', cause="reply 2")
    return asked(story, "confirm", "decline", step="ask-legal", cause="reply 2")


def test_steps_that_wait_at_once_are_listed_and_decided_each_by_itself(shop: Shop) -> None:
    story = two_doors()
    shop.project(story)

    async def scenario(gate: Gate) -> None:
        found = await listed(gate)
        assert [(one["id"], one["step"], one["approve"], one["given"]) for one in found] == [
            ("sag_a", "ask-finance", "approve", {"total": 1}),
            ("sag_a", "ask-legal", "confirm", {"risk": "low"}),
        ]
        body = {"decision": "approve", **ANN, "step": "ask-legal"}
        taken = await gate.call("POST", "/v1/approvals/sag_a", body, "d1")
        assert taken.status == 202
        sent = gate.outlet.sent[-1]
        assert (sent.fields["name"], sent.fields["step"]) == ("confirm", "ask-legal")
        cause = sent.fields["meta"]["input_id"]
        other = await gate.call("POST", "/v1/approvals/sag_a", {**body, "step": "ask-finance"}, "d1")
        assert other.status == 202
        assert gate.outlet.sent[-1].fields["step"] == "ask-finance"
        assert gate.outlet.sent[-1].fields["meta"]["input_id"] != cause, "the same key at another step is another deed"

        story.event("SignalReceived", step="ask-legal", signal="confirm", cause=cause, **SIGNAL)
        shop.project(story)
        assert [one["step"] for one in await listed(gate)] == ["ask-finance"]
        again = await gate.call("POST", "/v1/approvals/sag_a", body, "d1")
        assert (again.status, again.body, len(gate.outlet.sent)) == (202, taken.body, 2)
        late = await gate.call("POST", "/v1/approvals/sag_a", body, "d2")
        assert (late.status, late.body["type"]) == (409, "/problems/not-awaiting-approval")
        assert late.body["detail"] == "ask-legal waits for nobody's decision; what waits is ask-finance"
        alone = await gate.call("POST", "/v1/approvals/sag_a", {"decision": "reject", **ANN}, "d2")
        assert (alone.status, gate.outlet.sent[-1].fields["step"]) == (202, "ask-finance")

    shop.run(scenario)


@pytest.mark.parametrize("saga_id", ["sag_a", "ord_a"])
def test_a_decision_that_may_be_meant_for_several_steps_is_none(shop: Shop, saga_id: str) -> None:
    order = asked(Story("ord_a").started(), step="ask-finance")
    shop.project(two_doors(), asked(order, "confirm", "decline", step="ask-legal"))

    async def scenario(gate: Gate) -> None:
        urls = {f"/v1/approvals/{saga_id}": {"decision": "reject", **ANN}}
        if saga_id == "ord_a":
            urls["/v1/orders/ord_a/reject"] = ANN
        for url, body in urls.items():
            refused = await gate.call("POST", url, body)
            assert (refused.status, refused.body["type"]) == (409, "/problems/several-approvals")
            assert "ask-finance, ask-legal" in refused.body["detail"]
            assert refused.body["errors"][0]["field"] == "step"
            assert (await gate.call("POST", url, {**body, "step": "no-such"})).status == 409
            assert gate.outlet.sent == []
        for url, body in urls.items():
            assert (await gate.call("POST", url, {**body, "step": "ask-legal"})).status == 202
            assert gate.outlet.sent[-1].fields["name"] == "decline"

    shop.run(scenario)


def test_a_page_ends_between_two_steps_of_one_saga(shop: Shop) -> None:
    shop.project(*(two_doors(f"sag_{n}", BORN_MS + n) for n in range(3)), two_doors("sag_same", BORN_MS + 1))

    async def scenario(gate: Gate) -> None:
        for limit in (1, 2, 3, 50):
            found, url = [], f"/v1/approvals?limit={limit}"
            page = (await gate.call("GET", url)).body
            found += page["approvals"]
            while page["next_cursor"] is not None:
                page = (await gate.call("GET", f"{url}&cursor={page['next_cursor']}")).body
                assert len(page["approvals"]) <= limit
                found += page["approvals"]
            steps = [(one["id"], one["step"]) for one in found]
            ids = ("sag_2", "sag_same", "sag_1", "sag_0")
            assert steps == [(name, step) for name in ids for step in ("ask-finance", "ask-legal")], limit

    shop.run(scenario)


def test_a_signal_names_the_step_that_may_take_it(shop: Shop) -> None:
    shop.project(two_doors())

    async def scenario(gate: Gate) -> None:
        signal = {"name": "approve", "actor": "ann"}
        for step in ("ask-finance", "ask-legal", None):
            told = await gate.call("POST", "/v1/sagas/sag_a/signals", {**signal, "step": step}, "k1")
            assert (told.status, gate.outlet.sent[-1].fields["step"]) == (202, step)
        assert len({one.fields["meta"]["input_id"] for one in gate.outlet.sent}) == 3
        for wrong in (7, "x" * 513, "\n"):
            refused = await gate.call("POST", "/v1/sagas/sag_a/signals", {**signal, "step": wrong})
            assert (refused.status, refused.body["errors"][0]["field"]) == (422, "step")

    shop.run(scenario)
