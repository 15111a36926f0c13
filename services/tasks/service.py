"""The commands of tasks."""

from __future__ import annotations

from functools import partial

from schemas.topics import TASKS_COMMANDS
from services.participant.database import Database
from services.participant.handlers import Local, LocalUndo, Provider, ProviderUndo, Service
from services.participant.keyed import Patience
from services.tasks import errands, pipeline
from services.tasks.conduct import result
from services.tasks.daily import Reporting, check_report, produce
from services.tasks.tables import REVISION, TaskTables, Work

_NOTHING_TO_REMOVE = result(b'{"batch": null, "removed": 0}', undid=False)


def service(database: Database, reporting: Reporting, patience: Patience) -> Service[Work]:
    """Return the tasks participant."""
    tables = TaskTables(database)
    removal = LocalUndo(pipeline.remove, _NOTHING_TO_REMOVE)
    return Service(
        "tasks",
        TASKS_COMMANDS.name,
        REVISION,
        {
            pipeline.EXTRACT: Local(pipeline.check_extract, pipeline.extract),
            pipeline.TRANSFORM: Local(pipeline.check_batch, pipeline.transform),
            pipeline.LOAD: Local(pipeline.check_batch, pipeline.load),
            "tasks.RemoveExtract": removal,
            "tasks.RemoveTransform": removal,
            "tasks.RemoveLoad": removal,
            "tasks.PriceLine": Provider(errands.check_price, partial(errands.price, patience), errands.record_nothing),
            "tasks.Reserve": Provider(
                errands.check_reserve, partial(errands.reserve, patience), errands.record_reserve
            ),
            "tasks.Release": ProviderUndo(
                partial(errands.release, patience), errands.record_release, errands.NOTHING_TO_RELEASE
            ),
            "reporting.ProduceDailyReport": Provider(check_report, partial(produce, reporting), errands.record_nothing),
        },
        tables.load,
        tables.save,
    )
