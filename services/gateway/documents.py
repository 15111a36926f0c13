"""The shapes of bodies, for the OpenAPI document only: requests are read by `orders`, which names every fault."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.problems import MEDIA_TYPE
from services.gateway.querying import Moment

_MONEY = r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,2})?$"
_PREFER = "wait=N: answer when there is news, or nothing more to wait for, at the latest after N seconds (30 at most)."
_CONSISTENT = "The Consistency-Token of a 202: the answer has what was asked for then, or says that it is stale."
_EVENT = {name: {"type": "string"} for name in ("id", "event", "data")}
_EDGE_PROBLEMS = (401, 403, 414, 429, 431)
"""What the guard answers on every route that takes credentials."""


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LineForm(_Form):
    """One line of an order."""

    sku: str = Field(max_length=64, examples=["85123A"])
    description: str = Field("", max_length=256)
    quantity: int = Field(ge=1, le=1_000_000)
    unit_price: str = Field(pattern=_MONEY, examples=["2.55"])


class ShippingForm(_Form):
    """Where an order goes, and how."""

    method: Literal["standard", "express"]
    country: str = Field(max_length=64)
    address: str = Field(max_length=512)


class OrderForm(_Form):
    """An order. The total must be the sum of quantity times unit price."""

    customer_id: str = Field(max_length=64, examples=["17850"])
    currency: str = Field(examples=["GBP"])
    total: str = Field(pattern=_MONEY, examples=["15.30"])
    payment_method: str = Field(max_length=64, examples=["pm_card_ok"])
    lines: list[LineForm] = Field(min_length=1)
    shipping: ShippingForm
    reference: str | None = Field(None, max_length=64)
    process: Literal["order-fulfillment", "order-fulfillment-payment-first"] = "order-fulfillment"


class OrderQuery(_Form):
    """Which orders are listed; `created_from` is included, `created_before` is not."""

    status: str | None = Field(None, max_length=255)
    lifecycle: str | None = Field(None, max_length=255)
    customer: str | None = Field(None, max_length=255)
    process: str | None = Field(None, max_length=255)
    created_from: Moment | None = None
    created_before: Moment | None = None
    limit: int = Field(50, ge=1, le=200)
    cursor: str | None = Field(None, max_length=200)


class Decision(_Form):
    """Who decides, and why."""

    actor: str = Field(max_length=128)
    reason: str = Field("", max_length=512)


class StepDecision(Decision):
    """Who decides, why, and about which step: it may be left out where one waits alone."""

    step: str | None = Field(None, max_length=512)


class DecisionTaken(BaseModel):
    """The decision is on its way to the order."""

    order_id: str
    status_url: str


class OrderTaken(DecisionTaken):
    """Kafka has the order."""

    lifecycle: str
    status: str


class PersonalDataErased(BaseModel):
    """The customer's keys are destroyed: `keys_destroyed` of them, 0 where there were none."""

    customer_id: str
    keys_destroyed: int


class Fresh(BaseModel):
    """How fresh an answer is: `stale` when it may be out of date, since `age_s` seconds, because of what."""

    stale: bool
    age_s: float
    stale_because: Literal["orchestrator", "kafka", "read-model"] | None


class ListedOrder(BaseModel):
    """An order as it is in a list."""

    order_id: str
    process: str | None
    reference: str | None
    customer_id: str | None
    currency: str | None
    total: str | None
    lifecycle: str
    status: str
    reason: str | None
    warehouse_id: str | None
    tracking_number: str | None
    sequence: int
    created_at: str
    updated_at: str
    current_steps: list[str]
    lines: list[LineForm]


class OrderPage(Fresh):
    """A page of orders, newest first."""

    orders: list[ListedOrder]
    next_cursor: str | None


class BusinessState(BaseModel):
    """The two fields of business state."""

    lifecycle: str
    status: str


class HistoryEvent(BaseModel):
    """One thing that happened to an order."""

    sequence: int
    at: str
    type: str
    step: str | None
    before: BusinessState | None = Field(alias="from")
    after: BusinessState = Field(alias="to")
    attempt: int | None
    actor: str = Field(examples=["orchestrator"])
    version: int | None
    summary: str = Field(examples=["ann has the compensation of capture-payment tried again: the PSP is back"])
    detail: dict[str, Any]


class History(Fresh):
    """Everything that happened to an order, in order."""

    order_id: str
    events: list[HistoryEvent]


class SagaForm(_Form):
    """A saga to be started: the newest version of its definition where none is named."""

    definition: str = Field(max_length=63, examples=["notify-customer"])
    version: int | None = Field(None, ge=1)
    data: dict[str, Any] = Field(default_factory=dict)
    options: dict[str, Any] = Field(default_factory=dict, examples=[{"max_retries": 5, "audit": False}])


class SignalForm(_Form):
    """An outside event for a saga."""

    name: str = Field(max_length=128)
    actor: str = Field(max_length=128)
    data: dict[str, Any] = Field(default_factory=dict)
    step: str | None = Field(None, max_length=512, description="The path of the only step that may take it.")


class ResolutionForm(_Form):
    """What is to be done about steps that failed for good: about one of them, or about all that wait."""

    action: Literal["retry", "skip", "resume"]
    step: str | None = Field(None, max_length=512)
    actor: str = Field(max_length=128)
    reason: str = Field("", max_length=512, description="Required where steps are skipped.")


class MigrationForm(_Form):
    """Which version a saga is to go on under."""

    version: int = Field(ge=1)
    actor: str = Field(max_length=128)


class SagaTaken(BaseModel):
    """Kafka has the request."""

    saga_id: str
    status_url: str


class SagaView(Fresh):
    """A saga as it is after its event `sequence`."""

    saga_id: str
    definition: str | None
    version: int | None
    lifecycle: str
    status: str
    reason: str | None
    sequence: int
    started_at: str
    updated_at: str
    current_steps: list[str]
    data: dict[str, Any]


class SagaHistory(Fresh):
    """Everything that happened to a saga, in order."""

    saga_id: str
    events: list[HistoryEvent]


class Definition(BaseModel):
    """A version of a definition. It never changes; `document` is what was deployed, as JSON."""

    name: str
    version: int
    semver: str
    sha256: str
    schedule: dict[str, Any] | None
    shipped: bool
    deployed_at: str | None
    actor: str
    reason: str
    document: dict[str, Any] | None = None


class DefinitionList(BaseModel):
    """Every version of every definition, without the documents."""

    definitions: list[Definition]


class DefinitionVersions(BaseModel):
    """Every version of a definition, oldest first."""

    name: str
    versions: list[Definition]


class WrongField(BaseModel):
    """What is wrong with one field."""

    field: str = Field(examples=["lines[3].quantity"])
    message: str


class ProblemDetails(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(examples=["/problems/invalid-request"])
    title: str
    status: int
    detail: str
    errors: list[WrongField]


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions)
        return {name: _inlined(part, definitions) for name, part in schema.items() if name != "$defs"}
    if isinstance(schema, list):
        return [_inlined(part, definitions) for part in schema]
    return schema


def definition_body() -> dict[str, Any]:
    """Return what the deployment of a definition says of its body and its parameters."""
    text = {"schema": {"type": "string"}}
    return {
        "requestBody": {"required": True, "content": {"application/yaml": text, "application/json": {"schema": {}}}},
        "parameters": [
            {
                "name": name,
                "in": "query",
                "required": name == "actor",
                "schema": {"type": "string", "maxLength": longest},
            }
            for name, longest in (("actor", 128), ("reason", 512))
        ],
    }


def body(
    form: type[BaseModel], key_required: bool, *, conditional: bool = False, waits: bool = False
) -> dict[str, Any]:
    """Return what an operation says of its body and its headers: the key, If-Match, Prefer."""
    schema = form.model_json_schema()
    text = {"type": "string", "maxLength": 1000}
    more = [_header("If-Match", text, "The ETag of the state that is to be changed: 412 in any other.")]
    if not conditional:
        more = [_header("Prefer", text, _PREFER)] if waits else []
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _inlined(schema, schema.get("$defs", {}))}},
        },
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": key_required,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            },
            *more,
        ],
    }


def event_stream() -> dict[str, Any]:
    """Return what the stream of an order's events says of its parameters."""
    schema = {"type": "string", "pattern": "^[0-9]{1,15}$"}
    about = "The sequence of the last event that the client has."
    return {"parameters": [_header("Last-Event-ID", schema, about)]}


def stream_responses(*problems: int) -> dict[int | str, dict[str, Any]]:
    """Return what the stream of an order's events answers."""
    described = responses(200, HistoryEvent, *problems)
    described[200] = {
        "description": "Events: `id` is the sequence, `event` the type, `data` an entry of the history.",
        "content": {"text/event-stream": {"schema": {"type": "object", "properties": _EVENT}}},
    }
    return described | {204: {"description": "The saga has ended and the client has all of it."}}


def _header(name: str, schema: dict[str, Any], about: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "schema": schema, "description": about}


def reading(*, conditional: bool) -> dict[str, Any]:
    """Return what an operation that shows a saga says of the parameters all such operations have."""
    text = {"type": "string", "maxLength": 1000}
    parameters = [
        _header("If-Consistent-With", text, _CONSISTENT),
        {"name": "consistent_with", "in": "query", "required": False, "schema": text, "description": _CONSISTENT},
    ]
    if conditional:
        parameters += [
            _header("If-None-Match", text, "The ETag of what the client has: 304 while that is the state."),
            _header("Prefer", text, _PREFER),
        ]
    return {"parameters": parameters}


def responses(
    status: int,
    shape: type[BaseModel],
    *problems: int,
    unchanged: bool = False,
    rested: type[BaseModel] | None = None,
) -> dict[int | str, dict[str, Any]]:
    """Return what an operation answers: a document, 304 where it may be `unchanged`, or problem details.

    `rested`: what it answers with 200 where the client preferred to wait and there is nothing more to wait for.
    """
    schema = shape.model_json_schema()
    documented: dict[int | str, dict[str, Any]] = {
        status: {
            "description": (shape.__doc__ or "").strip(),
            "content": {"application/json": {"schema": _inlined(schema, schema.get("$defs", {}))}},
        }
    }
    if rested is not None:
        documented[200] = responses(200, rested)[200]
    if unchanged:
        documented[304] = {"description": "The client has this state already."}
    return documented | problem_answers(*problems)


def problem_answers(*problems: int) -> dict[int | str, dict[str, Any]]:
    """Return what an operation answers with these statuses, and with those of the guard."""
    problem = ProblemDetails.model_json_schema()
    content = {MEDIA_TYPE: {"schema": _inlined(problem, problem["$defs"])}}
    numbers = sorted({*problems, *_EDGE_PROBLEMS})
    return {number: {"description": "Problem details", "content": content} for number in numbers}
