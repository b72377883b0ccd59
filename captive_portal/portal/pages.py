"""The pages: what each address answers. Decides nothing about accounts or codes (`service` does).

After a form comes a redirect (303): phones notice a login at the full navigation that follows, and
reloading repeats nothing. Redirects go only to paths of this file.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from captive_portal.portal import capport
from captive_portal.portal.forms import NONCE_COOKIE, FormError, FormGuard, nonce_text
from captive_portal.portal.metrics import PortalMetrics
from captive_portal.portal.rendering import Renderer, link
from captive_portal.portal.service import PortalService, Presence
from captive_portal.portal.types import Client, Fault
from captive_portal.portal.visit import Visit, open_strangers_visit, open_visit, read_form, source_address
from controller.core.clock import Clock
from controller.core.log import get_logger

LOG_REFUSED: Final = "portal.refused"
_SUPPORT_ALPHABET: Final = "23456789CFGHJMPQRVWX"
_STATUS: Final = {
    "cooldown": 429,
    "code-limited": 429,
    "code-tries": 429,
    "voucher-tries": 429,
    "denied": 403,
}
_HOUR_S: Final = 3600
_UNPROCESSABLE: Final = 422
_INTERNAL: Final = 500
_UNAVAILABLE: Final = 503
_log = get_logger(__name__)

Form = dict[str, str]
Shown = Callable[[Visit, Client], Awaitable[Response]]
Posted = Callable[[Visit, Client, Form], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class PageParts:
    """What the pages stand on."""

    service: PortalService
    renderer: Renderer
    guard: FormGuard
    metrics: PortalMetrics
    clock: Clock
    methods: tuple[str, ...]
    portal_url: str
    venue_url: str


class Pages:
    """The handlers of every address."""

    def __init__(self, parts: PageParts) -> None:
        self._parts = parts
        self._service = parts.service

    def routes(self) -> list[BaseRoute]:
        """Return the routes."""
        pages: list[BaseRoute] = [
            Route("/", self._shown(self._front), methods=["GET"], name="front"),
            Route("/welcome", self._shown(self._welcome), methods=["GET"], name="welcome"),
            Route("/status", self._shown(self._status), methods=["GET"], name="status"),
            Route("/extend", self._posted(self._extend), methods=["POST"], name="extend"),
            Route("/logout", self._posted(self._logout), methods=["POST"], name="logout"),
            Route("/bye", self._bye, methods=["GET"], name="bye"),
            Route("/about", self._about, methods=["GET"], name="about"),
            Route("/capport/{gateway_id}", self._capport, methods=["GET"], name="capport"),
        ]
        if "sms" in self._parts.methods:
            pages += [
                Route("/sms", self._posted(self._ask_code), methods=["POST"], name="sms"),
                Route("/sms/code", self._shown(self._code), methods=["GET"], name="code-page"),
                Route("/sms/code", self._posted(self._enter_code), methods=["POST"], name="code"),
            ]
        if "voucher" in self._parts.methods:
            pages += [
                Route("/voucher", self._shown(self._voucher), methods=["GET"], name="voucher-page"),
                Route("/voucher", self._posted(self._redeem), methods=["POST"], name="voucher"),
            ]
        return pages

    # What citizens see

    async def _front(self, visit: Visit, client: Client) -> Response:
        presence = await self._service.presence(client)
        if presence.session is not None:
            return self._go(visit, "/status")
        if "sms" not in self._parts.methods:
            return self._go(visit, "/voucher")
        if presence.challenge is not None and "change" not in visit.flags:
            return self._go(visit, "/sms/code")
        return self._login_page(visit, client, presence)

    async def _code(self, visit: Visit, client: Client) -> Response:
        return self._code_page(visit, client, await self._service.presence(client))

    async def _voucher(self, visit: Visit, client: Client) -> Response:
        if (await self._service.presence(client)).session is not None:
            return self._go(visit, "/status")
        return self._page(visit, client, "voucher", "/voucher", typed="")

    async def _welcome(self, visit: Visit, client: Client) -> Response:
        session = (await self._service.presence(client)).session
        if session is None:
            return self._go(visit, "/")
        remember_s = session.seconds_remaining(visit.now)
        if remember_s > _HOUR_S:
            remember_s = round(remember_s / _HOUR_S) * _HOUR_S
        return self._page(visit, client, "welcome", "/welcome", remember_s=remember_s)

    async def _status(self, visit: Visit, client: Client) -> Response:
        return await self._status_page(visit, client, None)

    async def _bye(self, request: Request) -> Response:
        visit = await self._visit(request)
        return self._page(visit, visit.client, "bye", "/bye")

    async def _about(self, request: Request) -> Response:
        visit = await self._visit(request)
        return self._page(visit, visit.client, "about", "/about")

    # What citizens send

    async def _ask_code(self, visit: Visit, client: Client, form: Form) -> Response:
        typed = form.get("phone", "").strip()
        fault = await self._service.request_code(client, typed, language=visit.language)
        if fault is None:
            return self._go(visit, "/sms/code")
        presence = await self._service.presence(client)
        if fault.reason == "cooldown" and presence.challenge is not None:
            return self._code_page(visit, client, presence, fault)
        return self._login_page(visit, client, presence, fault, typed)

    async def _enter_code(self, visit: Visit, client: Client, form: Form) -> Response:
        fault = await self._service.enter_code(client, form.get("code", ""))
        if fault is None:
            return self._go(visit, "/welcome")
        presence = await self._service.presence(client)
        if presence.session is not None:
            return self._go(visit, "/status")  # The form was sent twice at once.
        if presence.challenge is None:
            return self._login_page(visit, client, presence, fault)
        return self._code_page(visit, client, presence, fault)

    async def _redeem(self, visit: Visit, client: Client, form: Form) -> Response:
        typed = form.get("voucher", "").strip()
        fault = await self._service.redeem_voucher(client, typed)
        if fault is None:
            return self._go(visit, "/welcome")
        return self._page(visit, client, "voucher", "/voucher", fault=fault, typed=typed[:64])

    async def _extend(self, visit: Visit, client: Client, _form: Form) -> Response:
        fault = await self._service.extend(client)
        if fault is None:
            return self._go(visit, "/status", extended="1")
        return await self._status_page(visit, client, fault)

    async def _logout(self, visit: Visit, client: Client, _form: Form) -> Response:
        await self._service.logout(client)
        return self._go(visit, "/bye")

    # What phones' systems ask

    async def _capport(self, request: Request) -> Response:
        accept = request.headers.get("accept", "")
        if capport.wants_page(accept):
            self._parts.metrics.capport.labels("redirect").inc()
            return RedirectResponse(self._parts.portal_url, 303, headers=capport.HEADERS)
        gateway_id = request.path_params["gateway_id"]
        client = await self._service.identify_at(gateway_id, source_address(request))
        if client is None and not await self._service.is_gateway(gateway_id):
            self._parts.metrics.capport.labels("unknown").inc()
            return Response(status_code=404, headers=capport.HEADERS)
        state = None if client is None else await self._open_state(client)
        handle = "" if client is None else f"/?h={self._service.handle_for(client)}"
        body = capport.render_capport(
            portal_url=self._parts.portal_url + (handle or "/"),
            venue_url=self._parts.venue_url,
            open_state=state,
        )
        self._parts.metrics.capport.labels("captive" if state is None else "open").inc()
        return Response(body, media_type=capport.MEDIA_TYPE, headers=capport.HEADERS)

    async def _open_state(self, client: Client) -> capport.OpenState | None:
        presence = await self._service.presence(client)
        if presence.session is None:
            return None
        return capport.OpenState(
            seconds_remaining=presence.session.seconds_remaining(self._parts.clock.now()),
            bytes_remaining=presence.session.bytes_remaining,
            can_extend=presence.can_extend,
        )

    # How pages are made

    def _login_page(
        self, visit: Visit, client: Client, presence: Presence, fault: Fault | None = None, typed: str = ""
    ) -> Response:
        challenge = presence.challenge
        return self._page(visit, client, "login", "/", fault=fault, typed=typed[:40], challenge=challenge)

    def _code_page(
        self, visit: Visit, client: Client, presence: Presence, fault: Fault | None = None
    ) -> Response:
        challenge = presence.challenge
        if challenge is None:
            return self._go(visit, "/" if presence.session is None else "/status")
        minutes = max(1, round((challenge.expires_at - visit.now).total_seconds() / 60))
        return self._page(
            visit,
            client,
            "code",
            "/sms/code",
            fault=fault,
            minutes=minutes,
            cooldown_s=presence.cooldown_s,
        )

    async def _status_page(self, visit: Visit, client: Client, fault: Fault | None) -> Response:
        presence = await self._service.presence(client)
        session = presence.session
        if session is None:
            return self._go(visit, "/")
        seconds_left = session.seconds_remaining(visit.now)
        whole = max(1.0, (session.expires_at - session.started_at).total_seconds())
        return self._page(
            visit,
            client,
            "status",
            "/status",
            fault=fault,
            extended="extended" in visit.flags,
            seconds_left=seconds_left,
            percent_left=min(100, round(100 * seconds_left / whole)),
            octets_used=session.up_bytes + session.down_bytes,
            octets_left=session.bytes_remaining,
            can_extend=presence.can_extend,
        )

    def _page(
        self,
        visit: Visit,
        client: Client | None,
        template: str,
        path: str,
        *,
        fault: Fault | None = None,
        status: int = 200,
        **values: object,
    ) -> Response:
        parts = self._parts
        if fault is not None:
            fallback = _UNAVAILABLE if fault.reason.startswith("send-") else _UNPROCESSABLE
            status = _STATUS.get(fault.reason, fallback)
        if client is not None:
            values["csrf"] = parts.guard.token(client, nonce=visit.nonce, now=visit.now)
        text = parts.renderer.render(
            template,
            language=visit.language,
            handle=visit.handle,
            chosen=visit.chosen,
            path=path,
            fault=fault,
            **values,
        )
        parts.metrics.pages.labels(template, visit.language).inc()
        response = HTMLResponse(text, status_code=status, headers=parts.renderer.headers)
        response.headers["Content-Language"] = visit.language
        if client is not None:
            response.set_cookie(
                NONCE_COOKIE,
                nonce_text(visit.nonce).decode("ascii"),
                secure=True,
                httponly=True,
                samesite="strict",
                path="/",
            )
        return response

    def _go(self, visit: Visit, path: str, **parameters: str) -> Response:
        url = link(path, {"h": visit.handle, "lang": visit.chosen} | parameters)
        return RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})

    async def error(
        self, request: Request, *, status: int, reason: str, head: str = "error-head", message: str
    ) -> Response:
        """Return an error page with a short support code, and log the code with the reason."""
        visit = await self._visit(request)
        return self._error_page(request, visit, status=status, reason=reason, head=head, message=message)

    def failure(self, request: Request, *, away: bool) -> Response:
        """Return the error page of a fault of ours; asks no database, since that may be what failed.

        Args:
            request: what was asked.
            away: something we need does not answer now; else we erred.
        """
        visit = open_strangers_visit(request, self._parts.clock.now())
        return self._error_page(
            request,
            visit,
            status=_UNAVAILABLE if away else _INTERNAL,
            reason="unavailable" if away else "internal",
            head="error-head",
            message="error-internal",
        )

    def _error_page(
        self, request: Request, visit: Visit, *, status: int, reason: str, head: str, message: str
    ) -> Response:
        support_code = "".join(secrets.choice(_SUPPORT_ALPHABET) for _ in range(6))
        self._parts.metrics.failures.labels(reason).inc()
        _log.info(LOG_REFUSED, support_code=support_code, reason=reason, path=request.url.path)
        return self._page(
            visit,
            visit.client,
            "error",
            "/",
            status=status,
            head=head,
            message=message,
            support_code=f"{support_code[:3]}-{support_code[3:]}",
        )

    async def _visit(self, request: Request) -> Visit:
        return await open_visit(request, self._service, self._parts.clock.now())

    async def _outside(self, request: Request) -> Response:
        return await self.error(
            request, status=403, reason="outside", head="error-outside-head", message="error-outside"
        )

    def _shown(self, handler: Shown) -> Callable[[Request], Awaitable[Response]]:
        async def show(request: Request) -> Response:
            visit = await self._visit(request)
            if visit.client is None:
                return await self._outside(request)
            return await handler(visit, visit.client)

        return show

    def _posted(self, handler: Posted) -> Callable[[Request], Awaitable[Response]]:
        async def receive(request: Request) -> Response:
            visit = await self._visit(request)
            if visit.client is None:
                return await self._outside(request)
            try:
                form = await read_form(request, visit.client, self._parts.guard, visit.now)
            except FormError as error:
                return await self.error(
                    request, status=403, reason=f"form-{error.reason}", message="error-form"
                )
            return await handler(visit, visit.client, form)

        return receive
