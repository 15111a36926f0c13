"""The words that name availability and its absence: who goes on, who stands back, who needs whom."""

# ruff: noqa: E501 - a phrase is one line, however long

from __future__ import annotations

from architect.wording import any_of

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
    (?:sell|work|trade|book|write|operate|function|run|serve|play)s? on(?= if| when|,| ?$| while| even| without)
    (?:every|each|all|any) (?:single )?(?:operation|request|write|read|query|call|booking|transfer)s? (?:\w+ ){0,2}(?:succeeds?|works?|goes? through|completes?)
    nothing (?:stops|is refused|fails)|can always (?:\w+)|always able to \w+
    (?:keep|keeps|kept|go|goes|going|carry|carries|continue|continues|stay|stays|remain|remains|proceed|proceeds) (?:\w+ )?(?:on )?(?:\w+ )?(?:to )?(?:work|sell|serv|accept|tak|answer|operat|trad|process|writ|respond|book|pay|ship|run|function|succeed|confirm|order|record|read|commit|deliver|handl|issu|dispens|execut)\w*
    (?:must|shall|should|has to|have to|can|will|to)(?: (?:still|always|all|nevertheless|also|each|both))? (?:answer|accept|serve|take|sell|respond|process|work|operate|function|succeed|continue|commit|complete|proceed|write|go on|carry on|be (?:answered|served|accepted|processed))
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
    los(?:e|es|ing|t) (?:\w+ ){0,3}(?:service|access|availability|writability)
    stop(?:s|ped|ping)? (?:\w+ )?(?:\w+ing|work|serv|accept|tak|writ|answer|sell|trad|process|operat)\w*
    stop(?:s|ped|ping)?|suspend(?:s|ed|ing)?|shut(?:s|ting)? down
    denied? (?:a |any )?(?:request|write|order|service)s?|paus(?:e|es|ed|ing)|halt(?:s|ed|ing)?|time ?outs?
    fail(?:s|ed|ing)? (?:a|any|one|the|single)? ?(?:request|write|order|booking)s?|read only
    (?:get|see|receive|return|give|show)s? (?:an? |any )?(?:error|failure|rejection|time ?out)\w*|errors? out
    drop(?:s|ped|ping)? (?:any |a )?(?:request|write|order|booking)s?|(?:hold|held) back
""")
STANDS_BACK = any_of(r"""
    stall\w*|resume\w*|hang\w*|cease\w*
    (?:only|just) (?:\w+ ){0,2}(?:majority|quorum)|(?:majority|quorum) (?:\w+ )?(?:only|alone)|needs? (?:an? )?(?:majority|quorum)
    abort\w*|roll(?:s|ed)? back|read only|queue[ds]?|queues|buffer\w*|wait\w*|block\w*|held back|hold back
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
GIVES_WAY = any_of(r"""
    (?:may|can|could|might|will|would|is allowed to|are allowed to|should) (?:\w+ )?(?:suffer|degrade|drop|stop|be lost|be reduced|be given up|be unavailable|refuse|fail|block|pause|wait|shrink|dip|decline)\w*
    suffers|degrades|drops|stops|blocks|pauses|refuses|rejects|dips
    (?:is|are) (?:lost|reduced|given up|sacrificed|refused|rejected|blocked)
""")
PLANNED = any_of(r"""
    (?:deploy|release|upgrade|migration|maintenance|roll ?out|restart|rolling|schema|cut ?over|switch ?over|fail ?over|update)\w*
""")
