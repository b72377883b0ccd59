"""The monitor's HTTP application: `/metrics` (fleet page and the process's own numbers), `/healthz`.

It never reads the database: a slow or absent database cannot make a scrape time out.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from monitoring.exposition import CONTENT_TYPE, Page, gzip_join

__all__ = ["accepts_gzip", "create_app"]


def accepts_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header (RFC 9110 §12.5.3) allows gzip by name or by `*`."""
    weights: dict[str, float] = {}
    for item in header.lower().split(","):
        coding, _, parameters = item.strip().partition(";")
        name, _, weight = parameters.strip().partition("=")
        try:
            weights[coding.strip()] = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            weights[coding.strip()] = 0.0
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def create_app(
    page: Callable[[], Page], registry: CollectorRegistry, *, ready: Callable[[], bool]
) -> Starlette:
    """Return the application; `page` gives the last rendered fleet page."""

    async def metrics(request: Request) -> Response:
        current, tail = page(), generate_latest(registry)
        headers = {"vary": "accept-encoding"}
        if accepts_gzip(request.headers.get("accept-encoding", "")):
            headers["content-encoding"] = "gzip"
            return Response(gzip_join(current, tail), media_type=CONTENT_TYPE, headers=headers)
        return Response(current.plain + tail, media_type=CONTENT_TYPE, headers=headers)

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n") if ready() else PlainTextResponse("starting\n", status_code=503)

    return Starlette(routes=[Route("/metrics", metrics), Route("/healthz", healthz)])
