"""The words that name loss, copies, acknowledgements and recovery."""

# ruff: noqa: E501 - a phrase is one line, however long

from __future__ import annotations

from architect.wording import any_of

LOSS = any_of(r"""
    disappear\w*|vanish\w*
    cost\w* (?:us )?(?:a|an|any|one|even one) (?:single )?(?:order|record|event|byte|transaction|payment|message|booking)s?
    los(?:e|es|s|ses|t|ing)|missing|data loss|message loss|disappear(?:s|ed)? (?:for good|without)|vanish(?:es|ed)?
    rpo|recovery point(?: objective)?
""")
LOSES_NOTHING = any_of(r"""
    (?:must|shall|has to|have to|will) (?:\w+ )?surviv\w+
    (?:have|has|hold|holds|contain|contains|keep|keeps|know|knows) (?:every|all|each)(?: \w+)? (?:transaction|order|record|event|write|message|byte|payment|entr)\w*
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
    (?:don't|do not|does not|doesn't|never|not|without) wait\w* for (?:\w+ ){0,2}(?:acks?|acknowledg\w+|confirmation\w*|disk)
    write behind|write back cache|in memory only|only in memory|volatile (?:memory|storage|buffer)
    persist\w* (?:it )?later
    (?:respond|repl\w+|acknowledg\w*|confirm\w*) (?:\w+ )?first(?: and|,)? (?:\w+ )?(?:persist|writ|stor|sav|replicat)\w*
    acks? ?[=:] ?(?:0|1|zero|one|none|leader)|acks? (?:0|zero|none)|fire and forget
    asynchronous(?:ly)? (?:acks?|acknowledg\w+|flush\w*|producer\w*)|async (?:acks?|acknowledg\w+|flush\w*)
    (?:ack(?:s|ed|'d|nowledg\w*)?|confirm\w*|repl(?:y|ies)|answer\w*|report\w* success) (?:\w+ ){0,6}before (?:\w+ ){0,6}(?:writ\w+|disk|durab\w+|commit\w*|anything|replicat\w+|flush\w*|persist\w*|sync\w*|stor\w+|saved|safe|fsync\w*|copied)
    (?:ack(?:s|ed|'d|nowledg\w*)?|confirm\w*) (?:\w+ ){0,3}(?:from memory|in memory|only in memory|without (?:waiting|flush\w*|fsync|persist\w*|writing))
    without (?:waiting for )?(?:any |an )?(?:acks?|acknowledg\w+|confirmations?)
    (?:kept|held|stored|only|purely|exclusively) (?:only |purely |solely )?in (?:memory|ram)(?: only)?
    (?:memory|ram) only|no (?:fsync|acks?|acknowledge?ments?|persistence|disk writes?)
    never (?:write|writes|touch|touches|flush|flushes|flushed|written) (?:to )?(?:the )?disk
""")
LOCAL_ACK = any_of(r"""
    (?:ack(?:s|ed|'d|nowledg\w*)?|confirm\w*|commit\w*) (?:\w+ ){0,2}(?:locally|local(?: only)?|in the local region|by the local|in one region)(?: only| alone)?
""")
SAFE_ACK = any_of(r"""
    acks? ?[=:] ?(?:all|-1)|acks? all|min ?\.? ?in ?sync\S*|synchronous(?:ly)? (?:replicat|acknowledg|flush)\w*
    majority|quorum
""")
LATE_COPY = any_of(r"""
    (?:never|not|no) (?:\w+ ){0,2}synchronous\w*(?: replication)?|cop(?:y|ies|ied) (?:\w+ ){0,3}every
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
    (?:single|one|sole|lone|only one|the only|just one)[ -](?:broker|replica|cop(?:y|ies)|node|server|machine|disk|disc|database|instance|host)(?! (?:semantics|consisten\w+|illusion|equivalence|of|dies|fails|is lost|crash\w*|dying|may (?:die|fail)|can (?:die|fail)|goes|breaks|lost|or|out|down))
    no (?:replicas?|replication|copies|redundancy|backups?|standby)(?! (?:delay|lag|latency|time|overhead|may|must|can|shall|should|is|ever))
    (?:replication|rf)(?: factor)?(?: of| is|:| ?=)? ?(?:one|1)(?!\d)
    without (?:any )?(?:replicas?|replication|redundancy|backups?)|unreplicated|not replicated|kept once|stored once
""")
INSTANT_RECOVERY = any_of(r"""
    no time (?:is |may be )?lost|without losing (?:any )?time
    (?:rto|recovery time(?: objective)?)(?: ?[:=] ?| of | is | must be | shall be | at | )(?:exactly |also |strictly )?(?:zero|0(?![.,]?\d)|none|nil)
    (?:zero|no|0) (?:rto|recovery time|fail ?over time|take ?over time|switch ?over time)
    (?:fail ?over|take ?over|takes over|switch ?over|recover\w*|switch(?:es|ing)? over|back up)(?: \w+){0,4} (?:instant\w*|immediate\w*|no time|zero time|zero seconds|in 0 ?m?s|0 ?m?s(?:econds?)?|without (?:any )?(?:delay|gap|pause|time|interruption)|at once|seamless\w* and at once)
    (?:instant\w*|immediate|zero time|zero second) (?:\w+ )?(?:fail ?over|take ?over|recovery|switch ?over)
    rpo (?:and|&|/) rto (?:are |of |is |= ?|both |both are )*(?:zero|0(?![.,]?\d)|nil)
    (?:rto|rpo) ?= ?(?:rto|rpo) ?= ?0
""")
RECOVERY_TIME = any_of(r"""
    (?:recovery|fail ?over|take ?over|switch ?over) times?|time to (?:recover|fail over|take over|switch over)
""")
"""Recovery without any time, where it is forbidden."""
