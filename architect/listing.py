"""The steps that a text lists: numbered, by arrows, or in a row of words, known or not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listed:
    """A step as the text names it. `parallel`: the text says that it runs beside the others of its list."""

    name: str
    parallel: bool = False
    state: bool = False


_NUMBERED = re.compile(r"(?:^|\n|(?<=[\s:;,.]))\s*(?:step\s+)?\(?\d{1,2}[.):]\s+(?=[a-z])", re.IGNORECASE)
_BULLETED = re.compile(r"(?:^|\n)\s*[-*\u2022]\s+")
_ARROW = re.compile(r"\s*(?:-+>|=+>|\u2192|\u21d2|\u27f6|>>|(?<=[a-z])\s>\s(?=[a-z]))\s*", re.IGNORECASE)
_SEPARATOR = re.compile(
    r"\s*(?:,\s*(?:and\s+then|followed\s+by|and\s+finally|and|then|finally|next|or)\b|,|;|/(?=\s?[a-z])|&"
    r"|\b(?:and\s+then|followed\s+by|and\s+finally|before|and|then|finally|afterwards|after\s+that|next)\b|"
    r"\bas\s+well\s+as\b)\s*",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?:\.(?=\s|$)|[!?\n]|;(?=\s))")
_LEAD = re.compile(
    r"^.*?\b(?:coordinat\w+|orchestrat\w+|covering|cover\w*|comprising|comprises|consist\w*\s+of|includ\w+|"
    r"involv\w+|contain\w*|"
    r"such\s+as|namely|manag\w+|handling|handles|spanning|spans|integrat\w+|across|through|made\s+up\s+of|has|"
    r"needs|requires|"
    r"steps?\s+(?:are|is)|goes\s+through|moves\s+through|runs|performs|does|executing|performing|with|of|"
    r"that|which|must|shall|should|will|by(?=\s+\w+ing\b))\s+"
    r"(?:(?:the|these|following|several|various|our|distinct|microservices|services|steps?|stages?|states?|are|"
    r"of)\s+)*",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"\s+(?:with|where|if|when|so\s+that|must|that|which|while|using|unless|on\s+failure|because|whenever|until|"
    r"in\s+case|upon|"
    r"at\s+most|at\s+least|no\s+more\s+than|should|shall|needs?\s+to|has\s+to|compensated|undone|guaranteeing|"
    r"ensuring|via|"
    r"in\s+parallel|in\s+sequence|simultaneously|concurrently|at\s+the\s+same\s+time|by\s+(?:means|way)|"
    r"per\s+(?:order|request))\b.*$",
    re.IGNORECASE | re.DOTALL,
)
_TAIL = re.compile(
    r"\s+(?:micro-?services?|services?|steps?|stages?|systems?|phases?|components?|domains?|apis?|subsystems?|"
    r"operations?|workflow|pipeline)$",
    re.IGNORECASE,
)
_FRONT = re.compile(
    r"^(?:then|and|finally|next|first|firstly|second|secondly|third|lastly|also|afterwards|it|we|they|"
    r"the\s+system|to|the\s+service|"
    r"is|are|be|the|an?|our|its|strict|the\s+following|steps?|each|automatically|in\s+parallel|:)\s+",
    re.IGNORECASE,
)
_NO_STEP = re.compile(
    r"\b(?:compensat\w+|roll(?:ed|ing)?\s?-?back\w*|rollbacks?|consisten\w+|latency|throughput|idempoten\w+|retry|"
    r"retries|durab\w+|"
    r"exactly[- ]once|at[- ]least[- ]once|availab\w+|scal(?:e|able|ability|ing)|resilien\w+|reliab\w+|"
    r"partial\s+failures?|failures?|"
    r"fault\w*|saga\s+pattern|event\s+sourc\w+|observab\w+|sla|slas|tps|rto|rpo|concurren\w+|real[- ]?time|"
    r"live\s+(?:market\s+)?data|"
    r"market\s+data|distributed\s+transactions?|e-?commerce|multi-?step|undone|undo|regions?|serverless|"
    r"high\s+volume|zero\s+loss)\b",
    re.IGNORECASE,
)
_TRIGGER = re.compile(
    r"^(?:(?:a|the|each|every|when|once|after)\s+)*(?:customers?|users?|clients?|shoppers?|buyers?|somebody|"
    r"orders?|requests?|events?)\s+"
    r"(?:is\s+|are\s+)?(?:plac\w+|submit\w*|arriv\w+|creat\w+|checks?\s+out|order\w*|receiv\w+|click\w*|starts?|"
    r"begins?|buys?)\b",
    re.IGNORECASE,
)
_STATES = re.compile(
    r"\b(?:states?|status(?:es)?|life-?cycle|state\s+machine)\b[^:]*$|\bmoves?\s+(?:between|through)\b", re.IGNORECASE
)
_PARALLEL = re.compile(
    r"\b(?:in\s+parallel|simultaneously|concurrently|at\s+the\s+same\s+time|all\s+at\s+once)\b", re.IGNORECASE
)
_CONDITION = re.compile(r"(?:if|when|whenever|unless|on|upon|in\s+case)\b", re.IGNORECASE)
_LONGEST_WORDS = 9


def listed_steps(text: str) -> tuple[Listed, ...]:
    """Return the steps of cleaned text in their order; empty when it lists none."""
    for items in (_marked(text, _NUMBERED), _marked(text, _BULLETED), _arrowed(text)):
        found = _unique(_named(items))
        if len(found) >= 2:
            return found
    return _unique(step for sentence in _SENTENCE.split(text) for step in _row(sentence))


def sole_step(text: str) -> Listed | None:
    """Return what a text without any list says that is done, as one step."""
    for sentence in _SENTENCE.split(text):
        name = _trimmed(_CUT.sub("", sentence.split(":")[-1]))
        if name and 1 <= len(name.split()) <= _LONGEST_WORDS:
            return Listed(name)
    return None


def is_trigger(words: str) -> bool:
    """Tell whether words say what starts the process and not what it does."""
    return bool(_TRIGGER.match(words.strip()))


def _marked(text: str, mark: re.Pattern[str]) -> Sequence[tuple[str, str]]:
    pieces = mark.split(text)
    return [(pieces[0], piece) for piece in pieces[1:]] if len(pieces) > 2 else []


def _arrowed(text: str) -> Sequence[tuple[str, str]]:
    pieces: list[tuple[str, str]] = []
    for sentence in _SENTENCE.split(text):
        parts = _ARROW.split(sentence)
        if len(parts) > 1:
            lead, _, first = parts[0].rpartition(":")
            pieces.extend((lead, part) for part in (first, *parts[1:]))
    return pieces


def _named(items: Sequence[tuple[str, str]]) -> Iterator[Listed]:
    for lead, item in items:
        head = re.split(r"[.;\n(]|,\s|:\s", item.strip(), maxsplit=1)[0]
        name = _trimmed(_CUT.sub("", head))
        if name and not is_trigger(name):
            yield Listed(name, bool(_PARALLEL.search(item)), bool(_STATES.search(lead)))


def _row(sentence: str) -> Iterator[Listed]:
    """Yield the steps of one sentence that lists at least two things."""
    lead, colon, rest = sentence.rpartition(": ")
    body = rest if colon else sentence
    states = bool(_STATES.search(lead)) if colon else False
    pieces = [piece for piece in _SEPARATOR.split(body) if piece and piece.strip()]
    if len(pieces) < 2 or _CONDITION.match(sentence.strip()):
        return
    parallel = bool(_PARALLEL.search(lead) or _PARALLEL.search(pieces[-1]))
    if not colon:
        head = _LEAD.sub("", pieces[0], count=1)
        states = states or bool(_STATES.search(pieces[0].removesuffix(head)))
        pieces = [head, *pieces[1:]]
    for piece in pieces:
        if _NO_STEP.search(_CUT.sub("", piece)) or is_trigger(piece):
            continue
        name = _trimmed(_CUT.sub("", piece))
        if name and len(name.split()) <= _LONGEST_WORDS and not _NO_STEP.search(name):
            yield Listed(name, parallel, states)


def _trimmed(words: str) -> str:
    name = " ".join(words.split()).strip(" .,:;-\"'()[]!?")
    while (shorter := _FRONT.sub("", name)) != name:
        name = shorter
    while (shorter := _TAIL.sub("", name)) != name:
        name = shorter
    name = re.sub(r"[^\w\s/'&+.-]", "", name).strip(" .-'")
    name = re.sub("_{2,}", "_", name)
    return name if re.search(r"[a-zA-Z]{2}", name) and name.lower() not in _EMPTY else ""


_EMPTY = frozenset(
    [
        "order",
        "orders",
        "etc",
        "so on",
        "more",
        "services",
        "steps",
        "step",
        "workflow",
        "process",
        "then",
        "and",
        "or",
        "partial",
        "strict",
    ]
)


def _unique(steps: Iterator[Listed]) -> tuple[Listed, ...]:
    found: dict[str, Listed] = {}
    for step in steps:
        found.setdefault(step.name.lower(), step)
    return tuple(found.values())
