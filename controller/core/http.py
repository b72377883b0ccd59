"""HTTP serving: uvicorn on sockets of ours, and the admin application every daemon has."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from controller.core.net import listen_tcp

_GRACE_S = 3


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the daemon decides when to stop."""

    def capture_signals(self) -> Any:
        """Leave the process's signals alone."""
        return contextlib.nullcontext()


async def serve_app(
    app: Any,
    *,
    host: str,
    port: int,
    netns: str | None = None,
    tls: ssl.SSLContext | None = None,
    started: Callable[[int], None] | None = None,
) -> None:
    """Serve an ASGI application until cancelled; then finish what is under way, 3 s at most.

    Args:
        app: the application.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        netns: network namespace in which the socket is made.
        tls: a server context turns on HTTPS.
        started: called with the port once requests are answered.

    Raises:
        ConflictError: the port is taken.
    """
    sock = listen_tcp(host, port, netns=netns)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=15,
        ws="none",
    )
    config.load()
    config.ssl = tls
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        while not server.started:
            if serving.done():
                serving.result()
            await asyncio.sleep(0.005)
        if started is not None:
            started(sock.getsockname()[1])
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await asyncio.wait([serving], timeout=_GRACE_S + 1)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        sock.close()


def admin_app(registry: CollectorRegistry, *, ready: Callable[[], bool]) -> Starlette:
    """Return the application with `/metrics` (Prometheus) and `/healthz` (200 once ready, else 503)."""

    def metrics(_request: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n") if ready() else PlainTextResponse("starting\n", status_code=503)

    return Starlette(routes=[Route("/metrics", metrics), Route("/healthz", healthz)])
