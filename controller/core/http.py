"""HTTP serving: uvicorn on sockets of ours, and the admin application every daemon has.

What a stranger can take of it is bounded: the time a request may take to arrive (`patience`), its
body, its headers (64 KiB, by h11) and the connections of one address.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller.core.log import get_logger
from controller.core.net import listen_tcp
from controller.core.patience import PatientProtocol, Visitors

LOG_FAILED: Final = "http.failed"

MAX_BODY_BYTES: Final = 32 * 1024 * 1024
"""An import of a whole city is a quarter of it."""
REQUEST_S: Final = 20.0
_GRACE_S = 3
_TOO_LARGE: Final = 413

_log = get_logger(__name__)
# It would log an error's text, which can hold what a citizen typed, and a line per broken request.
logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the daemon decides when to stop."""

    def capture_signals(self) -> Any:
        """Leave the process's signals alone."""
        return contextlib.nullcontext()


class _Guard:
    """Around every application: bodies end somewhere, and a failure is logged by its kind only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = MAX_BODY_BYTES

        async def receive_some() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(_TOO_LARGE)
            return message

        try:
            await self._app(scope, receive_some, send)
        except Exception as error:
            _log.error(LOG_FAILED, error=type(error).__name__)
            raise


async def serve_app(
    app: Any,
    *,
    host: str,
    port: int,
    netns: str | None = None,
    tls: ssl.SSLContext | None = None,
    started: Callable[[int], None] | None = None,
    request_s: float = REQUEST_S,
    most_of_address: int | None = None,
) -> None:
    """Serve an ASGI application until cancelled; then finish what is under way, 3 s at most.

    Args:
        app: the application.
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        netns: network namespace in which the socket is made.
        tls: a server context turns on HTTPS.
        started: called with the port once requests are answered.
        request_s: seconds a connection may be without a whole request before it is cut.
        most_of_address: connections one client address may have; None where many share one (a proxy).

    Raises:
        ConflictError: the port is taken.
    """
    sock = listen_tcp(host, port, netns=netns)
    config = uvicorn.Config(
        _Guard(app),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=15,
        ws="none",
        http=partial(PatientProtocol, request_s, Visitors(most_of_address)),  # type: ignore[arg-type]
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


async def _nothing() -> None:
    """Nothing has to be fetched."""


def admin_app(
    registry: CollectorRegistry,
    *,
    ready: Callable[[], bool],
    refresh: Callable[[], Awaitable[None]] = _nothing,
) -> Starlette:
    """Return the application with `/metrics` (Prometheus) and `/healthz` (200 once ready, else 503).

    Args:
        registry: what is shown.
        ready: whether the daemon answers.
        refresh: awaited before metrics are shown; fetches what other processes count.
    """

    async def metrics(_request: Request) -> Response:
        await refresh()
        return Response(await asyncio.to_thread(generate_latest, registry), media_type=CONTENT_TYPE_LATEST)

    async def healthz(_request: Request) -> Response:
        return PlainTextResponse("ok\n") if ready() else PlainTextResponse("starting\n", status_code=503)

    return Starlette(routes=[Route("/metrics", metrics), Route("/healthz", healthz)])
