"""The page that describes the API: it needs no other host."""

from __future__ import annotations

import gzip
import re

from tests.contract.gateway.gate import Gate
from tests.contract.gateway.shop import Shop


def test_the_page_of_the_api_loads_nothing_from_elsewhere(shop: Shop) -> None:
    async def scenario(gate: Gate) -> None:
        page = await gate.call("GET", "/docs")
        assert page.status == 200
        loaded = re.findall(r"(?:src|href)=\"([^\"]+)\"", page.body)
        assert [address for address in loaded if not address.startswith(("/docs/", "data:"))] == []
        assert "/openapi.json" in page.body
        for address in ("/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"):
            assert address in loaded
            plain = await gate.call("GET", address)
            packed = await gate.call("GET", address, **{"accept-encoding": "gzip, br"})  # type: ignore[arg-type]  # a header's name is no identifier
            assert (plain.status, packed.status) == (200, 200)
            assert "content-encoding" not in plain.headers
            assert packed.headers["content-encoding"] == "gzip"
            assert gzip.decompress(packed.raw) == plain.raw

    shop.run(scenario)
