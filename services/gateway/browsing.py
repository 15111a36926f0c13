"""GET /docs: the description of the API as a page to read and to try, from files of our own."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import Response

DOCS = "/docs"
ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_ROOT = Path(__file__).parent / "swagger_ui"
_KEPT = {"Cache-Control": "max-age=86400", "Vary": "Accept-Encoding"}


def routes(openapi_url: str, title: str) -> APIRouter:
    """Return the routes of the page and of what it loads. They are no part of the description."""
    router = APIRouter(include_in_schema=False)
    script, style = (f"{DOCS}/{name}" for name in ASSETS)
    page = get_swagger_ui_html(
        openapi_url=openapi_url,
        title=title,
        swagger_js_url=script,
        swagger_css_url=style,
        swagger_favicon_url="data:,",
    )

    async def show_page() -> Response:
        return page

    router.add_api_route(DOCS, show_page, methods=["GET"], response_class=Response)
    for name, kind in ASSETS.items():
        router.add_api_route(f"{DOCS}/{name}", _asset(name, kind), methods=["GET"], response_class=Response)
    return router


def _asset(name: str, kind: str) -> Callable[[Request], Response]:
    packed = (_ROOT / f"{name}.gz").read_bytes()

    def show_asset(request: Request) -> Response:
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, headers={**_KEPT, "Content-Encoding": "gzip"}, media_type=kind)
        return Response(gzip.decompress(packed), headers=_KEPT, media_type=kind)

    return show_asset
