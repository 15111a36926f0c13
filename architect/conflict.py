"""The one rule of refusal: strong consistency over several regions together with no latency or no outage."""

from __future__ import annotations

from architect.claims import Claim, Stated, holds

REFUSAL = b'{"error": "SLA conflicts with distributed consistency requirements"}'
"""The whole answer to a conflict, byte for byte."""


def conflicts(claims: tuple[Stated, ...]) -> bool:
    """Tell whether the guarantees contradict each other.

    While two regions cannot reach each other, a write is either held back (no full availability) or not seen by the
    other region (no strong consistency); and while they can, a write that both agree on costs a round trip (no zero
    latency).
    Throughput alone never conflicts.
    """
    return (
        holds(claims, Claim.SEVERAL_REGIONS)
        and holds(claims, Claim.STRONG)
        and (holds(claims, Claim.NO_LATENCY) or holds(claims, Claim.NO_OUTAGE))
    )
