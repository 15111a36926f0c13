"""What is known of steps by their names: what each changes, what takes it back, whether somebody outside does it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a step is, which decides whether it needs a compensation."""

    ACTION = "action"
    MESSAGE = "message"
    QUERY = "query"
    CHECK = "check"
    DECISION = "decision"
    APPROVAL = "approval"
    WAIT = "wait"
    STATE = "state"
    UNKNOWN = "unknown"


CHANGES_NOTHING = frozenset({Kind.QUERY, Kind.CHECK, Kind.DECISION, Kind.APPROVAL, Kind.WAIT, Kind.STATE})


@dataclass(frozen=True, slots=True)
class Known:
    """An entry. `effect` and `compensation` are phrases; without a compensation `reason` says why there is none.

    `service` owns the effect; `external`: it is somebody else's system, reached over HTTP; `assumed`: what was assumed
    in giving this meaning to the words, empty where nothing was.
    """

    kind: Kind
    service: str
    effect: str
    compensation: str = ""
    reason: str = ""
    external: bool = False
    assumed: str = ""


def _none(kind: Kind, service: str, effect: str, reason: str) -> Known:
    return Known(kind, service, effect, reason=reason)


_AUTHORISATION = Known(
    Kind.ACTION, "payment", "holds or captures the amount at the payment provider",
    "void the authorisation, or refund in full what was captured",
    external=True, assumed="payment validation is read as an authorisation that holds money",
)  # fmt: skip
_CHARGE = Known(
    Kind.ACTION,
    "payment",
    "captures the amount at the payment provider",
    "refund the captured amount in full",
    external=True,
)
_MESSAGE = Known(
    Kind.MESSAGE, "notification", "sends a message to a person",
    "send the cancellation message, because a message that went out cannot be recalled", external=True,
)  # fmt: skip
_RESERVE = Known(Kind.ACTION, "inventory", "reserves units in the inventory ledger", "release the reserved units")
_DEDUCT = Known(Kind.ACTION, "inventory", "deducts units in the inventory ledger", "restock the deducted units")
_STOCK = Known(
    Kind.ACTION, "inventory", "reserves and deducts units in the inventory ledger",
    "release the reserved units and restock the deducted ones",
)  # fmt: skip
_SHIP = Known(Kind.ACTION, "shipping", "creates a shipment at the carrier", "cancel the shipment", external=True)
_LABEL = Known(
    Kind.ACTION, "shipping", "creates a shipment and its label", "void the label and cancel the shipment", external=True
)
_ASSIGN = Known(Kind.ACTION, "fulfilment", "assigns the order to a warehouse or a resource", "withdraw the assignment")
_WRITE = Known(Kind.ACTION, "", "writes data", "delete or restore the written data by its key")
_BOOKING = Known(Kind.ACTION, "", "makes a booking at its provider", "cancel the booking", external=True)
_APPROVAL = _none(
    Kind.APPROVAL,
    "orchestrator",
    "waits for a person's decision",
    "a decision is an event of the saga, nothing outside changed",
)
_DECIDE = _none(
    Kind.DECISION, "orchestrator", "chooses a branch", "a choice is an event of the saga, nothing outside changed"
)
_WAIT = _none(
    Kind.WAIT,
    "orchestrator",
    "waits on a durable timer or a signal",
    "a timer is part of the saga's state and ends with it",
)
_CHECK = _none(Kind.CHECK, "", "checks and answers yes or no", "the check reads only, nothing has to be undone")
_QUERY = _none(Kind.QUERY, "", "reads or computes", "it reads or computes only, nothing has to be undone")
_QUOTE = Known(
    Kind.QUERY, "", "asks providers and takes their answers",
    reason="an answer that was asked for changes nothing at whoever gave it", external=True,
)  # fmt: skip
_STATE = _none(Kind.STATE, "orchestrator", "is a state of the process", "a state is recorded, nothing outside changed")

_INVERSES: tuple[tuple[str, str, str], ...] = (
    (r"creat\w+|open\w*|register\w*|set\s?up|add\w*|insert\w*|enrol\w*|sign\s?up|onboard\w*",
     "creates what it names", "delete or close what was created"),
    (r"provision\w*|allocat\w+|order\w*\s+laptop", "takes up a resource", "deprovision the resource"),
    (r"activat\w+|enabl\w+|start\w*|launch\w*", "switches it on", "switch it off again"),
    (r"grant\w*|issu\w+|assign\w*|subscrib\w+", "grants what it names", "revoke what was granted"),
    (r"lock\w*|hold\w*|block\w*|freez\w+", "locks a resource", "release the lock"),
    (r"transfer\w*|debit\w*|credit\w*|deposit\w*|withdraw\w*|disburs\w+|pay\s?out", "moves money or goods",
     "make the reverse transfer"),
    (r"upload\w*|load\w*|import\w*|stor\w+|sav\w+|persist\w*|writ\w+|updat\w+|record\w*|append\w*|archiv\w+",
     "writes data", "delete or restore the written data by its key"),
    (r"publish\w*|deploy\w*|releas\w+|list\w*", "publishes", "withdraw what was published"),
    (r"execut\w+|trad\w+|buy\w*|sell\w*|match\w*", "executes at a counterparty", "make the offsetting transaction"),
    (r"invoic\w+", "issues an invoice", "issue a credit note"),
    (r"pick\w*|pack\w*", "moves goods inside the warehouse", "put the goods back on hand"),
    (r"submit\w*|plac\w+|request\w*|send\w*", "hands a request over", "withdraw the request"),
)  # fmt: skip

_ENTRIES: tuple[tuple[str, Known], ...] = (
    (r"\b(pay\w*|card|charge|billing)\b.*\b(valid\w+|verif\w+|authori[sz]\w+|check\w*|pre-?auth\w*)|"
     r"\b(valid\w+|verif\w+|authori[sz]\w+|check\w*)\b.*\b(pay\w*|card|billing)\b|\bauthori[sz]e\b|\bpre-?auth\w*",
     _AUTHORISATION),
    (r"\b(notif\w+|e-?mails?|sms|push|messag\w+|confirmation|inform\w*|announc\w+|alert\w*|remind\w+|text\s+the|"
     r"newsletter|"
     r"tell\b|send\s+(a\s+|the\s+)?(receipt|confirm\w*))", _MESSAGE),
    (r"\b(decid\w+|decision|choos\w+|select\w*|(pick|take|keep|return|use)\s+the\s+(best|cheapest|fastest|first)|branch\w*|"
     r"rout\w+|switch\w*)\b", _DECIDE),
    (r"\bquot\w+\b|\bbids?\b|\boffers?\b|\bcompar\w+", _QUOTE),
    (r"\b(approv\w+|sign-?off|human|manual\w*|review\w*|moderat\w+|consent|four-?eyes)\b", _APPROVAL),
    (r"\b(wait\w*|timer|delay|sleep|pause|cool(ing)?-?off|remain\s+until|deadline)\b", _WAIT),
    (r"\b(valid\w+|verif\w+|check\w*|screen\w*|sanit\w+|fraud|kyc|aml|eligib\w+|risk|audit\w*|inspect\w*|"
     r"credit\s+(check|score)|"
     r"assess\w*|test\w*|filter\w*|dedup\w*|identif\w+|confirm\s+(stock|availability))\b", _CHECK),
    (r"\b(charg\w+|captur\w+|pay|pays|payment|payments|billing|bill|settle\w*|collect\s+(the\s+)?(money|fee|"
     r"amount)|tax\s+payment)\b", _CHARGE),
    (r"\b(deduct\w*|decrement\w*)\b", _DEDUCT),
    (r"\b(label\w*)\b", _LABEL),
    (r"\b(load\w*|upload\w*|import\w*)\b", _WRITE),
    (r"\b(fulfil\w*|warehouse)\b", _ASSIGN),
    (r"\b(ship\w*|dispatch\w*|deliver\w*|courier|carrier|parcel|freight|logistics)\b", _SHIP),
    (r"\b(flight|hotel|car|room|table|seat|taxi|rental|appointment|ticket|venue|restaurant|slot|bookings?|book)\b",
     _BOOKING),
    (r"\b(reserv\w+)\b", _RESERVE),
    (r"\b(inventory|stock\w*)\b", _STOCK),
    (r"\b(calculat\w+|comput\w+|price|pricing|look\s?up|fetch\w*|read\w*|search\w*|detect\w*|analy[sz]\w+|"
     r"enrich\w*|transform\w*|"
     r"extract\w*|aggregat\w+|classif\w+|scor\w+|rank\w*|quer\w+|retriev\w+|gather\w*|collect\w*|merg\w+|"
     r"return\w*|map|reduce|"
     r"pars\w+|generat\w+\s+(a\s+|the\s+)?(report|summary)|report\w*|monitor\w*|get\b|ask\w*|convert\w*|"
     r"estimat\w+|forecast\w*)", _QUERY),
)  # fmt: skip

_PATTERNS = tuple((re.compile(pattern), known) for pattern, known in _ENTRIES)
_VERBS = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), Known(Kind.ACTION, "", effect, inverse))
    for pattern, effect, inverse in _INVERSES
)
_PARTICIPLE = re.compile(r"^(?:(?:in|under|being|not|re)[- ])?(?:\w+ed|new|pending|active|inactive|open|closed|"
                         r"done|draft|live|idle|sent|paid|"
                         r"in progress|in review|under review|progress|red|green|amber|yellow)$")  # fmt: skip
_FILLER = frozenset(
    {
        "a", "all", "an", "and", "at", "by", "customer", "customer's", "do", "finally", "first", "for", "from",
        "handle", "in", "it", "its", "new", "next", "of", "on", "order", "orders", "our", "perform", "process",
        "run", "service", "step", "system", "the", "then", "to", "user", "we", "with",
    }
)  # fmt: skip


def known(name: str, *, listed_as_states: bool = False) -> Known:
    """Return what is known of a step by its name; UNKNOWN for words nobody taught, whose effect is not guessed."""
    lowered = name.lower()
    if listed_as_states or _PARTICIPLE.match(lowered):
        return _STATE
    for pattern, entry in _PATTERNS:
        if pattern.search(lowered):
            return entry if entry.service else _owned(entry, lowered)
    for pattern, entry in _VERBS:
        if pattern.search(lowered):
            return _owned(entry, lowered)
    return Known(Kind.UNKNOWN, service_of(lowered), "acts outside the saga in a way that the input does not say")


def service_of(name: str) -> str:
    """Return a name for the service that owns a step: its most telling word."""
    words = [word for word in re.findall(r"[a-z][a-z'-]*", name.lower()) if word not in _FILLER]
    return words[-1] if words else name.lower()


def _owned(entry: Known, name: str) -> Known:
    return Known(
        entry.kind, service_of(name), entry.effect, entry.compensation, entry.reason, entry.external, entry.assumed
    )
