"""The words by which people ask for several regions, strong consistency, no latency and no outage."""

# ruff: noqa: E501 - a phrase is one line, however long

from __future__ import annotations

from architect.wording import any_of

_SITES = r"(?:regions|continents|geographies|geos|data[- ]?cent(?:er|re)s|sites|hemispheres|oceans|clouds)"
_SITE = r"(?:region|continent|geography|data[- ]?cent(?:er|re)|site|replica|copy|node|half|side)"
_WORLD = r"(?:world|globe|planet|atlantic|pacific)"
_NUMBER = r"(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|[2-9]|[1-9]\d+)"
_MANY = rf"(?:all|every|each|both|any|multiple|several|many|various|different|other|distant|{_NUMBER})"
_PLACE = (
    r"(?:london|new york|tokyo|frankfurt|singapore|sydney|mumbai|paris|dublin|chicago|hong kong|sao paulo|virginia|oregon|"
    r"ohio|ireland|europe|asia|america|africa|australia|(?:north|south) america|apac|emea|(?:the )?us|usa|(?:the )?eu|"
    r"(?:the )?uk|india|japan|brazil|germany|california|stockholm|zurich|seoul|shanghai)"
)
_CODE = (
    r"(?:(?:us|eu|ap|sa|ca|me|af|il|cn)-(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-?\d)"
)
_JOIN = r"(?: ?, ?(?:and )?| and | to | ?/ ?| ?& ?| ?\+ ?)"
_KEPT = r"(?:is|are|be|being|stays?|remains?|kept|must be|must stay|must remain|has to be|have to be)"

SEVERAL_REGIONS = any_of(rf"""
    (?:multi|cross|inter|trans|pan)[- ]?(?:region(?:al)?s?|continent(?:al)?|dc|data[- ]?cent(?:er|re)|site|geo|cloud)
    (?:(?!(?:no|zero|without)\s)\w+ )?{_SITES}
    no (?:region|continent|data[- ]?cent(?:er|re)) (?:may|must|can|should|shall|is|ever)
    {_MANY} (?:\w+ )?(?:region|continent|data[- ]?cent(?:er|re)|geography)
    (?:geo|globally|world-?wide|planet)[- ]?(?:distribut|replicat|redundan|scal|spread|partition|deploy)\w*
    active[- /]?active
    multi-?(?:master|primary|leader)
    everywhere
    {_CODE}{_JOIN}{_CODE}
    {_PLACE} and {_PLACE} regions
""")
SPREAD = any_of(rf"""
    global(?:ly)?(?! (?:timeout|limit|default|variable|unique))
    world-?wide
    (?:around|across|over|all over|anywhere in|throughout) the (?:whole )?{_WORLD}
    {_MANY} countries
    {_PLACE}{_JOIN}{_PLACE}
""")
"""Several regions as well, unless the text says that there is one region: customers may be anywhere."""
ONE_REGION = any_of(rf"""
    (?:single|one|same|only one|a|in|our|its|home)[- ]region
    single[- ](?:data[- ]?cent(?:er|re)|site)
    one data[- ]?cent(?:er|re)
    (?:within|inside) (?:a|one|the same) (?:region|data[- ]?cent(?:er|re))
    in {_CODE} only
""")

_STATE = r"(?:consisten\w+|coheren\w+|consensus|agreement)"
_STRICTLY = (
    r"(?:strong(?:ly|est)?|strict(?:ly|est)?|full(?:y)?|perfect(?:ly)?|absolute(?:ly)?|immediate(?:ly)?|instant(?:ly)?|"
    r"instantaneous(?:ly)?|always|total(?:ly)?|complete(?:ly)?|external(?:ly)?|atomic(?:ally)?|global(?:ly)?|"
    r"synchronous(?:ly)?|transactional(?:ly)?|guaranteed|uncompromis\w+|real[- ]?time|hard|cp|acid|100 ?%)"
)
_ALWAYS = r"(?:everywhere|at all times|at every (?:instant|moment)|in (?:all|every|each|both|any)|on (?:all|every|each|both)|across)"
_CAP = r"(?:all three (?:(?:of|corners of|sides of) )?(?:the )?cap|consisten(?:t|cy), (?:\w+ )?availab(?:le|ility),? and partition\W?\w*)"

STRONG = any_of(rf"""
    {_STRICTLY}[- ](?:[a-z-]+ ){{0,2}}{_STATE}
    {_STATE}(?: ?: ?| {_KEPT} | )(?:strong|strict|perfect|absolute|immediate|instantaneous|instant|total|global)
    strict(?:ly)?[- ]?serial\w*
    lineari[sz]ab\w*
    seriali[sz]ab\w*
    sequential(?:ly)? consisten\w+
    linear consistency
    consistent (?:(?:and \w+ )?{_ALWAYS})
    consistency (?:at all times|everywhere|(?:across|between) {_MANY} (?:{_SITES}|{_SITE}))
    (?:no|zero) (?:(?:stale|outdated|dirty) (?:reads?|data|values?)|staleness|divergence)
    (?:no|zero) (?:replication )?(?:lag|delay) between
    (?:no|zero) replication (?:lag|delay)
    never (?:\w+ ){{0,3}}stale(?: \w+)?
    without (?:any )?stale reads?
    stale (?:reads?|data) (?:is|are) (?:forbidden|unacceptable|not (?:allowed|acceptable|tolerated|permitted))
    (?:latest|newest|most recent|up[- ]to[- ]date|current) (?:committed )?(?:write|value|state|data|version|balance|price)s?
    the last write
    (?:single|one)[- ]copy(?: semantics)?
    identical (?:{_ALWAYS})
    {_KEPT} (?:exactly |always )?the same (?:{_ALWAYS})
    (?:same|identical) (?:[a-z]+ )?(?:value|data|state|balance|view|answer|price|book|position|result)s?(?=[^.;]{{0,50}}\b(?:every\w*|all|both|each|any|simultaneously|same|once))
    (?:all|every|each|both) (?:{_SITE}|{_SITES}|replicas|copies|nodes) (?:(?:must|should|shall|have to|has to) )?(?:always )?agrees?
    (?:all|every|each|both) (?:{_SITE}|{_SITES}|replicas|copies|nodes) (?:(?:must|should|shall) )?(?:always )?(?:be |are |is |stay )?(?:identical|in sync|synchroni[sz]ed)
    (?:all|every|each|both) (?:{_SITE}|{_SITES}|replicas|copies|nodes) (?:(?:must|should|shall) )?(?:always )?sees? (?:the same|every write|all writes)
    (?:perfectly|always|fully|completely) (?:in[- ]sync|synchroni[sz]ed|in lock-?step)
    (?:all|every|each|both) (?:{_SITE}|{_SITES}|replicas|copies|nodes) (?:(?:must|should|shall) )?(?:always )?(?:have|has|hold|holds|share|shares|contain|contains|serve|serves) (?:exactly )?(?:the same|identical)
    no (?:{_SITE}|users?|clients?|readers?) (?:(?:may|must|can|should|shall|will) )?(?:ever )?(?:sees?|reads?|serves?|returns?) (?:stale|outdated|old)
    synchronous(?:ly)? (?:replicat|mirror|cop)\w+
    (?:replicat|mirror|cop)\w+ (?:\w+ ){{0,2}}synchronously
    (?:global(?:ly)?|atomic(?:ally)?) (?:atomic|acid|serial|commit)\w*
    atomic commits? across
    total order (?:of \w+ )?across
    acid (?:transactions? )?(?:across|between)
    {_CAP}
""")
EVENTUAL = any_of(r"""
    eventual(?:ly)?(?:[- ]consisten\w*)?
    (?:weak|weaker|weakly|relaxed|causal|causally)[- ]consisten\w+
    causal
    base semantics
    bounded staleness
    stale reads? (?:is|are) (?:ok|okay|fine|acceptable|tolerated|allowed)
    converg\w+
    async(?:hronous(?:ly)?)?[- ]replicat\w+
""")

_DELAY = (
    r"(?:latency|latencies|delays?|lag|wait(?:ing)?|slow-?down|round[- ]trips?(?: (?:cost|time|penalty|overhead))?)"
)
_ADDED = (
    r"(?:(?:added|additional|extra|cross-region|inter-region|network|measurable|perceptible|noticeable|replication|write|"
    r"read|commit|visible|detectable|any|such|observable|tolerated|whatsoever) )"
)
_NOT_NOISE = (
    r"(?! (?:requirements?|constraints?|targets?|limits?|bounds?|slas?|slos?|guarantees?|sensitiv\w+|goals?|concerns?|"
    r"pressure|problems?))"
)
_ZERO = r"(?:exactly |near |close to |nearly )?(?:zero|nil|none|0)(?![.,]?\d)(?! ?(?:m|s|u|\u03bc)\w*)"

NO_LATENCY = any_of(rf"""
    (?:zero|0|no|nil|not any|without|without any)[- ]{_ADDED}{{0,2}}{_DELAY}{_NOT_NOISE}
    0 ?ms (?:\w+ )?{_DELAY}
    (?:zero|no) tolerance (?:for|of|to|towards) (?:\w+ )?{_DELAY}
    (?:cannot|can't|can not|must not|mustn't|may not|will not|won't|never|do not|don't) (?:accept|tolerate|allow|add|afford|permit|introduce)s? {_ADDED}{{0,2}}{_DELAY}
    (?:must not|mustn't|may not|should not|shall not|will not|won't|cannot|can't|never|do not|don't) (?:ever )?(?:notice|see|feel|experience|perceive|observe)s? {_ADDED}{{0,2}}{_DELAY}
    (?:latency|delay|lag)-free
    sub-?(?:ms|us|ns|\u03bcs)
    (?:near|close to|almost|nearly|practically|virtually|effectively|essentially|approximately)[- ](?:zero|no|0)(?:[- ](?:ms|added))?(?:[- ]{_DELAY})?
    (?:near|nearly|virtually|almost)[- ](?:instant|immediate)\w*
    {_DELAY}(?: (?:tolerance|budget|target))?(?: ?: ?| ?= ?| )(?:(?:of|is|at|equals?|must be|should be|must stay at|must remain at|close to|near) )?{_ZERO}
    {_DELAY} (?:(?:is|are) )?(?:not (?:tolerated|acceptable|allowed|permitted|accepted)|unacceptable|forbidden)
    instant(?:ly|aneous|aneously)?
    the (?:very )?same instant
    at the same (?:instant|moment)
    simultaneously visible
    immediately visible
    (?:see|sees|visible|propagat\w+|appear\w*) (?:[\w ]{{0,25}} )?immediately
    (?:imperceptible|negligible|vanishing(?:ly small)?) {_DELAY}
    ultra[- ]?low[- ]{_DELAY}
    sub-?\s?(?:milli|micro|nano)second
    (?:micro|nano)second[- ](?:\w+ )?{_DELAY}
    (?:micro|nano)second[- ](?:[\w-]+ ){{0,2}}(?:commit|respon|confirm|write|visib)\w*
    (?:in|within) (?:micro|nano)seconds
    {_DELAY} (?:must|should|may) not (?:exist|occur|happen|be (?:added|noticeable|measurable|visible|perceptible))
    speed of light
    zero[- ]time
    in no time
""")
LOW_LATENCY = any_of(rf"""
    low(?:er|est)?[- ]{_DELAY}
    (?:fast|quick) response
    (?:tight|short) {_DELAY}
    {_DELAY}[- ](?:sensitive|critical)
""")

_PLANNED = r"(?:deploy|release|upgrade|migration|maintenance|rollout|update|restart|rolling|schema|cut-?over|switch-?over|failover)\w*"
_UP = (
    r"(?:availab\w+|up|online|writable|writeable|operational|accept\w*|answer\w*|serv\w+|work\w*|writes?|responsive|operat\w+|"
    r"reachable|usable|running)"
)
_CUT = (
    r"(?:partition\w*|cut off|disconnect\w*|isolat\w+|split\w*|unreachable|separated|regions? fails?|"
    r"lose (?:contact|connectivity|touch|connection)|los[et] (?:of )?(?:contact|connectivity|connection)|"
    r"link(?:s| between [\w ]{1,25})? (?:is |are )?(?:lost|down|fail\w*|break\w*|cut|severed)|"
    r"network (?:splits?|failures?|outages?|is down|fails)|cables? (?:is |are )?(?:cut|severed)|"
    r"cannot (?:reach|see|talk to) each other)"
)
_WHILE = (
    r"(?:during|under|despite|throughout|through|in spite of|in the face of|even (?:when|if|during|under|with|while|though)|"
    r"whenever|when|while|if|regardless of|no matter)"
)

NO_OUTAGE = any_of(rf"""
    100(?:\.0+)? ?(?:%|per ?cent) (?:\w+ )?(?:availab\w+|up-?\s?time|up|online|reachab\w+)
    (?:availab\w+|up-?\s?time) ?(?:of|is|:|=|at|must be|should be|target|target of|sla|sla of)? ?100(?:\.0+)? ?(?:%|per ?cent)
    (?:full|total|perfect|complete|absolute|permanent|continuous|uninterrupted|unconditional|constant)(?:ly|y)? (?:availab\w+|up-?\s?time)
    always[- ](?:available|on|up|online|writable|writeable|answer\w*|accept\w*)
    available (?:at all times|always)
    (?:zero|no|without|without any)[- ](?:unplanned )?(?:downtime|outages?|unavailability|interruptions?)(?! ?(?:(?:during|for|on|in|at|when|while) )?(?:\w+ ){{0,2}}{_PLANNED})
    never (?:be |being |go |goes )?(?:down|unavailable|offline)
    no (?:{_SITE}|request|service) (?:(?:may|must|can|should|shall|will) )?(?:ever )?(?:be|go|become|is|goes) (?:unavailable|down|offline|refused|rejected)
    never (?:refus|reject|stop)\w*(?: (?:a )?(?:writes?|requests?))?
    (?:every|all|any|each|both) (?:request|write|read|region|side|site|half|halves|end|part|continent|data[- ]?cent(?:er|re)|node)s? (?:(?:must|should|shall|can|has to|have to) )?(?:always )?(?:be|is|are|stays?|remains?|keeps?|continues?|gets?)? ?(?:answered|served|available|accept\w*|writable|writeable|an answer|taking writes|to (?:accept|serve|write)\w*|working|serving)
    {_UP}\b[^.;]{{0,40}}\b{_WHILE}\b[^.;]{{0,40}}\b{_CUT}
    {_WHILE} [^.;]{{0,40}}\b{_CUT}\b[^.;]{{0,50}}\b(?:must|keeps?|stays?|remains?|continues?|goes on)\b[^.;]{{0,30}}\b{_UP}
    availab\w+ during (?:network )?partitions
    without (?:ever )?(?:refus|reject|block|stopp|interrupt)\w* (?:(?:a|any|the) )?(?:requests?|writes?|trades?|orders?|service)
    {_CAP}
""")
GIVES_WAY = any_of(r"""
    (?:may|can|could|might|will|would|is allowed to|are allowed to|should) (?:\w+ )?(?:suffer|degrade|drop|stop|be lost|be reduced|be given up|be unavailable|refuse|fail|block|pause|wait)\w*
    (?:suffers|degrades|drops|stops|blocks|pauses|refuses|rejects)
    (?:is|are) (?:lost|reduced|given up|sacrificed|refused|rejected|blocked)
    accept\w* (?:some )?(?:downtime|outages?|unavailability|interruptions?)
""")
"""An outage that is accepted, found inside the words of a claim that there is none."""

PLACE = any_of(rf"""
    (?:in|at|from|between|and|to) {_PLACE}
    {_CODE}
""")
"""One place; two different ones in a text are two regions."""
LATENCY_WORDS = any_of(r"""
    latenc\w*|delays?|respon\w*|commit\w*|confirm\w*|visible|propagat\w*|round[- ]trip|transition\w*|replicat\w*|answer\w*
    end[- ]to[- ]end|within|under|below|sub|max\w*
""")
OTHER_TIMES = any_of(r"""
    rpo|data loss|retention|jitter|clocks?|skew|granularity|resolution|rto
""")
ACROSS = any_of(rf"""
    (?:across|between|over|spanning|among) (?:(?:{_MANY}|the|our|its) ){{0,2}}(?:{_SITES}|countries|{_WORLD})
    cross-?(?:region|continent)\w*
    inter-?region\w*
    global(?:ly)?
    world-?wide
    everywhere
""")
INSIDE_REGION = any_of(r"""
    (?:within|inside|per) (?:each|every|any) (?:(?:own|single|same|home|local|given) )*(?:region|data[- ]?cent(?:er|re)|site)
    (?:within|inside|in|per|for) (?:(?:a|an|one|the|its|their) )?(?:(?:own|single|same|home|local|given) )*(?:region|data[- ]?cent(?:er|re)|site)
    (?:intra|in|single|home|per)[- ]region
    region(?:ally|-local|al)
    locally
    (?:in|on|at) the (?:primary|leader|master)
    in (?:us|eu|ap|sa|ca|me|af|il|cn)-\w+-\d(?: only)?
""")
