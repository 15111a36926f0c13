"""Where a demand reaches: regions, nodes, services, or one place; and what happens to the links and the places."""

# ruff: noqa: E501 - a family of words is one line, however long

from __future__ import annotations

from architect.demands.demand import Scope
from architect.demands.places import PLACE_NAME
from architect.wording import any_of

_SITES = r"(?:regions|continents|geographies|geos|data ?cent(?:er|re)s|datacent(?:er|re)s|dcs|sites|hemispheres|oceans|clouds|halves|locations|hospitals|clinics|airports|subsidiaries|hubs|points of presence|pops|cent(?:er|re)s|facilities|territories|clusters|branches|warehouses|shops|stores|plants|countries|cities|offices|campuses|factories|stations|casinos|exchanges|venues|ports|depots|labs|laboratories|universities|embassies|farms)"
_FAR_SITE = r"(?:hub|hospital|clinic|airport|subsidiary|office|region|continent|geography|data ?cent(?:er|re)|dc|site|location|country|city|hemisphere)"
_SITE = r"(?:hub|hospital|clinic|airport|subsidiary|office|region|continent|geography|data ?cent(?:er|re)|dc|site|location|branch|warehouse|shop|store|country|half|side|hemisphere|city|end|factory|plant|station|casino|exchange|venue|port|depot|lab|laboratory|university|embassy|farm|campus)"
_NODES = r"(?:tills?|terminals?|devices?|phones?|atms?|kiosks?|engines?|players?|parties|edges?|edge locations?|nodes?|replicas?|copies|copy|brokers?|servers?|instances?|machines?|peers?|members?)"
_SERVICES = r"(?:services|micro ?services|participants|systems|components|databases|bounded contexts|aggregates|steps)"
_SERVICE = r"(?:service|micro ?service|participant|database)"
_WORLD = r"(?:world|globe|planet|earth|atlantic|pacific|ocean)"
_NUMBER = r"(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|[2-9]|[1-9]\d+)"
_MANY = rf"(?:all|every|each|both|any|multiple|several|many|various|different|other|distant|another|{_NUMBER})"
_CODE = r"(?:(?:us|eu|ap|sa|ca|me|af|il|cn) (?:north|south|east|west|central|northeast|southeast|northwest|southwest)[ -]?\d)"
_JOIN = r"(?: ?, ?(?:and )?| and | to | ?/ ?| ?& ?| ?\+ ?| or )"
_BUSINESS = r"(?:payments?|inventory|stock|shipping|shipments?|billing|notifications?|delivery|invoic\w+|ledger|accounting|fulfil?ment|orders?|loyalty|booking|card charge)"

SEVERAL_REGIONS = any_of(rf"""
    one {_FAR_SITE} [^.;]{{1,60}}(?:others?|another|elsewhere)
    (?:multi|cross|inter|trans|pan)[ -]?(?:region(?:al)?s?|continent(?:al)?|dc|data ?cent(?:er|re)|datacent(?:er|re)|site|geo|cloud|country)
    (?:(?!(?:no|zero|without|in|single|one)\s)\w+ )?{_SITES.replace("|branches|warehouses|shops|stores|plants|countries|cities|offices|campuses", "")}
    no (?:region|continent|data ?cent(?:er|re)) (?:may|must|can|should|shall|is|ever)
    {_MANY} (?:\w+ )?{_SITE}|{_MANY} (?:\w+ )?(?:branches|warehouses|shops|stores|plants|cities|offices|halves)
    (?:geo|globally|world ?wide|planet)[- ]?(?:distribut|replicat|redundan|scal|spread|partition|deploy)\w*
    active[- /]?active|multi ?(?:master|primary|leader)|everywhere
    (?:no matter|regardless of|whichever|whatever) (?:\w+ )?(?:country|region|continent|site|city)|wherever
    \d[\d,.]* ?(?:km|kilomet(?:er|re)s?|miles?)(?: (?:apart|away|distant|distance))?|wide area|antipod\w+|intercontinental
    planet ?wide|both (?:sides|ends) of (?:a|the)|in one region (?:\w+ ){{1,7}}(?:another|the other)
    (?:second|backup|secondary|remote|disaster recovery|dr|fail ?over|standby) (?:region|site|data ?cent(?:er|re)|location)
    another (?:region|continent|data ?cent(?:er|re)|country|site)
    the other (?:region|site|data ?cent(?:er|re)|continent|side|half|one (?:takes|is asynchronous))
    {_CODE}{_JOIN}{_CODE}
    {PLACE_NAME} and {PLACE_NAME} regions|(?:whole|entire|full) (?:region|site|data ?cent(?:er|re))
    a (?:region|site|data ?cent(?:er|re)) (?:disappears|is destroyed|is lost|burns|fails|goes)
""")
SPREAD = any_of(rf"""
    (?:eu|us|apac|emea) (?:and )?(?:eu|us|apac|emea|asia)
    global(?:ly)?(?! (?:timeout|limit|default|variable|unique|customers?|users?|shop))|world ?wide|anywhere|on earth
    of the (?:whole )?(?:globe|world|planet|earth)
    (?:around|across|over|all over|anywhere in|throughout) the (?:whole )?{_WORLD}
    {_MANY} countries
    {PLACE_NAME}{_JOIN}{PLACE_NAME}
""")
"""Several regions as well, unless the text says that there is one region: customers may be anywhere."""
PLACE = any_of(rf"""
    (?:in|at|from|between|and|to) {PLACE_NAME}
    {_CODE}
""")
"""One place; two different ones in a text are two regions."""
ONE_REGION = any_of(rf"""
    (?:single|one|same|only one|in|our|its|home) region(?![^.;]{{0,60}}\banother\b)(?!s| (?:disappears|dies|die|crash\w*|is|goes|fails|burns|may|can|failure|loss|outage|lost|dark|down))
    single (?:data ?cent(?:er|re)|datacent(?:er|re)|site|az|availability zone)
    (?:one|same|the same) (?:data ?cent(?:er|re)|datacent(?:er|re)|building|availability zone)(?! (?:fail|burn|is lost|goes|down|out)\w*)
    (?:within|inside) (?:a|one|the same|the) (?:region|data ?cent(?:er|re)|datacent(?:er|re))
    in {_CODE} only
""")

ACROSS_REGIONS = any_of(rf"""
    one {_FAR_SITE} [^.;]{{1,60}}(?:others?|another|elsewhere)
    (?:than )?in (?:another|the other)|either (?:{_SITE}|office)
    (?:across|between|over|spanning|among|in|on|at|from|to|with|through|for|of) (?:(?:{_MANY}|the|our|its|these|those) ){{0,2}}(?:[a-z]+ )?(?:{_SITES}|{_WORLD})
    {_MANY} (?:(?:of )?(?:the|our|its|these|single|one|other|[a-z]+) )?{_SITE}s?|(?:the|our) {_NUMBER} {_SITES}
    the {_SITES}|no {_SITE}
    (?:cross|inter|trans|multi) ?(?:region|continent|site|dc|data ?cent|geo|country|atlantic|pacific)\w*
    global(?:ly)?|world ?wide|planet ?wide|everywhere|anywhere|wherever|on earth|geo (?:replicat|distribut)\w+
    the other {_SITE}|another {_SITE}|other {_SITES}
    {PLACE_NAME}(?: [a-z]+)?{_JOIN}{PLACE_NAME}|{_CODE}{_JOIN}{_CODE}|(?:both|two) (?:ends|sides|halves)
""")
ACROSS_SERVICES = any_of(rf"""
    (?:across|between|over|spanning|among|in|on|of|through|by|for) (?:(?:all|every|each|both|any|multiple|several|many|the|our|its|these|different|{_NUMBER}) ){{0,3}}(?:[a-z]+ )?{_SERVICES}
    (?:all|every|each|both|{_NUMBER}) (?:(?:of )?(?:the|our) )?(?:{_NUMBER} )?(?:[a-z]+ )?(?:{_SERVICES}|{_SERVICE})
    (?:cross|inter|multi) ?service|the services|passes (?:\w+ )?services|no service
    {_BUSINESS}(?: [a-z]+)?(?: ?, ?| and | ?/ ?| ?\+ ?| with )(?:and |the )?{_BUSINESS}|distributed transactions?
""")
ACROSS_NODES = any_of(rf"""
    each other(?:'s)?|one another(?:'s)?|the other's|each sees|either copy|both copies
    (?:all|both|the) (?:of them|two|three|four|five)(?: must| shall| should| have| always| show| see)
    (?:replicas|copies) (?:must|shall|should|have to|are|stay|remain|always|never|may|can)
    {_MANY} (?:(?:of )?(?:the|our) )?(?:[a-z]+ )?{_NODES}|(?:no|its|their|the) (?:nodes?|replicas?|peers?)
    (?:across|between|among|on|over) (?:the |its |all )?(?:nodes|replicas|peers|brokers)|nobody|no one
    (?:no|every|each|any|all) (?:user|client|reader|customer|trader|shopper|buyer|seller|teller|clerk|person|party|caller|consumer|app|application)s?
    both (?:of them )?(?:always|must|shall|should|have|hold|show|see|contain|stay|remain)
    everyone|everybody|anyone|anybody|whoever|whichever node|distributed|both halves|either half
    no(?:ne| replica| copy)
""")
"""Several nodes; who reads is anywhere, so a promise to every reader binds every node."""
INSIDE = any_of(rf"""
    local (?:acid )?transactions?|only local(?:ly)?
    (?:within|inside|per) (?:each|every|any|a|an|one|the|its|their|single) (?:(?:own|single|same|home|local|given) )*(?:region|data ?cent(?:er|re)|datacent(?:er|re)|site|aggregate|entity|order|account|customer|shop|store|branch|warehouse|partition|shard|service|database|zone|availability zone|saga|workflow|record|row|tenant)
    (?:within|inside|in|per|for) (?:(?:a|an|one|the|its|their) )?(?:(?:own|single|same|home|local|given|primary) )*(?:region|data ?cent(?:er|re)|datacent(?:er|re)|site|zone)
    (?:intra|in|single|home|per|one)[ -](?:region|order|aggregate|entity|account|partition|key|customer|record|site|zone|service)
    regionally|region local|regional(?! (?:\w+ )?(?:clusters|data ?cent|datacent|cop(?:y|ies)|replicas|sites|hubs|nodes|databases|stores))|locally
    (?:within|inside|only in) {PLACE_NAME}(?!{_JOIN}{PLACE_NAME})|inside each|within itself|one availability zone
    (?:within|inside|per) (?:shop|store|branch|warehouse|city|aggregate|entity|order|account|customer|partition|shard|key)
    (?:in|on|at|of) the (?:primary|leader|master|provider|core|home|payment provider|(?:inventory|payment|order|stock) (?:database|service|table))
    in (?:us|eu|ap|sa|ca|me|af|il|cn) \w+ \d(?: only)?
    for (?:each|every|one|a single) (?:order|account|customer|aggregate|saga)
""")

CUT = any_of(r"""
    (?:link|line|network|connection|internet)s? (?:between|to|with) [\w ]{1,30} (?:lost|down|gone|dead|broken|cut|out|interrupted)|(?:loss|failure|outage|interruption|break ?down)s? of (?:its|their|the|an?|any) (?:\w+ )?(?:link|line|connection|network|internet)
    off ?line(?! (?:analytics|reports?|processing|batch|training|backup))|black ?outs? between|air gapped
    connectivity (?:problems?|issues?|loss|is lost|gone)|wan outages?
    without (?:any )?(?:contact|connection|connectivity)|no (?:signal|contact|connectivity)
    los(?:e|es|ing|t) (?:their|the|its|all|any)? ?(?:internet|uplink|wifi|broadband|signal|network|connection|link|line)s?
    (?:connected|link|network|connection|online) or (?:not|no \w+|offline)
    with or without (?:a |the |any )?(?:\w+ )?(?:link|connection|network)
    (?:no|without a|without the|without any) (?:working )?(?:link|connection|network)(?! (?:delay|latency|lag|hop|call|round|time|overhead))
    fib(?:re|er) cuts?|network faults?
    (?:broken|dead|cut|severed) (?:link|line|connection|cable|network)s?
    (?:network |net ?)?partition(?:s|ed|ing)?(?! (?:toler\w+|keys?|count|number|leaders?))(?!s? (?:per|of the topic))
    net ?splits?|splits?(?= (?:happen|occur|must|may)|$|,| )|split(?: in two)?
    cut(?:s|ting)? (?:\w+ )?off|isolat(?:ed(?! transactions?)|ion(?! level))|disconnect\w*|severed|separated
    unreachable|cut|marooned
    islanded|on (?:its|their) own|off ?line(?= ?$|,| and)
    (?:link|line|lines|internet|connection|connections|cables?|network|wan|interconnect|links|connectivity|backbone|wire|tunnel|vpn)(?: between [\w ]{1,30})? (?:\w+ ){0,2}(?:lost|down|fail\w*|break\w*|broken|cut|severed|gone|dead|drops?|dies|breaks|snap\w*|torn|tears?|ruptur\w+|interrupted|out|falls? apart|outages?|failures?|splits?|vanish\w*|may partition|loss)
    (?:loss|failure|outage|break ?down|interruption|cut) of (?:the |an? |any )?(?:\w+ )?(?:link|line|connection|network|wan|cable|connectivity|interconnect)
    (?:los[est]\w*|without|no) (?:of )?(?:all |any |their |its )?(?:contact|connectivity|touch|connection|link|network)(?! (?:delay|latency|lag|hop|call|round|time|overhead))(?: (?:to|with|between))?
    (?:cannot|can|can't|could not) (?:\w+ )?(?:reach|see|talk to|contact|hear|speak to|talk with|communicate)(?: (?:each|one|an)? ?other| no other| any| the| its| their| none)(?: \w+)?
    (?:network|link) between (?:its|the) (?:nodes|regions|sites)|whatever happens to the network
    split brain situation|when (?:they|it) (?:are|is) alone
    (?:cannot|can't|no longer|unable to) (?:talk|communicate|exchange|see|reach|sync\w*)
    communications? (?:\w+ ){0,2}(?:fail\w*|break\w*|lost|down|stops?|interrupted)
    (?:loss|break ?down|failure) of communications?|los(?:e|es|ing|t) sight|out of touch
    network (?:failures?|outages?|troubles?|problems?)
""")
LOST_PLACE = any_of(rf"""
    (?:{_SITE}|sites?|regions?|brokers?|nodes?|replicas?) (?:is|are|goes|go|being) (?:down|off ?line|out|lost|gone)
    [ab] (?:burns|fails|dies|goes (?:dark|down)|is lost|is destroyed)(?: down)?
    (?:destroy\w*|wip\w+ out|tak\w+ out|hits?|knock\w* out|level\w*|flatten\w*|flood\w*) (?:the |a |an |one )?(?:\w+ )?(?:{_SITE}|{PLACE_NAME}|broker|node|disk|machine|server)
    power (?:failure|cut|loss|outage)s?|(?:region|site|data ?cent(?:er|re)|zone)s? fail ?over
    (?:loss|failure|outage|death|crash) of (?:any |either |one )?of (?:our |the |these )?(?:two |three |four |\w+ )?(?:{_SITE}|sites|regions|data ?cent(?:er|re)s|nodes|brokers)
    (?:loss|failure|outage|death|crash) of (?:any |either )?(?:one )?of (?:them|these|those)
    (?:disk|disc|node|broker|machine|host|site|region) (?:crash|failure|loss|outage)\w*
    (?:{_SITE}|{PLACE_NAME}|site [ab]|cent(?:er|re)|sites?|regions?|brokers?|nodes?|disks?|discs?|machines?|hosts?|servers?|data ?cent(?:er|re)s?|datacent(?:er|re)s?|broker's disk|continent|power|zone|leader|coordinator|building|it)(?: \w+){{0,3}}? (?:fails?|failing|failed|lost|dies|die|crash\w*|disappears?|destroyed|burns?(?: down)?|goes (?:dark|down|away|up)|going (?:dark|down)|dark|vanish\w*|explod\w*|failures?|outages?|is gone|unreachable|(?:that|which) is (?:down|gone|dead|off ?line|dark)|goes up in flames|(?:is |was |gets )?(?:wiped out|obliterated|knocked out|taken out|swallowed|bombed|burnt|burned|broken|perish\w*|breaks? down|power(?:s|ed)? off|switched off|loses power)|in flames|floods?|flooded|loss|melts?)
    (?:loss|failure|outage|destruction|crash|death|end|disappearance) of (?:the |an? |that |this |any |one |an entire |a whole |every |its |our )*(?:only |whole |entire |single )?(?:{_SITE}|sites?|regions?|brokers?|nodes?|disks?|machines?|hosts?|servers?|replicas?|copy|building|power)
    lose[s]? (?:a|an|one|any|the|an entire|a whole) (?:\w+ )?(?:{_SITE}|broker|node|disk|machine|host|server)
    power (?:failure|cut|loss)|disasters?|earth ?quake|fire|whichever (?:node|machine) (?:crashes|fails)
""")

_NAMED = any_of(PLACE_NAME)


def reach(clause: str) -> Scope:
    """Return over what a clause says that its demand reaches."""
    if ACROSS_REGIONS.search(clause) and not _only_inside(clause):
        return Scope.REGIONS
    if len({found.group().removeprefix("the ") for found in _NAMED.finditer(clause)}) > 1:
        return Scope.REGIONS
    if ACROSS_SERVICES.search(clause) and not INSIDE.search(clause):
        return Scope.SERVICES
    if INSIDE.search(clause):
        return Scope.LOCAL
    if ACROSS_NODES.search(clause):
        return Scope.NODES
    return Scope.UNSAID


_BETWEEN = any_of(rf"""
    (?:in|to|on|by|from|with) (?:all|the|every|any) (?:the )?(?:others?|rest|remaining)|elsewhere
    (?:than )?in (?:another|the other)
    (?:across|between|over|spanning|among) (?:(?:{_MANY}|the|our|its) ){{0,2}}(?:{_SITES}|{_WORLD})
    (?:cross|inter) ?(?:region|continent|site)\w*|everywhere|with respect to all|any other|the other
    global(?:ly)?|world ?wide
""")


def _only_inside(clause: str) -> bool:
    return INSIDE.search(clause) is not None and not _BETWEEN.search(clause)
