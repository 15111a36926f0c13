"""The composition root of the tasks process."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from services.participant.database import Database
from services.participant.keyed import Patience
from services.participant.process import Parts, now_ms, run
from services.participant.settings import BadSettings, read_settings, required
from services.tasks.daily import Reporting
from services.tasks.reading import BadAddress, KafkaEventLog, SqlReadModel
from services.tasks.service import service
from services.tasks.tables import Work


def build(environment: Mapping[str, str], database: Database) -> Parts[Work]:
    """Return tasks over its own database and the read model. Raises BadSettings."""
    settings = read_settings(environment, "tasks")
    try:
        read_model = SqlReadModel(required(environment, "READ_MODEL_URL"))
    except BadAddress as error:
        raise BadSettings(str(error)) from error
    reporting = Reporting(read_model, KafkaEventLog(settings.bootstrap, settings.instance), now_ms)
    return Parts(service(database, reporting, Patience(now_ms)))


if __name__ == "__main__":
    sys.exit(run("tasks", os.environ, build))
