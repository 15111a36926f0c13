"""The composition root of the shipping process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from schemas.codec import Codec
from services.participant.database import Database
from services.participant.keyed import Patience
from services.participant.process import Parts, client_of, now_ms, run
from services.participant.settings import read_provider
from services.shipping.service import service
from services.shipping.tables import Shipments

CALL_TIMEOUT_MS = 2_000


def build(environment: Mapping[str, str], database: Database) -> Parts[Shipments]:
    """Return shipping and its client of the carrier. Raises BadSettings."""
    carrier = client_of(read_provider(environment, "CARRIER_URL", CALL_TIMEOUT_MS))
    return Parts(service(database, carrier, Patience(now_ms), Codec()), [carrier])


if __name__ == "__main__":
    sys.exit(run("shipping", os.environ, build))
