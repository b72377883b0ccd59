"""The portal's two web applications: the pages over HTTPS, and plain HTTP that only points there."""

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from captive_portal.portal.metrics import PortalMetrics
from captive_portal.portal.pages import PageParts, Pages
from controller.core.db import is_away
from controller.core.log import get_logger

LOG_FAILED: Final = "portal.failed"
_HSTS: Final = (b"strict-transport-security", b"max-age=31536000")
_NOT_FOUND: Final = 404
_READ_METHODS: Final = frozenset({"GET", "HEAD"})
_log = get_logger(__name__)


def create_app(parts: PageParts, *, public_name: str) -> ASGIApp:
    """Return the HTTPS application.

    Args:
        parts: what the pages stand on.
        public_name: host of the portal's URL; only it is put under HSTS, never `localhost`.
    """
    pages = Pages(parts)

    async def on_http_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == _NOT_FOUND:
            return await pages.error(
                request,
                status=status,
                reason="not-found",
                head="error-notfound-head",
                message="error-notfound",
            )
        return await pages.error(request, status=status, reason=f"http-{status}", message="error-form")

    async def on_failure(request: Request, error: Exception) -> Response:
        # Types only: the text of a database error can hold what a citizen typed.
        _log.error(LOG_FAILED, error=type(error).__name__, path=request.url.path)
        return pages.failure(request, away=is_away(error))

    starlette = Starlette(
        routes=pages.routes(), exception_handlers={HTTPException: on_http_error, Exception: on_failure}
    )
    return _Edge(
        starlette,
        metrics=parts.metrics,
        allowed_hosts=parts.guard.allowed_hosts,
        portal_url=parts.portal_url,
        public_name=public_name,
    )


class _Edge:
    """Around every request: host names that are ours, HSTS, and the time it took.

    A request for another host is sent to the portal's own URL, so a page is never shown under a
    name that somebody else pointed here (DNS rebinding).
    """

    def __init__(
        self,
        app: Starlette,
        *,
        metrics: PortalMetrics,
        allowed_hosts: frozenset[str],
        portal_url: str,
        public_name: str,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._allowed_hosts = allowed_hosts
        self._portal_url = portal_url
        self._public_name = public_name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        status = 500
        hostname = Request(scope).url.hostname or ""

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if hostname == self._public_name:
                    message["headers"] = [*message.get("headers", []), _HSTS]
            await send(message)

        app: ASGIApp = self._app if hostname in self._allowed_hosts else self._elsewhere(scope)
        try:
            await app(scope, receive, send_marked)
        finally:
            route = self._route_name(scope)
            taken = time.perf_counter() - started
            self._metrics.request_seconds.labels(route, f"{status // 100}xx").observe(taken)

    def _elsewhere(self, scope: Scope) -> Response:
        if scope["method"] in _READ_METHODS:
            return RedirectResponse(self._portal_url, 303, headers={"Cache-Control": "no-store"})
        return PlainTextResponse("Misdirected Request\n", 421)

    def _route_name(self, scope: Scope) -> str:
        """Return the name of the route, never the path: paths are for anybody to invent."""
        for route in self._app.routes:
            if isinstance(route, Route) and route.matches(scope)[0] == Match.FULL:
                return route.name
        return "other"


def create_redirect_app(*, portal_url: str) -> Callable[[Scope, Receive, Send], Awaitable[Any]]:
    """Return the plain-HTTP application: any GET is sent to the same path under `portal_url`."""

    async def redirect(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope)
        response: Response = PlainTextResponse("HTTPS only\n", 403)
        if scope["method"] in _READ_METHODS:
            query = f"?{request.url.query}" if request.url.query else ""
            # The path comes after our own host and a slash, so it cannot name another one.
            target = f"{portal_url}/{request.url.path.lstrip('/')}{query}"
            response = RedirectResponse(target, 308, headers={"Cache-Control": "no-store"})
        await response(scope, receive, send)

    return redirect
