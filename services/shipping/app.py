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
from services.shipping.addresses import Addresses, read_reader_key
from services.shipping.service import CARRIERS, service
from services.shipping.tables import Shipments

CALL_TIMEOUT_MS = 2_000


def build(environment: Mapping[str, str], database: Database) -> Parts[Shipments]:
    """Return shipping and its clients of the carriers. Raises BadSettings."""
    provider = read_provider(environment, "CARRIER_URL", CALL_TIMEOUT_MS)
    carrier, quoting = client_of(provider), {name: client_of(provider) for name in CARRIERS}
    clients = [carrier, *quoting.values()]
    addresses = None
    if environment.get("VAULT_URL"):
        vault = client_of(read_provider(environment, "VAULT_URL", CALL_TIMEOUT_MS))
        addresses = Addresses(vault, read_reader_key(environment))
        clients.append(vault)
    return Parts(service(database, carrier, quoting, Patience(now_ms), Codec(), addresses), clients)


if __name__ == "__main__":
    sys.exit(run("shipping", os.environ, build))
