"""The composition root of the payment process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from services.participant.database import Database
from services.participant.keyed import Patience
from services.participant.process import Parts, client_of, now_ms, run
from services.participant.settings import read_provider
from services.payment.service import Charges, service

CALL_TIMEOUT_MS = 800


def build(environment: Mapping[str, str], database: Database) -> Parts[Charges]:
    """Return payment and its client of the PSP. Raises BadSettings."""
    psp = client_of(read_provider(environment, "PSP_URL", CALL_TIMEOUT_MS))
    return Parts(service(database, psp, Patience(now_ms)), [psp])


if __name__ == "__main__":
    sys.exit(run("payment", os.environ, build))
