"""The words by which a clause binds the design: what its time is, and what it demands without a figure."""

from __future__ import annotations

from architect.requirements import Topic
from architect.wording import any_of

_MANY = r"(?:several|multiple|many|two|three|four|five|six|seven|eight|ten|all|\d+)"
_MUST = r"(?:(?:must|should|has to|have to|shall|needs? to) )?"

TIMES = (
    (
        Topic.DATA_LOSS,
        any_of(r"""
            rpo
            recovery point
            data loss
            lost data
        """),
    ),
    (
        Topic.RTO,
        any_of(r"""
            rto
            recover\w*
            fail-?over
            restart\w*
            restor\w+
            back (?:up )?within
            outage
            mttr
        """),
    ),
    (
        Topic.RETENTION,
        any_of(r"""
            retention
            retain\w*
            keep|kept
            archiv\w+
            stored for
            audit (?:trail|log)
            history (?:for|of)
        """),
    ),
    (
        Topic.TRANSITION_LATENCY,
        any_of(r"""
            transitions?
            latenc\w+
            respon\w+
            p\d{2,3}
            per (?:step|hop|event|state)
            round[- ]?trip
        """),
    ),
    (
        Topic.SAGA_DURATION,
        any_of(r"""
            mean|average|avg|median
            typical\w*
            usual\w*
            lasts?
            takes? (?:about|around)
        """),
    ),
    (
        Topic.SAGA_LIMIT,
        any_of(rf"""
            (?:whole|entire|total|overall|full|complete) (?:workflow|saga|process|order|execution|pipeline)
            end[- ]to[- ]end
            (?:max(?:imum)?|longest) (?:(?:workflow|saga) )?(?:execution|duration|run-?time)
            (?:must|should|has to|have to|shall|needs? to) (?:be )?(?:complet\w+|finish\w*|end\w*|done)
            total
            (?:workflow|saga|order|process|pipeline)s? {_MUST}(?:be )?(?:complet\w+|finish\w*|end\w*|done)
        """),
    ),
    (
        Topic.STEP_LIMIT,
        any_of(r"""
            time-?outs?
            time outs?
            deadline
        """),
    ),
)
"""What a time in a clause is: the first pattern that the clause matches says it."""

WORDS = (
    (
        Topic.DATA_LOSS,
        "no committed transition may be lost",
        any_of(r"""
            (?:zero|no|without) (?:any )?(?:(?:data|event|message|order|state) )?loss
            never los\w+
            lossless
            nothing (?:may be|is) lost
            durab(?:le|ly|ility)
            zero rpo
            rpo (?:of |= ?|: ?)?(?:zero|0)
            must not (?:be los\w+|lose)
        """),
    ),
    (
        Topic.ONCE,
        "an effect happens once, however often its command comes",
        any_of(r"""
            double[- ]?(?:charg|pay|book|spend|bill)\w*
            duplicat\w+
            (?:charged?|billed|paid|shipped|sent|executed) (?:(?:only|at most|exactly) )?(?:once|twice)
            exactly[- ]once
            idempoten\w+
            at[- ]most[- ]once
            at[- ]least[- ]once
        """),
    ),
    (
        Topic.COMPENSATION,
        "what was done is undone in reverse order when a step fails for good",
        any_of(r"""
            refund\w*
            compensat\w+
            roll(?:ed|ing|s)?[- ]?backs?
            undo\w*
            revers\w+
            release (?:the )?(?:stock|reservation|lock)
            void
            cancel\w*
        """),
    ),
    (
        Topic.PARTIAL_FAILURE,
        "a failure of one step leaves no half-done process",
        any_of(r"""
            partial(?:ly)? fail\w+
            partial (?:completion|success)
            all[- ]or[- ]nothing
            step fail\w+
            if any
        """),
    ),
    (
        Topic.DEAD_LETTERS,
        "what nobody can use is set aside for a person",
        any_of(r"""
            dlqs?
            dead[- ]letter\w*
            poison
        """),
    ),
    (
        Topic.RETRIES,
        "transient failures are tried again, within bounds",
        any_of(r"""
            retr(?:y|ies|ied|ying)
            back-?off
            attempts
        """),
    ),
    (
        Topic.ORDERING,
        "records of one saga are handled in their order",
        any_of(r"""
            in (?:(?:strict|the right) )?order
            ordering
            ordered
            fifo
            in sequence
            sequential(?:ly)?
        """),
    ),
    (
        Topic.AUDIT,
        "every transition can be shown afterwards",
        any_of(r"""
            audit\w*
            traceab\w+
            tracing
            history
            event sourc\w+
            replay\w*
            observab\w+
            monitor\w*
        """),
    ),
    (
        Topic.PEOPLE,
        "the saga waits for a person and holds no thread meanwhile",
        any_of(r"""
            human
            manual(?:ly)? (?:approv|review|decision|check)\w*
            approv(?:al|als|er|ers)
            sign-?off
        """),
    ),
    (
        Topic.COST,
        "cost is a constraint",
        any_of(r"""
            costs?
            cost-\w+
            budget\w*
            cheap(?:ly|er)?
            inexpensive
            spend(?:ing)?
            affordab\w+
        """),
    ),
    (
        Topic.COLD_START,
        "start-up time must not reach the caller",
        any_of(r"""
            cold[- ]?starts?
            warm
            serverless
            scale to zero
            provisioned concurrency
        """),
    ),
    (
        Topic.DOWNTIME,
        "planned changes stop nothing",
        any_of(r"""
            (?:zero|no|without)[- ]downtime (?:deploy|release|upgrade|migration|maintenance|update)\w*
            rolling (?:deploy|upgrade|update|release)\w*
            blue[-/]green
            canary
        """),
    ),
    (
        Topic.FAN_OUT,
        "one request goes to several providers and their answers are gathered",
        any_of(rf"""
            scatter\w*
            fan[- ]?out
            quotes?
            auction\w*
            bids?
            broadcast\w*
            map[- ]?reduce
            best (?:offer|price|answer|bid|result)
            cheapest
            aggregat\w+ (?:(?:the|all|their) )?(?:answers|responses|replies|results|prices|offers)
            (?:ask|query|call|from|poll)\w* {_MANY} (?:\w+ )?(?:carriers|providers|suppliers|vendors|insurers)
            (?:ask|query|call|from|poll)\w* {_MANY} (?:\w+ )?(?:airlines|banks|sources|sellers|bidders|services)
        """),
    ),
    (
        Topic.PARTICIPANT,
        "a system outside the product, reached by a participant over HTTP",
        any_of(r"""
            third[- ]party
            external (?:\w+ )?(?:api|gateway|service|provider|system)s?
            (?:payment|merchant) gateways?
            merchant
            internal (?:\w+ )?(?:service|api|system|shipping)s?
            shipping (?:service|api)
            carrier api
            legacy
        """),
    ),
    (
        Topic.UNSUPPORTED,
        "an orchestrator or a store that is not this product's",
        any_of(r"""
            temporal(?:\.io)?(?: (?:server|cluster|cloud|workflows?))?
            step[- ]functions?(?![- ]style)
            airflow
            camunda
            zeebe
            netflix conductor
            cadence
            logic apps
            workflow[- ]engine
        """),
    ),
)
"""What a clause demands without a figure, and what it is read as."""
