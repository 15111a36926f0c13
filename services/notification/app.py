"""The composition root of the notification process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from services.notification.service import Sent, service
from services.participant.database import Database
from services.participant.process import Parts, client_of, run
from services.participant.settings import read_provider

CALL_TIMEOUT_MS = 2_000


def build(environment: Mapping[str, str], database: Database) -> Parts[Sent]:
    """Return notification and its client of the message provider. Raises BadSettings."""
    provider = client_of(read_provider(environment, "MESSAGES_URL", CALL_TIMEOUT_MS))
    return Parts(service(database, provider), [provider])


if __name__ == "__main__":
    sys.exit(run("notification", os.environ, build))
