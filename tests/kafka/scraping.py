"""Scrapes a process over HTTP, as Prometheus would."""

from __future__ import annotations

import http.client
import time

from tests.scraping import Scrape, parsed

PATIENCE_S = 180.0


def scrape_of(port: int) -> Scrape:
    """Return what a process serves, once it serves."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/metrics")
            answer = connection.getresponse()
            assert answer.status == 200
            return parsed(answer.read().decode())
        except OSError:
            assert time.monotonic() < deadline, f"nothing serves metrics on {port}"
            time.sleep(0.05)
        finally:
            connection.close()
