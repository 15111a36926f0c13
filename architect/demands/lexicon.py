"""The words that name consistency, availability, delay, waiting and loss; one family a table, no whole sentences."""

# ruff: noqa: E501 - a family of words is one line, however long

from __future__ import annotations

from itertools import permutations

from architect.wording import any_of

_THING = r"(?:data|values?|state|states|balances?|prices?|figures?|counts?|positions?|answers?|results?|views?|books?|stock|numbers?|records?|versions?|contents?|truth|writes?|updates?|status|entry|entries|copy|copies|ledgers?|picture|information|outcome|levels?|totals?|amounts?|quantit(?:y|ies)|inventory|facts?|reality|database|dataset|history|sequence)"

STRONG_TERM = any_of(r"""
    synchronous(?:ly)? (?:\w+ )?(?:to|with|across|between|into|over|in)
    (?:distributed|global|cross region) locks?
    (?:behav|act|look|work|appear)\w* (?:\w+ )?(?:as|like) (?:one|a single)(?: \w+){0,2} (?:machine|node|database|system|computer|server)
    one big (?:\w+ )?database|mutual exclusion|snapshot isolation|repeatable reads?
    (?:commit|visible|applied|confirmed) everywhere|total order(?:ing)?
    reads? (?:must |always |shall )?reflects? (?:all|every|each|the)
    commit\w* (?:\w+ )?(?:jointly|together|as one|in unison|collectively)|isolated transactions?
    transactions? (?:\w+ ){0,3}isolat\w+|isolation(?! of (?:the )?(?:site|region|node))
    consensus|atomic(?:,? \w+){0,2},? (?:transaction|commit|update|unit)s?|one version of the truth
    single logical (?:database|copy|store)|global lock
    as (?:if|though) there were (?:only )?one (?:copy|database|node)
    lineari[sz]ab\w*|seriali[sz]ab\w*|strict(?:ly)? serial\w*|sequential(?:ly)? consisten\w+
    external(?:ly)? consisten\w+|linear consistency
    acid|(?:global(?:ly)? |atomic )+(?:acid|transaction\w*|commit\w*)
    (?:atomic(?:ally)?|serial) (?:commit\w*|transaction\w*|updat\w+|visib\w+|broadcast)
    (?:commit\w*|updat\w+) atomically
    distributed transactions?|two phase commit\w*|2pc|xa transactions?|single (?:source of truth|copy semantics)
    one copy semantics|total order (?:of \w+ )?across
    (?:synchronous(?:ly)?|synchronised|sync) (?:\w+ )?(?:replicat|mirror|commit|cop|updat|writ)\w*
    (?:goes|written|updated|stored|propagated) (?:\w+ ){0,4}synchronously
    (?:replicat|mirror|cop|commit)\w+ (?:\w+ ){0,4}synchronously
    (?:replication|mirroring|commits?) (?:\w+ ){0,3}(?:is|are|be) synchronous
    quorum (?:\w+ )?(?:agreement|commit|writes?)|(?:need|require|by|with) consensus|cp(?= and ap)
    isolation level serial\w*|read committed across
    one (?:indivisible|atomic) (?:moment|unit|step|act|action|operation)
    (?:as|in) (?:a|one) single (?:global )?(?:transaction|atomic)
""")
"""What is strong by its name."""
CONSISTENT = any_of(r"""
    consisten(?:t|tly|cy)|coheren(?:t|ce|cy)|consensus|agreement|fidelity|exactness|sameness|uniformity|unanimity
    congruence
""")
"""Strong beside a word of STRICTLY, or with `everywhere`; nothing by itself."""
STRICTLY = any_of(r"""
    no matter what|whatever happens|come what may
    strong(?:ly|est)?|strict(?:ly|est)?|full(?:y)?|perfect(?:ly|ion)?|absolute(?:ly)?|immediate(?:ly)?
    instant(?:ly|aneous\w*)?|always|total(?:ly)?|complete(?:ly)?|external(?:ly)?|atomic(?:ally)?|global(?:ly)?
    transactional(?:ly)?|synchronous(?:ly)?|linear
    guaranteed?s?|uncompromis\w+|real time|hard|cp|100 ?(?:%|per ?cent)
    at (?:all times|every (?:instant|moment|second|point)|any (?:instant|moment|time|point))|everywhere
    permanent(?:ly)?|continuous(?:ly)?|constant(?:ly)?|hundred per ?cent
    (?:in|on|at|for|across|between|over|with|from) (?:\w+ )?(?:all|every|each|both|any)|never|not one
    tight(?:ly|est)?|rigorous(?:ly)?|ironclad|unconditional(?:ly)?|bulletproof|the strongest|single copy|one true
    mutual(?:ly)?|across|shared?|flawless(?:ly)?|rock solid|watertight
""")
WEAK = any_of(r"""
    after (?:the |a |any )?(?:partition|link|network|recovery|compensation|outage)
    once (?:the )?\w+ (?:is|are) (?:back|restored|healed|up|finished)|again
    when the (?:link|network) (?:is|comes) back
    eventual\w*|weak\w*|relaxed|causal\w*|session|bounded|monotonic|read your (?:own )?writes|converg\w+|best effort
    asynchronous\w*|basic|sooner or later|afterwards|later on|in the end|after a while|as long as|lazily
""")
SAME_STATE = any_of(rf"""
    sees? (?:a|an) (?:update|write|change|order|trade)
    uniform|in step|in harmony|coincid\w+|unanimous\w*|up to the (?:second|minute)|authoritative|as one|single view
    one truth|all see|everyone sees|tall(?:y|ies)
    same(?! (?:code|version|software|binary|image|configuration|definition|workflow|api|schema|procedure|rules?|answer|request|effect|result|team|way|day|time|customer|person|provider|service|step|number|outcome|platform|tools?)\b)|identical|equal|in ?sync|lock ?step|latest|newest|freshest|most recent|exact|mirror(?:s|ed)?|up to date
    one and the same|in agreement|last (?:committed|written)
    (?:bit|byte) for (?:bit|byte)|in unison|mirror exactly|one single view|sees? the same
    (?:correct|accurate|right|exact|true) (?:everywhere|in every|in all|at every|at all)
    (?:exactly |always |precisely )?(?:the )?(?:same|identical|equal|exact|one|single|shared|common|correct)(?: [a-z]+){{0,2}} {_THING}
    (?:be|is|are|stay|remain|kept|keep|been) (?:\w+ )?(?:identical|exact|equal|the same|in lock ?step|in step|synchroni[sz]ed|in sync|congruent|up to date|current)
    (?:perfectly|always|fully|completely|permanently) (?:in ?sync|synchroni[sz]ed|in lock ?step|identical|current|up to date)
    in perfect (?:sync|agreement|harmony|lock ?step)|hold identical|contain identical
    (?:the )?(?:very )?(?:latest|newest|most recent|last|up to date|current|freshest|true)(?: (?:committed|confirmed|written|global))? {_THING}
    the last write|same,? current,? committed state
    agrees?(?= (?:on|at|about|with|upon|always|in|to|within)| ?$| ?,)
    (?:always|must|shall|to) (?:all )?(?:agree|match|coincide)|matche?s?(?= (?:the|each|one))
    in (?:full |total |complete )?agreement
    sees? (?:each|every|all|the same|any) (?:update|write|change|data|state|balance|value|order|thing|trade)s?
    (?:must|shall|to) (?:equal|mirror)|mirror images?
    (?:balances|positions|counts|prices|stocks?|figures|quantities|books?|inventor(?:y|ies)) (?:\w+ )?(?:is|are|be|stays?|remains?) (?:\w+ )?(?:exact|the same|identical|equal|right|correct|true|accurate)
    one consistent (?:\w+ )?(?:ledger|view|state|truth|picture|database|book)
    knows? (?:about )?(?:every|each|all|the latest|the current)
""")
"""Strong where it is said of every place, node or service."""
STALE = any_of(rf"""
    discrepanc\w+|divergen\w+|deviation\w*|oversel\w+|oversold|two owners|out of agreement
    different|differ\w*|conflicting|older|behind|disagree\w*|contradict\w*
    conflicts?|collisions?|inconsistenc\w+|wrong|incorrect|inaccurate|phantom reads?|out of line
    stale(?:ness)?|out ?dated|out of date|obsolete|dirty reads?|stale (?:reads?|{_THING})
    (?:old|older|previous|superseded|former|past|wrong|different|differing|divergent|conflicting|contradictory|yesterday's|lagging) (?:committed )?{_THING}
    (?:the )?old (?:one|price)
    diverg(?:e|es|ed|ing|ence|ent)|drift(?:s|ing)? apart|disagree\w*
    differ(?:s|ed|ing)?(?= (?:in|on|about|from|between|over))|differ|discrepan\w+|mismatch\w*
    contradict (?:one|each)|inconsisten\w+|out of (?:sync|step)|split brain|deviat\w+|at odds|two truths|conflicting
    (?:lag|fall|be|is|are|run)s? behind|anomal(?:y|ies)|lost updates?
    (?:sold|booked|assigned|allocated|reserved|rented|let|spent|granted|taken) (?:twice|two times|more than once|to two)
    over ?s(?:ell|old|elling)|over ?book\w*|double[ -]?(?:book|sell|sold|spen|alloc|assign)\w*|over ?dr[ae]wn?
    overspent?
    (?:intermediate|partial|half done|half finished|in between|half committed) (?:\w+ )?(?:states?|results?|updates?|stages?)
    observe one without the other|see one without the other|one without the others?
""")
"""What strong consistency excludes."""

ABSOLUTE = any_of(r"""
    100(?:[.,]0+)? ?(?:%|per ?cent)|(?:a|one)? ?hundred per ?cent|always|full(?:y)?|total(?:ly)?|perfect(?:ly)?
    complete(?:ly)?|absolute(?:ly)?|permanent(?:ly)?|continuous(?:ly)?|uninterrupted(?:ly)?|unconditional(?:ly)?
    constant(?:ly)?|infinite(?:ly)?|unlimited|unbroken|ceaseless(?:ly)?|non ?stop|round the clock|eternal(?:ly)?
    forever
    at (?:all times|any time|every (?:moment|second|instant))|no matter (?:what|how|which)
    whatever (?:happens|the|may)|under (?:any|all) circumstances?
    in (?:any|every) (?:case|event|situation|circumstances?)|come what may|regardless|every (?:single )?second
    any ?time|24/7(?=/365)|(?:all|every|each|any) (?:single )?(?:request|write|read|query|call)s?
    without (?:exception|fail|interruption|a break|a gap|pause)|ever
""")
UP = any_of(r"""
    24 ?[x/] ?7|business as usual|(?:go|goes|going) on as (?:usual|normal|before)|standalone mode
    at full (?:speed|capacity|function\w*)
    availab(?:le|ility)|up ?time|always on
    (?:uninterrupted|continuous|unbroken|permanent|round the clock|non ?stop|constant|ceaseless) (?:service|operations?|access|trading|business|work|working)
    (?:fully |completely |entirely )functional|operative|in business
    (?:be|is|are|stays?|remains?|keeps?|kept|being) (?:\w+ ){0,2}(?:up|online|alive|open|running|usable)|online
    writ(?:e)?able|operational|reachable|responsive|in service|in operation|accessible
    ap(?= (?:at once|together|simultaneous))
""")
"""Full availability beside a word of ABSOLUTE or under a partition."""
GOES_ON = any_of(r"""
    (?:every|each|all|any) (?:single )?(?:operation|request|write|read|query|call|booking|transfer)s? (?:\w+ ){0,2}(?:succeeds?|works?|goes? through|completes?)
    nothing (?:stops|is refused|fails)|can always (?:\w+)|always able to \w+
    (?:keep|keeps|kept|go|goes|going|carry|carries|continue|continues|stay|stays|remain|remains|proceed|proceeds) (?:\w+ )?(?:on )?(?:\w+ )?(?:to )?(?:work|sell|serv|accept|tak|answer|operat|trad|process|writ|respond|book|pay|ship|run|function|succeed|confirm|order|record|read|commit|deliver|handl|issu|dispens|execut)\w*
    (?:must|shall|should|has to|have to|can|will|to)(?: (?:still|always|all|nevertheless|also|each|both))? (?:answer|accept|serve|take|sell|respond|process|work|operate|function|succeed|commit|complete|proceed|write|go on|carry on|be (?:answered|served|accepted|processed))
    (?:always|still|nevertheless|each) (?:answer|accept|serve|take|sell|respond|process|book|confirm)(?:s|ed|ing)?
    accepts? (?:(?:all|every|any|new|the|local) )*(?:writes?|orders?|bookings?|requests?|updates?|payments?|trades?)
    works? on|carr(?:y|ies) on|goes on|takes? (?:\w+ )?(?:writes?|orders?|bookings?)|accepting (?:writes?|orders?)
    taking (?:writes?|orders?)|serving (?:reads?|writes?|requests?)
    accepts? (?:writes?|orders?|bookings?) in (?:every|each|all|both|any)|writes? accepted
    (?:every|each|all|any) (?:single )?(?:request|write|read|query|call)s? (?:\w+ ){0,2}(?:answered|served|accepted|processed|succeeds?|goes through)
    (?:is|are|be|been|gets?|getting) (?:\w+ )?(?:answered|served|accepted|processed)
""")
"""Work that goes on: full availability where it is said of every request or under a partition."""
DOWN = any_of(r"""
    down ?time|out(?:ages?|of service)|unavailab\w+
    down(?! ?(?:stream|load\w*|grade|to|the|by|scal\w+|for (?:maintenance|upgrades?)))|off ?line|go dark|dead
    out of service|unreachable|off ?line|non availability|interruptions?|interrupted|service gaps?|inaccessible
    standstill|dark seconds?|disruptions?
""")
REFUSED = any_of(r"""
    turn\w* away|failed (?:requests?|operations?|writes?)|error pages?
    try (?:again )?later|come back later
    refus(?:e|es|ed|ing|al|als)|reject(?:s|ed|ing|ion|ions)?|turn(?:s|ed|ing)? (?:\w+ ){0,2}(?:away|down|back)
    declin(?:e|es|ed|ing)|bounce[ds]?|(?:say|says) no
    stop(?:s|ped|ping)? (?:\w+ )?(?:work|serv|accept|tak|writ|answer|sell|trad|process|operat)\w*
    stop(?:s|ped|ping)?|suspend(?:s|ed|ing)?|shut(?:s|ting)? down
    denied? (?:a |any )?(?:request|write|order|service)s?|paus(?:e|es|ed|ing)|halt(?:s|ed|ing)?|time ?outs?
    fail(?:s|ed|ing)? (?:a|any|one|the|single)? ?(?:request|write|order|booking)s?|read only
    (?:get|see|receive|return|give|show)s? (?:an? |any )?(?:error|failure|rejection|time ?out)\w*|errors? out
    drop(?:s|ped|ping)? (?:any |a )?(?:request|write|order|booking)s?|(?:hold|held) back
""")

DELAY = any_of(r"""
    slow(?:ed|s|er|ing)?(?: down)?
    (?:network )?hops?|overhead|(?:performance|latency|time|speed) (?:penalt(?:y|ies)|costs?|impact|loss)
    loss of speed
    latenc(?:y|ies)(?! (?:requirements?|constraints?|targets?|limits?|slas?|slos?|guarantees?|sensitiv\w+|goals?|concerns?|pressure|problems?)(?! ?(?:of |is |= ?|: ?)?(?:zero|0|nil|none)))
    delays?|delayed|lag(?:s|ging)?
    wait(?:s|ing)?(?! (?:time|(?:for|on) (?:the |a |an )?(?:carrier|person|human|approval|customer|provider|merchant|merge|user)))
    slow ?down|round trips?|hesitation|response time
    time (?:may |must |shall |should |can |is |to )?(?:pass|elapse|lie|be lost|in between|at all|gap|difference)\w*
    (?:nano|micro|milli)?second (?:may |must |shall |should |can )(?:ever )?(?:pass|elapse|lie|be lost)
    time (?:in )?between|replication time
    wait(?:ing)? time
""")
SWIFT = any_of(r"""
    as it happens|the (?:second|moment|instant) (?:it|they) (?:is|are|happens?|occurs?)
    less than (?:a|one) (?:ms|millisecond|microsecond)|before (?:you|one) can blink
    (?:at|in) (?:exactly |precisely )?(?:the |one )?(?:very )?(?:same|one|that|single) (?:single |indivisible )?(?:instant|moment|point(?: in time)?)
    (?:a few|some|several|a couple of) (?:micro|nano)seconds
    unaffected by (?:the )?(?:distance|network)|even with (?:the )?distance
    as (?:if|though) (?:it|they|everything|all)(?: \w+){0,2} (?:were |was )?(?:local|next to|in one)
    (?:local|lan|memory) (?:speed|latency)|as fast as (?:a )?local|speed of (?:a )?local
    instant(?:ly|aneous|aneously)?|straight ?away|right away|on the spot|forthwith
    that very (?:second|moment|instant)
    (?:in|within|at) the (?:very )?same (?:clock )?(?:microsecond|nanosecond|millisecond|tick)
    (?:takes?|costs?|needs?|adds?|requires?|consum\w+) (?:no|zero|not any) (?:\w+ )?time|half a millisecond
    (?:a|one) (?:tenth|hundredth|thousandth|fraction) of a (?:milli|micro)second
    immediate(?:ly)?(?! (?:compensation|roll ?back|retry))
    (?:near|nearly|almost|virtually|practically|effectively|essentially|close to|approximately)[ -](?:zero|no|0|instant\w*|immediate\w*)
    simultaneous(?:ly)?(?= (?:visib|commit|updat|chang|appl|in|on|at|across|for|and|all|every)|$)
    at once(?= (?:in|across|everywhere|on all|by all))
    (?:at|in) (?:exactly |precisely )?(?:the )?(?:very )?(?:same|one|that) (?:indivisible )?(?:instant|moment|time)(?= ?$| in| on| at| across| by| for|,)
    the (?:very )?(?:same )?(?:instant|moment) (?:it|that|they)|in no time|zero time|speed of light
    faster than light
    ultra low (?:latency|delays?)
    (?:imperceptible|negligible|vanishing(?:ly small)?|unnoticeable|infinitesimal|nonexistent|non existent) (?:latency|delay|lag)s?
    (?:latency|delay|lag) free|sub (?:milli|micro|nano)seconds?
    (?:in|within|under|below|than) a (?:milli|micro|nano)second|sub ?(?:ms|us|ns|\u03bcs)
    (?:in|within|of|under|below) (?:micro|nano)seconds
    (?:micro|nano)second (?:[\w-]+ ){0,2}(?:commit|respon|confirm|write|visib|latenc|round|trade|trading|execut)\w*
    simultaneous (?:commit|updat|visib|chang)\w*|zero lag
""")
"""Zero or near-zero latency by an adjective; any figure of latency overrules it."""
SIDE_EFFECT = any_of(r"""
    e ?mails?|mails?|notif\w+|refund\w*|retry|retries|retried|alert\w*|receipt\w*|newsletter|sms|text message
    acknowledg\w+|202|told|informed|reminder\w*|audit\w*|log(?:s|ged)?|feedback|pager?|back ?off|cache[sd]?|ui
    spinner|credit note|voucher|invoice[sd]?|onboard\w*|search|dashboards?
""")
"""What may be instant without anybody agreeing on it."""
FEW_MILLISECONDS = any_of(r"""
    (?:a few|some|several|a couple of|single digit|a handful of) (?:milliseconds?|ms|millis)
    (?:a|one) (?:hundredth|thousandth) of a second
""")
LOW_LATENCY = any_of(r"""
    low(?:er|est)?[- ](?:latency|latencies|delays?)|(?:fast|quick) response|(?:tight|short) (?:latency|delays?)
    latency (?:sensitive|critical)|low latency
""")
BLOCKED = any_of(r"""
    lock(?:s|ed|ing)?
    block(?:s|ed|ing)?(?! (?:a |any |the )?(?:thread|process|card|account|user|event loop|cpu|orchestrator))
    wait(?:s|ed|ing)?(?! (?:for|on) (?:the |a |an )?(?:carrier|person|human|approval|customer|provider|merchant|merge|user|answer of))
    coordination(?: delay)?|coordinat(?:e|ed|ing)|stall(?:s|ed|ing)?|contention|hand ?shak\w+
    synchroni[sz]ation (?:points?|overhead)|queue behind|held up
""")
NON_BLOCKING = any_of(r"""
    (?:writ|accept|commit|decid|sell|book|updat|process|reserv)\w* (?:\w+ ){0,3}(?:autonomous(?:ly)?|independent(?:ly)?|on (?:its|their) own|by itself|alone|unilaterally|without asking)
    non ?blocking|lock ?free|wait ?free|coordination ?free|block ?free|contention ?free
""")

LOSS = any_of(r"""
    los(?:e|es|s|ses|t|ing)|missing|data loss|message loss|disappear(?:s|ed)? (?:for good|without)|vanish(?:es|ed)?
    rpo|recovery point(?: objective)?
""")
LOSES_NOTHING = any_of(r"""
    (?:must|shall|has to|have to|will) (?:\w+ )?surviv\w+|(?:have|has|hold|holds|contain|contains|keep|keeps|know|knows) (?:every|all|each)(?: \w+)? (?:transaction|order|record|event|write|message|byte|payment|entr)\w*
    (?:los(?:e|es|ing|s)|lost|loss|missing) ?[:=]? ?(?:nothing|no(?: \w+)?|none|not (?:a|one)(?: single)?|zero|nil|never|is zero|of zero|0)
    (?:none|nothing|zero|not one) (?:\w+ )?(?:lost|missing)
    (?:rpo|recovery point(?: objective)?)(?: objective)?(?: ?[:=] ?| of | is | must be | shall be | at | )(?:exactly |none lost|strictly )?(?:zero|0(?![.,]?\d)|none|nil)
    (?:data|everything|all \w+|committed \w+|every \w+) (?:\w+ ){0,2}(?:must |shall |has to |have to |always |should )?surviv\w+
    (?:zero|no|0) rpo|lossless(?:ly)?|fully durable|(?:with|including|down to) (?:every|the|each) (?:last|single)
    (?:loss|lost)[^:;.]{0,40}: ?(?:none|zero|nil|0|nothing)|full durability|loss ?free
    (?:no|not a single|not one|zero|without|never|nothing|none|absolutely no) (?:(?!and |or |with )[\w-]+ ){0,4}(?:los[esti]\w*|missing)
    rpo (?:and|&|/) rto (?:are |of |is |= ?|both |both are )*(?:zero|0(?![.,]?\d)|nil)
    (?:rto|rpo) ?= ?(?:rto|rpo) ?= ?0
""")
UNSAFE_ACK = any_of(r"""
    write behind|write back cache|in memory only|only in memory|volatile (?:memory|storage|buffer)
    persist\w* (?:it )?later
    (?:respond|repl\w+|acknowledg\w*|confirm\w*) (?:\w+ )?first(?: and|,)? (?:\w+ )?(?:persist|writ|stor|sav|replicat)\w*
    acks? ?[=:] ?(?:0|1|zero|one|none|leader)|acks? (?:0|zero|none)|fire and forget
    asynchronous(?:ly)? (?:acks?|acknowledg\w+|flush\w*|producer\w*)|async (?:acks?|acknowledg\w+|flush\w*)
    (?:ack(?:s|ed|'d|nowledg\w*)?|confirm\w*|repl(?:y|ies)|answer\w*|report\w* success) (?:\w+ ){0,6}before (?:\w+ ){0,6}(?:writ\w+|disk|durab\w+|commit\w*|anything|replicat\w+|flush\w*|persist\w*|sync\w*|stor\w+|saved|safe|fsync\w*|copied)
    (?:ack(?:s|ed|'d|nowledg\w*)?|confirm\w*) (?:\w+ ){0,3}(?:from memory|in memory|only in memory|without (?:waiting|flush\w*|fsync|persist\w*|writing))
    without (?:waiting for )?(?:any |an )?(?:acks?|acknowledg\w+|confirmations?)
    (?:kept|held|stored|only|purely|exclusively) (?:only |purely |solely )?in (?:memory|ram)(?: only)?
    (?:memory|ram) only|no (?:fsync|acks?|acknowledg\w+|persistence|disk writes?)
    never (?:write|writes|touch|touches|flush|flushes|flushed|written) (?:to )?(?:the )?disk
""")
LOCAL_ACK = any_of(r"""
    (?:ack(?:s|ed|'d|nowledg\w*)?|confirm\w*|commit\w*) (?:\w+ ){0,2}(?:locally|local(?: only)?|in the local region|by the local|in one region)(?: only| alone)?
""")
SAFE_ACK = any_of(r"""
    acks? ?[=:] ?(?:all|1)|acks? all|min ?\.? ?in ?sync\S*|synchronous(?:ly)? (?:replicat|acknowledg|flush)\w*
    majority|quorum
""")
LATE_COPY = any_of(r"""
    log shipping|cop(?:y|ied|ies) (?:\w+ ){0,3}(?:at night|every|once an?|hourly|nightly)
    replication (?:\w+ ){0,2}lag(?:s|ging)? (?:of|by)
    async(?:hronous(?:ly)?)?[ -](?:\w+ )?(?:replicat\w+|replicas?|mirror\w*|cop(?:y|ies|ied)|ship\w*|backups?|standby|followers?)
    (?:replicat\w+|mirror\w*|cop(?:y|ied|ies)|shipped|shipping|replicas?|standby)(?: \w+){0,6} (?:async(?:hronous(?:ly)?)?|lazily|in the background|nightly|hourly|later|with (?:a )?lag)
    ships? (?:its )?logs? (?:every|nightly|hourly)|(?:nightly|hourly|daily) (?:backups?|cop(?:y|ies)|snapshots?)
""")
ALL_COPIES = any_of(r"""
    (?:all|every|each|both)(?: of the| of our| the| our)? (?:\w+ )?(?:replicas?|regions?|sites?|cop(?:y|ies)|data cent(?:re|er)s?|continents?|nodes?|locations?|brokers?)(?: \w+){0,4} (?:have it|acknowledge|has it|confirm\w*|acknowledg\w+|ack\w*|stored it|written it|hold it|holds it|receiv\w+ it|has stored|have stored|has written|have written|applied it)
    (?:to|on|in|at|by) (?:all|every|each|both) (?:\w+ )?(?:replicas?|regions?|sites?|cop(?:y|ies)|data cent(?:re|er)s?|continents?|nodes?|locations?|brokers?) (?:\w+ ){0,2}synchronously
    synchronous(?:ly)? (?:\w+ ){0,3}(?:to|on|in|with|across|between|into) (?:all|every|each|both)
    (?:written|replicat\w+|cop\w+|acknowledged|confirmed|committed|persisted) (?:\w+ ){0,2}(?:to|on|in|by|at) (?:all|every|each|both)(?: \w+)? (?:replicas?|regions?|sites?|cop(?:y|ies)|data cent(?:re|er)s?|continents?|nodes?|locations?|brokers?) (?:before|first|synchronously)
""")
SINGLE_COPY = any_of(r"""
    no (?:second|other) copy|(?:on|in) (?:just |only )?one (?:disk|disc|server|machine|node|broker|host)
    replication ?[:=] ?(?:none|off|no)|standalone (?:broker|node|server)
    (?:single|one|sole|lone|only one|the only|just one)[ -](?:broker|replica|cop(?:y|ies)|node|server|machine|disk|disc|database|instance|host)(?! (?:of|dies|fails|is lost|crash\w*|dying|may (?:die|fail)|can (?:die|fail)|goes|breaks|lost|or|out|down))
    no (?:replicas?|replication|copies|redundancy|backups?|standby)(?! (?:delay|lag|latency|time|overhead|may|must|can|shall|should|is|ever))
    (?:replication|rf)(?: factor)?(?: of| is|:| ?=)? ?(?:one|1)(?!\d)
    without (?:any )?(?:replicas?|replication|redundancy|backups?)|unreplicated|not replicated|kept once|stored once
""")
INSTANT_RECOVERY = any_of(r"""
    (?:rto|recovery time(?: objective)?)(?: ?[:=] ?| of | is | must be | shall be | at | )(?:exactly |also |strictly )?(?:zero|0(?![.,]?\d)|none|nil)
    (?:zero|no|0) (?:rto|recovery time|fail ?over time|take ?over time|switch ?over time)
    (?:fail ?over|take ?over|takes over|switch ?over|recover\w*|switch(?:es|ing)? over|back up)(?: \w+){0,4} (?:instant\w*|immediate\w*|no time|zero time|zero seconds|in 0 ?m?s|0 ?m?s(?:econds?)?|without (?:any )?(?:delay|gap|pause|time|interruption)|at once|seamless\w* and at once)
    (?:instant\w*|immediate|zero time|zero second) (?:\w+ )?(?:fail ?over|take ?over|recovery|switch ?over)
    rpo (?:and|&|/) rto (?:are |of |is |= ?|both |both are )*(?:zero|0(?![.,]?\d)|nil)
    (?:rto|rpo) ?= ?(?:rto|rpo) ?= ?0
""")

WHOLE = any_of(r"""
    sagas?|workflows?|transactions?|end to end
    (?:must|shall|has to|have to|should) (?:be )?(?:complete|done|finish\w*|end|over|completed|through)|completion
    whole (?:order|process|chain)|processes?|entire (?:order|process|chain)
""")
"""The process as a whole, not one call of it."""
_THREE = ("consisten\\w+", "availab\\w+", "partition\\W?toler\\w+")
_ALL_THREE = "|".join(r"[^.;]{1,30}?\b".join(three) for three in permutations(_THREE))
ONLY_TWO = any_of(r"""
    two of|pick|choos\w+ (?:two|one|any two)|only two|either|trade ?offs?|theorem (?:says|states|tells|teaches)
    cannot have|can't have
""")
WHOLE_CAP = any_of(rf"""
    {_ALL_THREE}
    cap [^.;]{{0,40}}all three|all three [^.;]{{0,40}}cap|cap (?:theorem )?(?:be damned|or no cap|notwithstanding)
    (?:all (?:three )?(?:of |corners of |sides of |letters of |parts of |properties of |legs of )?(?:the )?cap(?: theorem)?|cap(?: theorem)? (?:in full|completely|entirely|does not apply|doesn't apply)|(?:beat|defeat|break|defy|circumvent|violate|get around|cheat) (?:the )?cap(?: theorem)?|cap[ -]defying)
    consisten(?:t|cy),? (?:and )?(?:\w+ )?availab(?:le|ility),? and (?:\w+ )?partition\W?\w*
    availab(?:le|ility),? (?:and )?(?:\w+ )?consisten(?:t|cy),? and (?:\w+ )?partition\W?\w*|(?:both )?cp and ap
    both ap and cp|c,? a,? and p|ca ?p together|ap and cp
    (?:not|won't|never|refuse|cannot|don't want|unwilling) (?:\w+ ){{0,3}}choose between (?:c and a|a and c|consistency and availability|availability and consistency)
    neither consistency nor availability (?:may|must|can|shall)
    neither availability nor consistency (?:may|must|can|shall)
    both consistency and availability (?:\w+ ){{0,2}}(?:in|during|under|despite)
    no trade ?offs? between (?:consistency and availability|availability and consistency|consistency and latency)
""")
AGREEMENT = any_of(r"""
    consensus|agreement|agree|leader election|elect(?:s|ed|ing)? a leader|atomic (?:broadcast|commit\w*)
    decid(?:e|es|ed) (?:on )?(?:the )?(?:same|together|jointly|unanimously)|common decision|two phase commit\w*|2pc
""")
NO_LIMIT_OF_FAULTS = any_of(r"""
    however (?:many|long|late|slow|unreliable|bad|lossy|often)|(?:even with|no matter) how (?:unreliable|bad|lossy|faulty)
    even with how (?:many|long|late|slow|often)
    (?:without|no) (?:any )?(?:bounds?|limits?)|unbounded(?:ly)?|arbitrar(?:y|ily)|indefinite(?:ly)?
    no matter how (?:many|long|late|slow|often|bad)|however (?:many|long|late|slow)|any number of
    regardless of how (?:many|long)|which(?:ever)? (?:nodes?|machines?|links?) (?:crash|fail)\w*|whichever
    and network fail|lossy|infinitely
""")
EVENTUAL = any_of(r"""
    eventual(?:ly)?(?:[ -]consisten\w*)?|(?:weak|weaker|weakly|relaxed|causal|causally)[- ]consisten\w+|causal
    base semantics|bounded staleness|converg\w+|async(?:hronous(?:ly)?)?[- ]replicat\w+
    last writer wins|last write wins|(?:seconds?|minutes?|hours?|while|bit|little) (?:old|late|behind)
    conflict free(?: replicated)?|crdts?|reconcil\w+|merged? (?:later|afterwards)|lag behind
    (?:conflict|differences?) (?:\w+ )?(?:resol|merg)\w+|catch(?:es)? up
""")
PLANNED = any_of(r"""
    (?:deploy|release|upgrade|migration|maintenance|roll ?out|restart|rolling|schema|cut ?over|switch ?over|fail ?over|update)\w*
""")
GIVES_WAY = any_of(r"""
    (?:may|can|could|might|will|would|is allowed to|are allowed to|should) (?:\w+ )?(?:suffer|degrade|drop|stop|be lost|be reduced|be given up|be unavailable|refuse|fail|block|pause|wait|shrink|dip|decline)\w*
    suffers|degrades|drops|stops|blocks|pauses|refuses|rejects|dips
    (?:is|are) (?:lost|reduced|given up|sacrificed|refused|rejected|blocked)
""")
AT_ONE_TIME = any_of(r"""
    in force|effective|valid|known|take[sn]? (?:place|effect)
    commit\w*|updat\w+|chang\w+|appl(?:y|ies|ied)|visib\w+|switch\w*|sees?|seen|take effect|writ\w+|agree\w*|show\w*
    happen\w*
""")
BETWEEN_COPIES = any_of(r"""
    replicat\w+ (?:lag|delay|latency)|(?:lag|delay|time)s? (?:\w+ ){0,2}(?:between|across|from)
""")
STANDS_BACK = any_of(r"""
    stall\w*|resume\w*|hang\w*|cease\w*
    majority|minority|smaller|quorum|read only|queue[ds]?|queues|buffer\w*|wait\w*|block\w*|held back|hold back
    until|afterwards|later
    merge\w*|reconcil\w*|catch(?:es)? up|sacrific\w*|give[sn]? up|degrad\w*|suffer\w*|suspend\w*|paus\w+|stop\w*
    refus\w*|reject\w*
    halt\w*|unavailab\w+|fail fast|errors?|prefer\w*|down ?time|shut\w* down|give[sn]? way|yield\w*|freez\w+|frozen
    stale|stand(?:s)? still
""")
"""What a side that is cut off does when it gives up availability."""
HINDERED = any_of(r"""
    notic\w+|felt|feel\w*
    hold(?:s|ing)? up|hinder\w*|affect\w*|imped\w+|disturb\w*|impair\w*|slow(?:s|ed)?(?: down)?|delay\w*|prevent\w*
    stop\w*|block\w*
    interrupt\w*|be noticed|noticeable|matter|keep\w* \w+ from|interfer\w+|disrupt\w*
""")
"""What the loss of a link or a place must not do where full availability is meant."""
ACTS = any_of(r"""
    (?:reads?|writes?|updates?|service|orders|answers|queries) (?:from|at|by|in|on) (?:any|every|each|all|both|either)
    (?:can|could|must|may|should|shall|will|able to|still|also|always) (?!be |not |have |has |stay |remain |lose |agree |see |hold |match |show |differ|diverg|never |only |preserv|guarant|ensur|provid|maintain|keep |offer|tolerat|handl|detect|cope|protect|requir|need|enforc|support|happen|occur|fail|become|get |always )[a-z]{3,}
    accept(?:s|ed|ing)?|serv(?:e|es|ing)|answer(?:s|ed|ing)?|keeps? (?:on )?\w+ing|works?|functions?
    (?:can|must|may|able to|to|shall|should|still|also|always|keeps?|continues?|continue to|will|nevertheless|and|both|either|every \w+|each \w+|\w+s|it|they|system|service|platform|application|we|one|side|half|node|region|branch|shop|store|office|till|atm|trading|authori[sz]ation|booking|selling|ordering|business) (?:\w+ ){0,1}(?:book|sell|writ|trad|accept|serv|tak|answer|work|operat|post|edit|process|function|run|confirm|dispens|pay|order|deliver|respond|continu|go on|carry on|proceed|succeed)(?:e?s|e|ing)?
    (?:be|is|are|stays?|remains?|keeps?) (?:\w+ ){0,2}(?:available|up|online|writable|usable|reachable|open|operational|in service|answered|served|accepted|processed)
    unaffected|untouched|survives?|available
""")
"""Something that somebody does or can still do."""
ACTIVITY = any_of(r"""
    books?|booking|sells?|writes?|writing|trades?|accepts?|serves?|takes? (?:\w+ )?(?:orders?|writes?|bookings?)
    answers?|works?|operates?|posts?
    records?|edits?|process(?:es)?|functions?|runs?|confirms?|commits?|dispens\w+|pays?|orders?|deliver\w*|open
""")
AT_ALL_TIMES = any_of(r"""
    always|at (?:all times|any time|every moment)|24/7|round the clock|whenever (?:they|it) (?:want|like)s?
    without (?:ever )?(?:stopping|pause|interruption)
""")
DEPENDS = any_of(r"""
    (?:depend|rel[yi]|count|hing)\w* (?:up)?on (?:any |the |a )?(?:others?|another|each other|one another|peers?|remote|it|them|link|network)
    needs? (?:any |the )?(?:others?|another|each other|one another|peers?)
""")
"""What a place must not do that is to go on alone."""
