"""How a sentence stands to a thing that it names: wants it, forbids it, allows it, can do without it, wishes for it."""

# ruff: noqa: E501 - a phrase is one line, however long

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from architect.wording import any_of

Span = tuple[int, int]


class Stance(StrEnum):
    """What a sentence says of a thing."""

    WANTED = "wanted"
    FORBIDDEN = "forbidden"
    ALLOWED = "allowed"
    WAIVED = "waived"


_NEGATION = any_of(r"""
    (?:no|not|never|none|nobody|nothing|nowhere|neither|nor|without|cannot|zero|nil|lacks?|lacking|free (?:of|from))(?! (?:only|just|merely|exceptions?|questions?|matter|doubt|later|one (?:should|must|has)|(?:longer|more|less|fewer|earlier|sooner|greater|worse) than))
    (?:can|don|doesn|didn|won|wouldn|mustn|shouldn|isn|aren|needn|couldn|mayn|shan|hasn)'?t
    0(?![.,]?\d)(?! ?%)(?! ?(?:m?s|us|ns|\u03bcs|sec\w*|milli\w*|micro\w*|nano\w*)\b)
""")
_ABANDON = any_of(r"""
    (?:giv\w+|gave) (?:\w+ )?up|drop(?:s|ped|ping)?|avoid\w*|waiv\w+|relax\w*|skip\w*|sacrific\w+|reject\w*
    exclud\w+|abandon\w*|(?:rul\w+) out|forgo\w*|forbid\w*|prohibit\w*
    instead of|rather than|in place of|unlike|unnecessary|(?:can|could) (?:well )?(?:live|do|manage) without
    at the (?:expense|cost|price) of|less important than
    (?:more|rather) \w+ than|(?:more )?(?:important|valuable|preferr?\w*|priority) (?:than|over|to)
    matters? more (?:to us )?than|over(?= (?:strong|strict|full) consistency| consistency| availability)
    compromis\w+|violat\w+|break(?:s|ing)?|trad(?:e|ed|ing) (?:away|off)
    los[ei]\w*|stop(?:s|ped)? short of|eliminat\w+|prevent\w*|rid of|refrain\w*|beware of
""")
_HARM = any_of(r"""
    affect\w*|impair\w*|harm\w*|endanger\w*|influence\w*|impact\w*|jeopardi[sz]\w*|weaken\w*|degrad\w+|reduc\w+
    hurt\w*|lower\w*
""")
"""What, done to something good, takes it away; done to something bad, means nothing here."""
_OUTRANKED = re.compile(r"\b(?:over|above|before|ahead of|trumps?|beats?|outranks?)\s+(?:strong |strict |full |the )?$")
_RANKED = re.compile(r"consisten|availab|up ?time|lineari|seriali|latency|correct")
_NEED = any_of(r"""
    need(?:s|ed)?|requir\w+|want(?:s|ed)?|expect\w*|insist\w*|ask(?:s|ed|ing)? for|demand\w*|have to|has to
    necessar\w+|oblig\w+|mandat\w+|goals?|reasons?|care|mind|aim\w*|strive|promise\w*|claim\w*|assum\w+
    guarantee[sd]?|bother|depend\w*|rely|request(?:ed|ing)
""")
_ALLOW = any_of(r"""
    may|might|can|could|(?:is|are|be) (?:allowed|permitted|free) to|tolerat\w+|tolerance|accept(?:s|ed|ing|able)?
    permit\w*|allow\w*|ok|okay|fine|happy|willing|prepared|live with|put up with|settle for|agree to|bear|afford
    some
""")
_WISH = any_of(r"""
    (?:would|might) be (?:nice|great|lovely|good|ideal|welcome)|nice to have|ideally|preferabl[ey]|desirable
    if (?:at all )?possible|where possible|as (?:\w+ ){1,3}as possible|best[ -]effort|aspir\w+|wish list
    had (?:asked|wanted|required|planned|hoped|demanded|specified)|used to (?:ask|want|need|require|demand)
    (?:originally|initially|formerly|previously|at first|once) (?:asked|wanted|required|planned|hoped|demanded|specified)
    dream(?:s|t)? of|in an ideal world|unrealistic|not realistic|infeasible|unachievable
    cannot be (?:had|achieved|reached)|unattainable
""")
_WAIVED_AFTER = any_of(r"""
    (?:isn't|is not|not) worth|too (?:expensive|slow|costly|dear)|costs? too much
    (?:not|isn't|aren't|wasn't|never) (?:\w+ ){0,2}(?:needed|required|necessary|demanded|expected|wanted|mandatory|critical|important|essential|vital|crucial|in scope|asked for|insisted on|promised|assumed|relied (?:up)?on|relevant|used)
    (?:not|isn't|aren't|wasn't|hardly) (?:\w+ )?(?:an?|our|the) (?:\w+ )?(?:goals?|requirements?|must|need|concern|priority|objective|aim|target)
    (?:must|should|shall|may|can|will) not be (?:used|relied on|assumed)
    unnecessary|optional|irrelevant|overkill|waived|dispensable|superfluous|negotiable
    out of scope|off the table|(?:is|are|was|were|been|:) (?:ruled out|rejected|excluded|dropped)|secondary
    no (?:requirement|issue|concern|priority|goal|must)(?! that)
    (?:an? )?non ?-?goals?
    (?:can|may|could|might) (?:well )?be (?:relaxed|waived|dropped|given up|sacrificed|omitted|skipped|weakened|traded)
    (?:does|do)(?:n't| not) (?:\w+ )?(?:matter|apply|interest|concern)
    (?:matters?|counts?) (?:little|less)|(?:can|may|will|has to|must) (?:give way|wait|yield)
    (?:comes?|is|are) (?:only )?second
""")
_FORBIDDEN_AFTER = any_of(r"""
    impossible|unacceptable|intolerable|inadmissible|impermissible|forbidden|prohibited|banned|disallowed
    unthinkable|verboten
    out of the question|ruled out
    (?:is|are|be|will be|was)? ?(?:not|never) (?:\w+ )?(?:acceptable|tolerable|tolerated|allowed|permitted|accepted|admissible|to be tolerated|an option|endured|ok|okay)
    (?:cannot|can't|can not|won't|will not|must not) be (?:tolerated|accepted|allowed|permitted|endured)
    (?:must|shall|should|may|can|will) (?:not|never) (?:ever )?(?:exist|occur|happen|arise|be (?:added|noticeable|measurable|visible|perceptible|felt|seen|observed|introduced|incurred|possible|there|present))
    (?:cannot|can't) (?:exist|occur|happen|arise|be (?:added|introduced|incurred))
    never (?:\w+ )?(?:happens?|occurs?|arises?|exists?)
    (?:is|are) (?:a )?no go
    (?:is|are|be|counts? as|(?:classified|regarded|treated|considered|seen) as) (?:an? )?(?:\w+ )?(?:defect|bug|fault|incident|violation|breach)s?
""")
_ZERO_AFTER = re.compile(
    r"(?: (?:of|for) (?:an?|any|the|each|every) \w+)?(?: (?:tolerance|budget|target|overhead|cost|penalty|limit|tolerated|allowed|whatsoever|must|should|shall|has|have|to|stay|remain|be|is|are|of|at|equals?|means|times?|itself|between [a-z ]{1,30}|impact|effect|increase|difference|at all|added))*"
    r" ?[:=~\u2248]? ?(?:exactly |precisely |near |close to |nearly |absolutely |practically |virtually |effectively |essentially |literally |as good as )?(?:zero|nil|none|never|nought|nothing|0)\b(?![.,]?\d)(?! ?%)(?! (?!for\b|in\b|at\b|across\b|between\b|everywhere\b|on\b|tolerated\b|allowed\b|accepted\b|acceptable\b|permitted\b|whatsoever\b|per\b|to (?:each|every|any|the)\b)[a-ln-z])"
)
_ALLOWED_AFTER = any_of(r"""
    (?:is|are|will be|would be|seems?) (?:\w+ )?(?:fine|ok|okay|acceptable|tolerable|tolerated|allowed|permitted|accepted|welcome|harmless|bearable|no problem|all right|alright|unproblematic)
    (?:fine|ok|okay|tolerated|acceptable|allowed|permitted|harmless|all right)
    will do|suffices?|is enough
""")
_REACH_WORDS = 11
_REACH_CHARACTERS = 90
_BREAK_BEFORE = re.compile(
    r"[,()&:]|\b(?:and|but|however|although|though|while|whilst|whereas|yet|when|if|so|because|since|which|(?<!require )(?<!requires )(?<!required )(?<!needed )(?<!necessary )(?<!expected )(?<!demanded )(?<!need )(?<!want )(?<!expect )(?<!insist )(?<!demand )(?<!mean )that)\b"
)
_BREAK_AFTER = re.compile(
    r",(?!\s*(?:which|though|but|it|that|nor|or|and (?:it|that|this))\b)|[()]|\b(?:because|since|while|whereas|so that|and (?:the|all|every|each|no|we|must|zero|both|any|none|nobody|nothing|may|can|never))\b"
)
_LIST = re.compile(r"\b(?:neither|nothing may|nothing must|nobody may|without any)\b[^;.]{0,60}$")
_ENUMERATED = re.compile(r"\s*(?:\w+\s*)?(?:,|,?\s*\b(?:or|nor)\b)\s*(?:any |an? |the )?")
_FORWARD = re.compile(r"\s*(?:that|to)\b")
_JOINT = re.compile(r"\b(?:or|nor)\b")


def stance(
    sentence: str, start: int, end: int, spoken_for: Sequence[Span], context: Sequence[Span] = (), *, bad: bool = False
) -> Stance:
    """Return how a normal sentence stands to its part from `start` to `end`.

    A word of denial denies the first of the parts `spoken_for` after it and those that `or` joins to that; inside one of
    them, or of the `context`, it belongs to that part alone.
    """
    after = _after(sentence[end : end + _REACH_CHARACTERS + 20])
    wish = sentence[max(0, start - 60) : start].rpartition(",")[2]
    if _WISH.search(wish) or _WISH.search(after[:70]) or _WAIVED_AFTER.search(after):
        return Stance.WAIVED
    before = _before(sentence, start, spoken_for, context, bad=bad)
    if bad and before in (Stance.WANTED, Stance.ALLOWED):
        before = _listed(sentence, start, spoken_for, context) or before
    if before in (Stance.WANTED, Stance.ALLOWED) and (
        _FORBIDDEN_AFTER.search(after) or _ZERO_AFTER.match(sentence, end)
    ):
        return Stance.FORBIDDEN
    if before is Stance.WANTED and _ALLOWED_AFTER.search(after[:40]):
        return Stance.ALLOWED
    return before


def verdicts_in(sentence: str) -> list[Span]:
    """Return the parts that judge what stands before them: `is not allowed`, not the `not required` before a `that`."""
    return [
        match.span()
        for pattern in (_FORBIDDEN_AFTER, _WAIVED_AFTER)
        for match in pattern.finditer(sentence)
        if not _FORWARD.match(sentence, match.end())
    ]


def _before(sentence: str, start: int, spoken_for: Sequence[Span], context: Sequence[Span], *, bad: bool) -> Stance:
    taken = (*spoken_for, *context)
    first, listed = _window(sentence, start, taken)
    abandoned = [
        match.span()
        for pattern in ((_ABANDON,) if bad else (_ABANDON, _HARM))
        for match in pattern.finditer(sentence, first, start)
        if not _inside(match.start(), taken)
    ]
    if _OUTRANKED.search(sentence[first:start]) and _RANKED.match(sentence, start):
        return Stance.WAIVED
    negated = [
        match.span()
        for match in _NEGATION.finditer(sentence, first, start)
        if not _inside(match.start(), (*taken, *abandoned))
    ]
    abandons = [one for one in abandoned if not _consumed(sentence, one[1], start, spoken_for)]
    negations = [one for one in negated if not _consumed(sentence, one[1], start, spoken_for)]
    count = len(abandons) + (min(1, len(negations)) if listed else len(negations))
    if count and count % 2 == 0:
        return Stance.WANTED
    if abandons or (negations and _found(_NEED, sentence, negations[0][1], start, taken)):
        return Stance.WAIVED
    if negations:
        return Stance.FORBIDDEN
    return Stance.ALLOWED if _found(_ALLOW, sentence, first, start, taken) else Stance.WANTED


def _listed(sentence: str, start: int, spoken_for: Sequence[Span], context: Sequence[Span]) -> Stance | None:
    """Return the stance to the part before, where only a comma or an `or` stands between."""
    for first, last in spoken_for:
        if last <= start and _ENUMERATED.fullmatch(sentence, last, start):
            said = _before(sentence, first, spoken_for, context, bad=True)
            return said if said is not Stance.WANTED else _listed(sentence, first, spoken_for, context)
    return None


def _window(sentence: str, start: int, taken: Sequence[Span]) -> tuple[int, bool]:
    """Return where the words begin that may deny the part at `start`, and whether it stands in a list."""
    first = max(0, start - _REACH_CHARACTERS)
    if _LIST.search(sentence, first, start):
        return first, True
    breaks = [match for match in _BREAK_BEFORE.finditer(sentence, first, start) if not _inside(match.start(), taken)]
    if breaks:
        first = breaks[-1].end()
    words = sentence[first:start].split()
    if len(words) > _REACH_WORDS:
        first = start - len(sentence[first:start].split(maxsplit=len(words) - _REACH_WORDS)[-1])
    return first, False


def _consumed(sentence: str, denial_end: int, start: int, spoken_for: Sequence[Span]) -> bool:
    """Tell whether a denial is about something between it and the part at `start`."""
    return any(
        denial_end <= first and last <= start and not _JOINT.search(sentence, last, start) for first, last in spoken_for
    )


def _after(rest: str) -> str:
    end = _BREAK_AFTER.search(rest)
    return rest[: end.start()] if end else rest


def _found(pattern: re.Pattern[str], sentence: str, start: int, end: int, taken: Sequence[Span]) -> bool:
    return any(not _inside(match.start(), taken) for match in pattern.finditer(sentence, start, end))


def _inside(place: int, taken: Sequence[Span]) -> bool:
    return any(first <= place < last for first, last in taken)
