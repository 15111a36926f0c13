"""Orders that wait for an approval are still listed after everything was killed, and go on when somebody decides."""

from __future__ import annotations

import uuid
from pathlib import Path

from tests.kafka.gateway.site import Site, kill, wait_until
from tests.kafka.orchestrator_fleet import Fleet
from tests.order_form import form

WAITING = 100
FORM = form(total="153.00", lines=[{"sku": "85123A", "description": "HEART", "quantity": 6, "unit_price": "25.50"}])


def test_a_hundred_orders_wait_through_a_kill_of_everything(site: Site, tmp_path: Path) -> None:
    fleet = Fleet(site.bootstrap, tmp_path, run="ord_")
    try:
        processes = [fleet.start(), site.start("projector"), site.start_gateway()]
        taken = [site.call("POST", "/v1/orders", FORM, uuid.uuid4().hex) for _ in range(WAITING)]
        ids = {answer.body["order_id"] for answer in taken}
        assert len(ids) == WAITING

        def listed() -> set[str]:
            approvals = site.call("GET", "/v1/approvals?limit=200").body["approvals"]
            return {one["order_id"] for one in approvals} & ids

        wait_until(lambda: listed() == ids, "every order is listed")
        for process in processes:
            kill(process)
        fleet.forget_stores()
        fleet.start()
        site.start("projector")
        site.start_gateway()
        assert listed() == ids

        approved, rejected, *others = sorted(ids)
        for order_id, decision in ((approved, "approve"), (rejected, "reject")):
            body = {"actor": "ann", "decision": decision}
            assert site.call("POST", f"/v1/approvals/{order_id}", body, uuid.uuid4().hex).status == 202
        fleet.finish([approved, rejected])
        assert [fleet.statuses[one][1] for one in (approved, rejected)] == ["COMPLETED", "TRANSACTION_REVOKED"]
        wait_until(lambda: listed() == set(others), "only those are listed that nobody decided about")
    finally:
        fleet.close()
