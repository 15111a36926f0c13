"""The words that name consistency and its absence: what is strong by its name, and what readers see."""

# ruff: noqa: E501 - a phrase is one line, however long

from __future__ import annotations

from itertools import permutations

from architect.wording import any_of

_THING = r"(?:data|values?|state|states|balances?|prices?|figures?|counts?|positions?|answers?|results?|views?|books?|stock|numbers?|records?|versions?|contents?|truth|writes?|updates?|status|entry|entries|copy|copies|ledgers?|picture|information|outcome|levels?|totals?|amounts?|quantit(?:y|ies)|inventory|facts?|reality|database|dataset|history|sequence)"
STRONG_TERM = any_of(r"""
    (?:commit|agreement) protocol
    commit\w* (?:\w+ ){0,2}(?:on|in|at) (?:all|every|both)|quorums?|majority (?:commit|write|agreement)s?
    distributed (?:commit|transaction|acid|lock)\w*
    synchronous(?:ly)? (?:\w+ )?(?:to|with|across|between|into|over|in)
    (?:distributed|global|cross region) locks?
    (?:behav|act|look|work|appear)\w* (?:\w+ )?(?:as|like) (?:one|a single)(?: \w+){0,2} (?:machine|node|database|system|computer|server)
    one big (?:\w+ )?database|mutual exclusion|snapshot isolation|repeatable reads?
    (?:commit|visible|applied|confirmed) everywhere|total order(?:ing)?
    reads? (?:must |always |shall )?reflects? (?:all|every|each|the)
    commit\w* (?:\w+ ){0,3}(?:jointly|together|as one|in unison|collectively)|isolated transactions?
    transactions? (?:\w+ ){0,3}isolat\w+|isolation(?! of (?:the )?(?:site|region|node))
    (?:one|a single|the same) transaction (?:\w+ ){0,2}(?:over|across|cover\w*|span\w*|in all|in both)|all or nothing
    total(?:ly)? order\w*|real time order\w*|one global order
    majority (?:\w+ ){0,2}(?:acks?|acknowledg\w+|confirm\w*|votes?|approv\w+)|replicated state machines?|raft|paxos
    (?:global(?:ly)?|mutual(?:ly)?) exclusive|uniqueness(?! of (?:\w+ ){0,2}(?:ids?|identifiers?|keys?|numbers?)\b)
    (?:all|every|each|both)(?: \w+){1,6} before (?:\w+ ){1,3}(?:returns?|confirm\w*|acknowledg\w*|acked|answer\w*|replie[sd]|succeeds?|completes?|counts?)
    consensus|atomic(?:,? \w+){0,2},? (?:transaction|commit|update|unit)s?|one version of the truth
    single logical (?:database|copy|store)|global lock
    as (?:if|though) there were (?:only )?one (?:copy|database|node)
    lineari[sz]ab\w*|seriali[sz]ab\w*|strict(?:ly)? serial\w*|sequential(?:ly)? consisten\w+
    external(?:ly)? consisten\w+|linear consistency
    acid|(?:global(?:ly)? |atomic )+(?:acid|transaction\w*|commit\w*)
    (?:atomic(?:ally)?|serial) (?:commit\w*|transaction\w*|updat\w+|visib\w+|broadcast)
    (?:commit\w*|updat\w+) atomically
    distributed transactions?|two phase commit\w*|2pc|xa transactions?|single (?:source of truth|copy semantics)
    one copy (?:semantics|equivalence)|total order (?:of \w+ )?across
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
    atomic\w*|indivisib\w+|known exactly|exactly (?:known|equal|the same)|equals the
    sees? (?:a|an) (?:update|write|change|order|trade)
    uniform|in step|in harmony|coincid\w+|unanimous\w*|up to the (?:second|minute)|authoritative|as one|single view
    one truth|all see|everyone sees|tall(?:y|ies)
    (?:won|sold|booked|spent|allocated|assigned|rented|reserved|redeemed|claimed|taken) (?:only|exactly|at most|just) once
    same(?! (?:code|question|version|software|binary|image|configuration|definition|workflow|api|schema|procedure|rules?|answer|request|effect|result|team|way|day|time|customer|person|provider|service|step|number|outcome|platform|tools?)\b)
    identical|equal|in ?sync|lock ?step|latest|newest|freshest|most recent|exact|mirror(?:s|ed)?|up to date
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
    another (?:truth|version|value|state|answer)
    (?:won|sold|booked|redeemed|claimed|used|taken) (?:twice|two times|more than once)
    two (?:different |contradictory )?(?:answers|truths|versions|values)
    double (?:sales?|bookings?|spend\w*|allocations?)
    (?:sell|book|assign|grant|rent|reserv|allocat|spend)s? (?:\w+ ){{0,3}}(?:twice|two times|to two)
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
EVENTUAL = any_of(r"""
    eventual(?:ly)?(?:[ -]consisten\w*)?|(?:weak|weaker|weakly|relaxed|causal|causally)[- ]consisten\w+|causal
    escrow\w*|apportion\w*|own (?:share|quota|allotment)s?
    base semantics|bounded staleness|converg\w+|async(?:hronous(?:ly)?)?[- ]replicat\w+
    last writer wins|last write wins|(?:seconds?|minutes?|hours?|while|bit|little) (?:old|late|behind)
    conflict free(?: replicated)?|crdts?|reconcil\w+|merged? (?:later|afterwards)|lag behind
    (?:conflict|differences?) (?:\w+ )?(?:resol|merg)\w+|catch(?:es)? up
""")
_THREE = ("consisten\\w+", "availab\\w+", "partition\\W?toler\\w+")
_ALL_THREE = "|".join(r"[^.;]{1,30}?\b".join(three) for three in permutations(_THREE))
WHOLE_CAP = any_of(rf"""
    {_ALL_THREE}
    cap\W[^.;]{{0,40}}all three|all three [^.;]{{0,40}}cap|cap (?:theorem )?(?:be damned|or no cap|notwithstanding)
    (?:all (?:three )?(?:of |corners of |sides of |letters of |parts of |properties of |legs of )?(?:the )?cap(?: theorem)?|cap(?: theorem)? (?:in full|completely|entirely|does not apply|doesn't apply)|(?:beat|defeat|break|defy|circumvent|violate|get around|cheat) (?:the )?cap(?: theorem)?|cap[ -]defying)
    consisten(?:t|cy),? (?:and )?(?:\w+ )?availab(?:le|ility),? and (?:\w+ )?partition\W?\w*
    availab(?:le|ility),? (?:and )?(?:\w+ )?consisten(?:t|cy),? and (?:\w+ )?partition\W?\w*|(?:both )?cp and ap
    both ap and cp|ca and p|c,? a,? and p|ca ?p together|ap and cp
    (?:not|won't|never|refuse|cannot|don't want|unwilling) (?:\w+ ){{0,3}}choose between (?:c and a|a and c|consistency and availability|availability and consistency)
    neither consistency nor availability (?:may|must|can|shall)
    neither availability nor consistency (?:may|must|can|shall)
    (?:not|won't|never|refuse|cannot|unwilling) (?:\w+ ){{0,3}}(?:trad\w+(?: off)?|sacrific\w+|giv\w+ up|compromis\w+(?: on)?) (?:either )?(?:consistency (?:or|nor|and|for) availability|availability (?:or|nor|and|for) consistency)
    both consistency and availability (?:\w+ ){{0,2}}(?:in|during|under|despite)
    no trade ?offs? between (?:consistency and availability|availability and consistency|consistency and latency)
""")
ONLY_TWO = any_of(r"""
    two of|pick|choos\w+ (?:two|one|any two)|only two|either|trade ?offs?|theorem (?:says|states|tells|teaches)
    cannot have|can't have
""")
AGREEMENT = any_of(r"""
    agreed
    consensus|agreement|agree|leader election|elect(?:s|ed|ing)? a leader|atomic (?:broadcast|commit\w*)
    decid(?:e|es|ed) (?:on )?(?:the )?(?:same|together|jointly|unanimously)|common decision|two phase commit\w*|2pc
""")
NO_LIMIT_OF_FAULTS = any_of(r"""
    (?:no matter|even with|whatever|whichever) (?:which|what|how)?[^.;,]{0,40}(?:late|slow|lost|delay\w*|crash\w*|fail\w*)
    however (?:many|long|late|slow|unreliable|bad|lossy|often)
    (?:even with|no matter) how (?:unreliable|bad|lossy|faulty)
    even with how (?:many|long|late|slow|often)
    (?:without|no) (?:any )?(?:bounds?|limits?)|unbounded(?:ly)?|arbitrar(?:y|ily)|indefinite(?:ly)?
    no matter how (?:many|long|late|slow|often|bad)|however (?:many|long|late|slow)|any number of
    regardless of how (?:many|long)|which(?:ever)? (?:nodes?|machines?|links?) (?:crash|fail)\w*|whichever
    and network fail|lossy|infinitely
""")
BETWEEN_COPIES = any_of(r"""
    replicat\w+ (?:lag|delay|latency)|(?:lag|delay|time)s? (?:\w+ ){0,2}(?:between|across|from)
""")
AT_ONE_TIME = any_of(r"""
    readable|arriv\w*|propagat\w*|reach\w*|appear\w*|correct
    in force|effective|valid|known|take[sn]? (?:place|effect)
    commit\w*|updat\w+|chang\w+|appl(?:y|ies|ied)|visib\w+|switch\w*|sees?|seen|take effect|writ\w+|agree\w*|show\w*
    happen\w*
""")
