"""The process that takes signed orders from orders.inbound: the composition root."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping

from schemas import topics
from schemas.codec import MAX_MESSAGE_BYTES, Codec
from schemas.topics import here
from services.environment import MissingSettings
from services.gateway.catalogue import BadCatalogue, load
from services.gateway.inbound.intake import Intake
from services.gateway.inbound.judging import Judge, Signers, everybody, signers_of
from services.gateway.inbound.settings import InboundSettings, read_settings
from services.gateway.security.authentication import api_keys
from services.gateway.settings import Settings
from services.gateway.submissions import SqlSubmissions, Unavailable
from services.gateway.tables import REVISION
from services.gateway.telemetry import Telemetry, tell_nobody
from services.gateway.traces import trace_source
from services.gateway.vault.keys import SqlVault
from services.participant.database import Database, Unmigrated, Unusable
from services.watched_file import Unreadable, WatchedFile
from streams import logs
from streams.collector import spare_collector
from streams.errors import Fatal
from streams.kafka_config import KafkaConfig
from streams.kafka_driver import KafkaDriver
from streams.kafka_security import SecurityUnusable
from streams.lag import Lag
from streams.message_sizes import MessageSizes
from streams.metrics import serve_metrics
from streams.watchdog import Watchdog

_log = logging.getLogger(__name__)
_WATCHDOG_S = 45.0
_GROUP = here("inbound")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _signers(settings: Settings) -> Signers:
    """Return who may order. Raises Unreadable."""
    keys_file = settings.security.keys_file
    if not settings.security.required or keys_file is None:
        return everybody
    return signers_of(WatchedFile(keys_file, api_keys).current)


async def _take(settings: InboundSettings, database: Database, log: logs.Log, stopping: list[int]) -> None:
    """Take orders until told to stop. Raises Fatal, Unreadable, BadCatalogue."""
    own = settings.gateway
    judge = Judge(
        currencies=own.currencies,
        catalogue=None if own.catalogue is None else load(own.catalogue),
        signers=_signers(own),
        new_traceparent=trace_source(os.urandom(16)),
    )
    submissions = SqlSubmissions(database)
    driver = KafkaDriver(KafkaConfig(own.bootstrap, _GROUP, here(settings.instance)))
    vault = None if own.vault is None else SqlVault(database, own.vault.master, _now_ms, os.urandom)
    seal = None if vault is None else vault.seal
    sizes = MessageSizes(MAX_MESSAGE_BYTES, time.monotonic)
    tell = Telemetry(log.process, log.output.write, _now_ms).write if log.tells_info else tell_nobody
    intake = Intake(driver, Codec(on_large=sizes.note), judge, submissions, _now_ms, seal, tell=tell)
    watchdog = Watchdog(_WATCHDOG_S)
    if own.metrics is not None:
        lag = Lag(own.bootstrap, _GROUP)
        serve_metrics(
            own.metrics, intake.counts.read, log.read, sizes.read, lambda: lag.of_group([topics.INBOUND.name])
        )
    submissions.start(asyncio.get_running_loop())
    spare_collector()
    watchdog.start()
    try:
        intake.start()
        _log.info("taking orders", extra={"topic": topics.INBOUND.name})
        while not stopping:
            await intake.step()
            await asyncio.sleep(0)  # polling blocks the loop: here its timers have their turn
            watchdog.beat()
    finally:
        intake.close()
        submissions.stop()
        watchdog.stop()


def main(environment: Mapping[str, str]) -> int:
    """Run the process. Returns 0 after SIGTERM, 2 for unusable settings, 1 when it cannot go on."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    try:
        settings = read_settings(environment)
        log = logs.configure(settings.instance, settings.gateway.log_level)
        database = Database(settings.gateway.database_url)
        database.require(REVISION)
        asyncio.run(_take(settings, database, log, stopping))
    except (BadCatalogue, MissingSettings, SecurityUnusable, Unmigrated, Unreadable, Unusable) as error:
        sys.stderr.write(f"inbound: {error}\n")
        return 2
    except (Fatal, Unavailable) as error:
        _log.critical("cannot go on: %s", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
