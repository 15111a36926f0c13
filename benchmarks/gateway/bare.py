"""The yardstick: a FastAPI route that parses JSON, produces it with acks=all and answers 202, and nothing else."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response

from cli.ports import LOOPBACK
from services.gateway.outlet import KafkaOutlet
from streams.collector import spare_collector

TOPIC = "bare.orders"
PATH = "/v1/orders"
_ANSWER = b'{"accepted":true}'


def application(outlet: KafkaOutlet) -> FastAPI:
    """Return the application over a producer with the gateway's settings."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        outlet.start(asyncio.get_running_loop())
        spare_collector()
        yield
        outlet.stop()

    async def take(request: Request) -> Response:
        body = await request.body()
        orjson.loads(body)
        await outlet.send(TOPIC, request.headers["idempotency-key"].encode(), body, [])
        return Response(_ANSWER, 202, media_type="application/json")

    app = FastAPI(lifespan=lifespan)
    app.add_api_route(PATH, take, methods=["POST"], status_code=202, response_class=Response)
    return app


def _tell(why: str) -> None:
    sys.stderr.write(f"bare: {why}\n")


def main(environ: dict[str, str]) -> int:
    """Serve on PORT until SIGTERM, with the gateway's settings of uvicorn and its quick parser."""
    outlet = KafkaOutlet(environ["KAFKA_BOOTSTRAP_SERVERS"], _tell)
    uvicorn.run(
        application(outlet),
        host=LOOPBACK,
        port=int(environ["PORT"]),
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(dict(os.environ)))
