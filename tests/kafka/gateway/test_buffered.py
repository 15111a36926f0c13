"""Orders are taken while nobody is there to handle them, and each is handled once when somebody is."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.kafka.gateway.site import Reply, Site
from tests.kafka.orchestrator_fleet import Fleet
from tests.order_form import form

ORDERS = 40
REPETITIONS = 10
AT_ONCE = 5
CAPTURE = "payment.CapturePayment"
FORM = form()


def test_orders_taken_in_an_outage_finish_once_however_often_they_were_sent(site: Site, tmp_path: Path) -> None:
    site.start_gateway()
    taken = [site.call("POST", "/v1/orders", FORM, uuid.uuid4().hex) for _ in range(ORDERS)]
    assert {answer.status for answer in taken} == {202}
    ids = [answer.body["order_id"] for answer in taken]
    key = uuid.uuid4().hex

    def insist(_: int) -> Reply:
        """Repeat an order until it has an answer: 409 says that its first request is still under way."""
        while (answer := site.call("POST", "/v1/orders", FORM, key)).status == 409:
            pass
        return answer

    with ThreadPoolExecutor(AT_ONCE) as pool:
        repeated = list(pool.map(insist, range(REPETITIONS)))
    assert {answer.status for answer in repeated} == {202}
    (one,) = {answer.body["order_id"] for answer in repeated}
    ids.append(one)
    assert {site.call("GET", f"/v1/orders/{order_id}").body["lifecycle"] for order_id in ids} == {"pending"}

    fleet = Fleet(site.bootstrap, tmp_path, run="ord_")
    try:
        fleet.start()
        fleet.finish(ids)
        assert {fleet.statuses[order_id][1] for order_id in ids} == {"COMPLETED"}
        told = {order_id: [name for name, _ in fleet.events[order_id]] for order_id in ids}
        assert {names.count("saga.SagaStarted") + names.count("saga.SagaCompleted") for names in told.values()} == {2}
        sent = [fields["meta"]["command_id"] for _, fields in fleet.commands if fields["meta"]["saga_id"] in told]
        assert len(sent) == len(set(sent)) > ORDERS
        captures = [name for name, fields in fleet.commands if name == CAPTURE and fields["meta"]["saga_id"] == one]
        assert len(captures) == 1
    finally:
        fleet.close()
