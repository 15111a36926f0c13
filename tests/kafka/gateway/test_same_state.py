"""Two people decide about an order in the state that both have seen, on a real broker: the saga lets one of them."""

from __future__ import annotations

import http.client
import json
import uuid
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from cli.app import app
from tests.kafka.gateway.site import PATIENCE_S, Site, kill, wait_until
from tests.kafka.orchestrator_fleet import Fleet
from tests.order_form import form

LARGE = form(total="150.00", lines=[{"sku": "85123A", "quantity": 1, "unit_price": "150.00"}])


def decide(site: Site, order_id: str, decision: str, actor: str, tag: str) -> int:
    """Decide about an order in a state. Returns the status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE_S)
    body = json.dumps({"decision": decision, "actor": actor, "reason": "seen it"})
    connection.request("POST", f"/v1/approvals/{order_id}", body, {"If-Match": tag})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_of_two_who_decide_in_the_same_state_while_no_orchestrator_is_there_one_does(
    site: Site, tmp_path: Path
) -> None:
    fleet = Fleet(site.bootstrap, tmp_path, run="ord_")
    try:
        site.start("projector")
        site.start_gateway()
        orchestrator = fleet.start()
        order_id = site.call("POST", "/v1/orders", LARGE, uuid.uuid4().hex).body["order_id"]

        def shown() -> dict[str, Any]:
            return dict(site.call("GET", f"/v1/orders/{order_id}").body)

        wait_until(lambda: shown()["status"] == "AWAITING_APPROVAL", "the order waits")
        listed = site.call("GET", "/v1/approvals").body["approvals"]
        assert [one["definition"] for one in listed if one["id"] == order_id] == ["order-fulfillment"]
        tag = f'"{shown()["sequence"]}"'
        assert decide(site, order_id, "approve", "ann", '"1"') == 412

        kill(orchestrator)
        assert [decide(site, order_id, *who, tag) for who in (("approve", "ann"), ("reject", "bob"))] == [202, 202]
        fleet.start()
        fleet.finish([order_id])

        wait_until(lambda: shown()["status"] == "COMPLETED", "the order is done")
        (refused,) = site.call("GET", f"/v1/orders/{order_id}/explain").body["refused"]
        assert (refused["input"], refused["actor"]) == ("reject", "bob")
        assert refused["reason"].startswith(f"it was meant for the state after event {tag[1:-1]}")
        history = site.call("GET", f"/v1/orders/{order_id}/history").body["events"]
        assert [one["actor"] for one in history if one["type"] == "SignalReceived"] == ["ann"]
        command = ["replay", "--bootstrap", site.bootstrap, "--saga", order_id, "--output", "json"]
        replayed = CliRunner().invoke(app, command)
        assert replayed.exit_code == 0, (replayed.output, replayed.exception)
        told = json.loads(replayed.stdout)
        assert (told["sagas"], told["diverging"]) == (1, 0), replayed.stdout
    finally:
        fleet.close()
