"""The words by which people ask for several regions, strong consistency, no latency and no outage, as patterns."""

from __future__ import annotations

import re

_SITE = (
    r"(?:regions?|continents?|countries|geographies|geos|data\s?-?cent(?:er|re)s?|sites|hemispheres|locations|"
    r"clouds|cloud\s+providers|oceans|world|globe|planet)"
)
_MANY = (
    r"(?:all|every|each|both|any|multiple|several|many|various|different|two|three|four|five|six|seven|eight|ten|\d+)"
)
_CITY = (
    r"(?:london|new\s+york|tokyo|frankfurt|singapore|sydney|mumbai|paris|dublin|chicago|hong\s+kong|sao\s+paulo|"
    r"virginia|"
    r"oregon|ohio|ireland|europe|asia|america|africa|australia|north\s+america|south\s+america|apac|emea|the\s+us|usa|"
    r"the\s+eu|india|japan|brazil|germany|california|stockholm|zurich|seoul|shanghai)"
)
_CODE = (
    r"(?:(?:us|eu|ap|sa|ca|me|af|il|cn)-(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-?\d)"
)

_SEVERAL_REGIONS = (
    rf"\b(?:multi|cross|inter|trans|pan)[- ]?(?:region(?:al)?s?|continent(?:al)?|dc|data\s?-?cent(?:er|re)|site|"
    rf"geo|cloud)\b"
    rf"|\b(?:across|between|over|spanning|spans|in|on|from|to|for|throughout)\s+(?:(?:{_MANY}|the|our|its|their|"
    rf"geographic(?:al)?"
    rf"|cloud|aws|azure|gcp|separate|distant|remote|far[- ]apart)\s+){{0,3}}(?:regions|continents|countries|"
    rf"geographies|geos|"
    rf"data\s?-?cent(?:er|re)s|sites|hemispheres|oceans|globe|planet|clouds)\b"
    rf"|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|[2-9]|[1-9]\d+|multiple|several|many|all|every|"
    rf"each|both|other"
    rf"|various)\s+(?:[a-z]+\s+)?(?:regions?|continents?|data\s?-?cent(?:er|re)s?|geographies)\b"
    rf"|\b(?:geo|globally|world\s?-?wide|planet)[- ]?(?:distributed|replicated|redundant|scale|spread|partitioned|"
    rf"deployed)\b"
    rf"|\bgeo-?(?:replication|distribution|redundancy)\b|\bglobal(?:ly)?\b(?!\s+(?:timeout|limit|default|variable|"
    rf"unique))"
    rf"|\b(?:world\s?-?wide|around\s+the\s+(?:world|globe)|across\s+the\s+(?:world|globe|planet|atlantic|pacific))\b"
    rf"|\bactive[- /]?active\b|\bmulti-?master\b|\bmulti-?primary\b|\beverywhere\b|\ball\s+over\s+the\s+world\b"
    rf"|{_CITY}(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s+to\s+|\s*/\s*|\s*&\s*){_CITY}"
    rf"|{_CODE}(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s+to\s+|\s*/\s*|\s*&\s*|\s*\+\s*){_CODE}"
)
_ONE_REGION = (
    rf"\b(?:single|one|same|only\s+one|a|in|our|its|home)[- ]region\b|\bsingle[- ](?:data\s?-?cent(?:er|re)|site)\b"
    rf"|\b(?:within|inside)\s+(?:a|one|the\s+same)\s+(?:region|data\s?-?cent(?:er|re))\b|\bin\s+{_CODE}\s+only\b"
)
_STATE = r"(?:consisten\w+|coheren\w+|consensus|agreement)"
_STRONG = (
    rf"\b(?:strong(?:ly|est)?|strict(?:ly|est)?|full(?:y)?|perfect(?:ly)?|absolute(?:ly)?|immediate(?:ly)?|"
    rf"instant(?:ly|aneous(?:ly)?)?"
    rf"|always|total(?:ly)?|complete(?:ly)?|external(?:ly)?|atomic(?:ally)?|global(?:ly)?|synchronous(?:ly)?|"
    rf"transactional(?:ly)?"
    rf"|guaranteed|uncompromis\w+|real[- ]?time|hard|cp|acid)[- ](?:[a-z-]+\s+){{0,2}}{_STATE}"
    rf"|\b{_STATE}\s+(?:must\s+be\s+|is\s+|be\s+|being\s+)?(?:strong|strict|perfect|absolute|immediate|"
    rf"instantaneous|instant|total|global)\b"
    rf"|\bstrict(?:ly)?[- ]?serial[iz s]*\w*|\blineari[sz]ab\w*|\bseriali[sz]ab\w*|\blinear\s+consistency\b"
    rf"|\bsequential(?:ly)?\s+consisten\w+|\bconsistent\s+(?:at\s+all\s+times|everywhere|in\s+every|in\s+all|"
    rf"across\s+(?:all|every))\b"
    rf"|\bconsistency\s+(?:at\s+all\s+times|everywhere|(?:across|between)\s+{_MANY}\s+{_SITE})\b"
    rf"|\bno\s+(?:stale|outdated|dirty)\s+(?:reads?|data|values?)\b|\bnever\s+(?:\w+\s+){{0,2}}stale\b|"
    rf"\bzero\s+stale\w*"
    rf"|\bwithout\s+(?:any\s+)?stale\s+reads?\b|\bstale\s+reads?\s+(?:are|is)\s+(?:forbidden|not\s+(?:allowed|"
    rf"acceptable|tolerated))"
    rf"|\b(?:latest|newest|most\s+recent|up[- ]to[- ]date|current)\s+(?:committed\s+)?(?:write|value|state|data|"
    rf"version|balance|price)s?\b"
    rf"|\bidentical\s+(?:everywhere|in\s+(?:all|every|each|both)|on\s+(?:all|every|each|both)|across|"
    rf"at\s+all\s+times)\b"
    rf"|\bread\s+the\s+last\s+write\b|\bsingle[- ]copy\s+semantics\b|\bone[- ]copy\b"
    rf"|\b(?:same|identical)\s+(?:[a-z]+\s+)?(?:value|data|state|balance|view|answer|price|order\s+book|position|"
    rf"result)s?\b"
    rf"(?=[^.;]{{0,50}}\b(?:everywhere|every|all|both|each|any|simultaneously|same\s+(?:time|instant|moment)|"
    rf"at\s+all\s+times|at\s+once)\b)"
    rf"|\b(?:all|every)\s+(?:replicas?|regions?|copies|nodes?)\s+(?:must\s+|should\s+|shall\s+)?(?:always\s+)?"
    rf"(?:agrees?|are\s+identical|be\s+identical|is\s+identical|be\s+in\s+sync|are\s+in\s+sync|stays?\s+in\s+sync|"
    rf"sees?\s+the\s+same)"
    rf"|\b(?:in|perfectly|always)\s+(?:perfect\s+|lock)?-?(?:sync(?:hroni[sz]ed)?|"
    rf"step)\b(?=[^.;]{{0,40}}\b(?:regions?|continents?|everywhere|sites|data))"
    rf"|\bsynchronous(?:ly)?\s+(?:replicat\w+|mirror\w*|cop\w+)|\b(?:zero|no)\s+(?:replication\s+)?(?:lag|"
    rf"staleness|divergence|replication\s+delay)\b"
    rf"|\b(?:global(?:ly)?|atomic(?:ally)?)\s+(?:atomic|acid|serial)\s?(?:transactions?|commits?)?|"
    rf"\batomic\s+commits?\s+across\b"
    rf"|\btotal\s+order\s+(?:of\s+\w+\s+)?across\b|\bread[- ]after[- ]write\s+consisten\w+|"
    rf"\bacid\s+(?:transactions?\s+)?across\b"
    rf"|\bconsistent,\s*(?:highly\s+|always\s+|fully\s+)?available,?\s*and\s+partition|"
    rf"\bconsistency,\s*availability,?\s*and\s+partition"
    rf"|\ball\s+three\s+(?:of\s+|corners\s+of\s+|sides\s+of\s+)?(?:the\s+)?cap\b"
)
_EVENTUAL = (
    r"\beventual(?:ly)?[- ]?consisten\w*|\beventual(?:ly)?\b|\bweak(?:ly|er)?\s+consisten\w+|"
    r"\bcausal(?:ly)?\s+consisten\w+|\bcausal\b"
    r"|\brelaxed\s+consisten\w+|\bbase\s+semantics\b|\bbounded\s+staleness\b|\bstale\s+reads?\s+(?:are|"
    r"is)\s+(?:ok|okay|fine|acceptable|tolerated|allowed)"
    r"|\bconverg\w+|\basynchronous(?:ly)?\s+replicat\w+|\basync\s+replicat\w+"
)
_DELAY = r"(?:latency|delay|lag|wait(?:ing)?|latencies|round[- ]trip(?:\s+(?:cost|time|penalty|overhead))?|slow-?down)"
_NO_NOISE = (
    r"(?!\s+(?:requirements?|constraints?|targets?|limits?|bounds?|slas?|slos?|guarantees?|sensitiv\w+|"
    r"goals?|concerns?|pressure|problem))"
)
_NO_LATENCY = (
    rf"\b(?:zero|0|no|without(?:\s+any)?|not\s+any|nil|not\s+a\s+(?:single\s+)?(?:milli|micro)second\s+of)[- ]"
    rf"(?:(?:added|additional|extra|cross-region|inter-region|network|measurable|perceptible|noticeable|"
    rf"replication|write|read|commit|"
    rf"visible|detectable|any|such|observable|tolerated|whatsoever)\s+){{0,2}}{_DELAY}\b{_NO_NOISE}"
    rf"|\b(?:near|close\s+to|almost|nearly|practically|virtually|effectively|essentially|approximately)[- ](?:zero|"
    rf"no|0)[- ]?"
    rf"(?:ms\s+|added\s+)?{_DELAY}?\b|\b(?:near|nearly|virtually|almost)[- ](?:instant\w*|immediate\w*)"
    rf"|\b{_DELAY}\s+(?:of|is|must\s+be|should\s+be|:|=|equals?|at|close\s+to|near|tolerance\s+(?:of|is|:)?|"
    rf"must\s+(?:stay|remain)\s+(?:at|near)|budget\s+(?:of|is))?\s*"
    rf"(?:at\s+)?(?:exactly\s+|near\s+|close\s+to\s+|nearly\s+)?(?:zero|nil|none|0)\b(?![.,]?\d)(?!\s*(?:m|s|\xb5|"
    rf"u)\w*)"
    rf"|\b{_DELAY}\s+(?:is\s+|are\s+)?(?:not\s+(?:tolerated|acceptable|allowed|permitted)|unacceptable|forbidden)"
    rf"|\binstant(?:ly|aneous(?:ly)?)?\b|\bthe\s+(?:very\s+)?same\s+instant\b|\bat\s+the\s+same\s+(?:instant|"
    rf"moment)\b|\bsimultaneously\s+visible\b"
    rf"|\b(?:imperceptible|negligible|vanishing(?:ly\s+small)?)\s+{_DELAY}"
    rf"|\bultra[- ]?low[- ]{_DELAY}|\bsub-?\s?(?:milli|micro|nano)second\b|\b(?:micro|"
    rf"nano)second[- ](?:\w+\s+)?{_DELAY}"
    rf"|\b(?:in|within)\s+(?:micro|nano)seconds\b|\bspeed\s+of\s+light\b|\bzero[- ]time\b|\bin\s+no\s+time\b|"
    rf"\bimmediately\s+visible\b"
)
_LOW_LATENCY = (
    rf"\blow(?:er|est)?[- ]{_DELAY}|\b(?:fast|quick)\s+response|\b(?:tight|strict|short)\s+{_DELAY}|\b(?:p50|p95|"
    rf"p99|p999)\b"
    rf"|\b{_DELAY}[- ](?:sensitive|critical)"
)
_PLANNED = (
    r"(?:deploy\w*|release\w*|upgrade\w*|migration\w*|maintenance|rollout\w*|update\w*|restart\w*|rolling|"
    r"schema|cut-?over|switch-?over|failover)"
)
_NO_OUTAGE = (
    rf"\b100(?:\.0+)?\s?(?:%|per\s?cent|percent)\s+(?:[a-z]+\s+)?(?:availab\w+|up\s?-?time|up\b|online|"
    rf"service\s+availab\w+|reachab\w+)"
    rf"|\b(?:availab\w+|up\s?-?time)\s*(?:of|is|:|=|at|must\s+be|should\s+be|target(?:\s+of)?|"
    rf"sla(?:\s+of)?)?\s*100(?:\.0+)?\s?(?:%|per\s?cent|percent)"
    rf"|\b(?:full|total|perfect|complete|absolute|permanent|continuous|uninterrupted|unconditional|"
    rf"hundred\s+percent)\s+(?:availab\w+|up\s?-?time|service)"
    rf"|\balways[- ](?:available|on|up|online|writable|writeable|answer\w*|accept\w*)\b|"
    rf"\bavailable\s+(?:at\s+all\s+times|always|24/7\s+without)"
    rf"|\b(?:zero|no|without(?:\s+any)?)[- ](?:unplanned\s+)?(?:downtime|outages?|unavailability|interruptions?)\b"
    rf"(?!\s*(?:during\s+|for\s+|on\s+|in\s+|at\s+|when\s+|while\s+)?(?:[a-z]+\s+){{0,2}}{_PLANNED})"
    rf"|\bnever\s+(?:goes?\s+|be\s+|go\s+|being\s+)?(?:down|unavailable|offline|refuses?\s+(?:a\s+)?(?:writes?|"
    rf"requests?)|rejects?\s+(?:a\s+)?(?:writes?|requests?)|stops?\b)"
    rf"|\b(?:every|all|any|each|both)\s+(?:request|write|read|region|side|site|continent|data\s?-?cent(?:er|re)|"
    rf"node)s?\s+(?:must\s+|should\s+|shall\s+|can\s+|has\s+to\s+|have\s+to\s+)?"
    rf"(?:always\s+)?(?:be\s+|is\s+|are\s+|get\s+|stays?\s+|remains?\s+|keeps?\s+|continues?\s+)?(?:answered|"
    rf"served|available|accept\w*|writable|writeable|an\s+answer|taking\s+writes|to\s+(?:accept|serve|write)\w*|"
    rf"working|serving)\b"
    rf"|\b(?:availab\w+|up|online|writable|writeable|operational|accept\w*\s+(?:writes|orders|trades|payments|"
    rf"requests)|answer\w*|serv\w+|work\w*|writes?|responsive|operat\w+)\b[^.;]{{0,40}}"
    rf"\b(?:during|under|despite|throughout|through|in\s+spite\s+of|in\s+the\s+face\s+of|even\s+(?:when|if|during|"
    rf"under|with|while)|whenever|when|while|regardless\s+of)\b[^.;]{{0,40}}"
    rf"\b(?:partition\w*|cut\s+off|disconnect\w*|isolat\w+|split\w*|unreachable|lost\s+links?|"
    rf"link\s+(?:is\s+)?(?:lost|down|failures?)|lose\s+(?:contact|connectivity|touch)|network\s+(?:splits?|"
    rf"failures?|outages?|is\s+down)|links?\s+(?:fail|break|is\s+cut)\w*|"
    rf"cables?\s+(?:is\s+|are\s+)?cut|regions?\s+fails?|separated)\b"
    rf"|\bconsistent,\s*(?:highly\s+|always\s+|fully\s+)?available,?\s*and\s+partition|"
    rf"\bconsistency,\s*availability,?\s*and\s+partition"
    rf"|\ball\s+three\s+(?:of\s+|corners\s+of\s+|sides\s+of\s+)?(?:the\s+)?cap\b"
    rf"|\btotal(?:ly)?\s+partition[- ]toleran\w+\s+and\s+availab\w+"
)

PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("several regions", _SEVERAL_REGIONS),
        ("one region", _ONE_REGION),
        ("strong consistency", _STRONG),
        ("eventual consistency", _EVENTUAL),
        ("zero or near-zero latency", _NO_LATENCY),
        ("low latency", _LOW_LATENCY),
        ("full availability, partitions included", _NO_OUTAGE),
    )
)
"""By the value of `claims.Claim`; all for text in lower case."""

LATENCY_WORDS = re.compile(
    r"latenc|delay|respon|commit|confirm|visible|propagat|round[- ]trip|transition|replicat|answer|"
    r"end[- ]to[- ]end|within|under|below|sub|<|max"
)
OTHER_TIMES = re.compile(r"\brpo\b|data loss|retention|jitter|clock|skew|granularity|resolution")
ACROSS = re.compile(
    rf"\b(?:across|between|over|spanning|among)\s+(?:(?:{_MANY}|the|our|its)\s+){{0,2}}(?:regions|continents|"
    rf"data\s?-?cent(?:er|re)s|sites|countries|globe|world)\b"
    r"|\bcross-?(?:region|continent)\w*|\binter-?region\w*|\bglobal(?:ly)?\b|\bworld-?wide\b|\beverywhere\b"
)
INSIDE_REGION = re.compile(
    r"\b(?:(?:within|inside|per)\s+(?:each|every|any)\s+|(?:within|inside|in|per|for)\s+(?:a|an|one|the|its|"
    r"their)?\s*)(?:own\s+|single\s+|same\s+|home\s+|local\s+|given\s+)*"
    r"(?:region|data\s?-?cent(?:er|re)|site)\b|\b(?:intra|in|single|home|per)[- ]region\b|\bregion(?:ally|-local|"
    r"al)\b|\blocally\b"
)
