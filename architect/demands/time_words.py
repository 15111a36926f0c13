"""The words that name delay, waiting and their absence."""

# ruff: noqa: E501 - a phrase is one line, however long

from __future__ import annotations

from architect.wording import any_of

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
    time (?:in )?between|(?:replication|propagation|network) (?:time|interval|gap)
    (?:tak(?:es?|ing)|cost(?:s|ing)?|need(?:s|ing)?|consum(?:es?|ing)|requir(?:es?|ing)) (?:any |the least |the slightest |noticeable |measurable )?time
    wait(?:ing)? time
""")
SWIFT = any_of(r"""
    (?:nobody|no one|users?|customers?) (?:\w+ )?notic\w+ (?:\w+ ){0,3}(?:response|latency|delay|time)\w*
    (?:next|same|very) (?:micro|nano|milli)second|as (?:if|though) (?:\w+ ){0,3}(?:local|memory)
    (?:zero|no) duration|(?:at|in) (?:exactly|precisely) the (?:time|moment|instant|second) (?:when|that|at which)
    as it happens|the (?:second|moment|instant) (?:it|they) (?:is|are|happens?|occurs?)
    less than (?:a|one) (?:ms|millisecond|microsecond)|before (?:you|one) can blink
    (?:at|in) (?:exactly |precisely )?(?:the |one )?(?:very )?(?:same|one|that|single) (?:single |indivisible )?(?:instant|moment|point(?: in time)?)
    (?:a few|some|several|a couple of|single digit|a handful of|tens of) (?:micro|nano)seconds?
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
    (?:micro|nano)second (?:[\w-]+ ){0,2}(?:commit|respon|confirm|write|read|updat|access|answer|operation|decision|visib|latenc|round|trade|trading|execut)\w*
    simultaneous (?:commit|updat|visib|chang)\w*|zero lag
""")
"""Zero or near-zero latency by an adjective; any figure of latency overrules it."""
SIDE_EFFECT = any_of(r"""
    e ?mails?|mails?|notif\w+|refund\w*|retry|retries|retried|alert\w*|receipt\w*|newsletter|sms|text message
    acknowledg\w+(?! by)|202|told|informed|reminder\w*|audit\w*|log(?:s|ged)?|feedback|pager?|back ?off|cache[sd]?|ui
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
    await(?:s|ed|ing)?
    block(?:s|ed|ing)?(?! (?:a |any |the )?(?:thread|process|card|account|user|event loop|cpu|orchestrator))
    wait(?:s|ed|ing)?(?! (?:for|on) (?:the |a |an )?(?:carrier|person|human|approval|customer|provider|merchant|merge|user|answer of))
    coordination(?: delay)?|coordinat(?:e|ed|ing)|stall(?:s|ed|ing)?|contention|hand ?shak\w+
    synchroni[sz]ation (?:points?|overhead)|queue behind|held up
""")
NON_BLOCKING = any_of(r"""
    (?:writ|accept|commit|decid|sell|book|updat|process|reserv)\w* (?:\w+ ){0,3}(?:autonomous(?:ly)?|independent(?:ly)?|on (?:its|their) own|by itself|alone|unilaterally|without asking)
    non ?blocking|lock ?free|wait ?free|coordination ?free|block ?free|contention ?free
""")
WHOLE = any_of(r"""
    sagas?|workflows?|transactions?|end to end
    (?:must|shall|has to|have to|should) (?:be )?(?:complete|done|finish\w*|end|over|completed|through)|completion
    whole (?:order|process|chain)|processes?|entire (?:order|process|chain)
""")
"""The process as a whole, not one call of it."""
