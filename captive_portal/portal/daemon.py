"""The portal daemon: puts the parts together and serves them. Decides nothing else."""

import asyncio
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from captive_portal.handles import HandleCodec
from captive_portal.portal.app import create_app, create_redirect_app
from captive_portal.portal.forms import FormGuard
from captive_portal.portal.methods.sms import CODE_DIGITS, SmsLimits, SmsMethod
from captive_portal.portal.methods.voucher import VoucherMethod
from captive_portal.portal.metrics import PortalMetrics
from captive_portal.portal.pages import PageParts
from captive_portal.portal.rendering import Renderer
from captive_portal.portal.service import Parts, PortalService
from captive_portal.portal.settings import PortalSettings
from captive_portal.portal.sms.sender import Sender
from captive_portal.portal.sms.smpp import SmppAccount, SmppSender
from captive_portal.portal.sms.spool import SpoolSender
from controller.core.errors import InvalidInputError
from controller.core.http import admin_app, serve_app
from controller.core.pki import CertificateAuthority, server_context
from controller.core.runtime import Runtime
from controller.directory.service import Directory

_LOCAL_NAMES: Final = ("localhost", "127.0.0.1")
_MOST_OF_ADDRESS: Final = 64
"""Connections of one phone; nothing stands between it and us that others share."""


@dataclass(frozen=True, slots=True)
class _Listener:
    name: str
    app: object
    host: str
    port: int
    netns: str | None = None
    tls: ssl.SSLContext | None = None


async def serve(runtime: Runtime, settings: PortalSettings, *, ready: Callable[[], None]) -> None:
    """Serve the portal until cancelled; `ready` is called once every listener answers.

    Raises:
        InvalidInputError: the certificate cannot be read, or a setting does not fit the SMS centre.
        ConflictError: a port is taken.
    """
    metrics = PortalMetrics(runtime.registry)
    sender = _make_sender(runtime, settings)
    parts = _make_parts(runtime, settings, metrics, sender)
    tls = _tls_context(runtime, settings)
    app = create_app(parts, public_name=settings.public_name)
    plain = create_redirect_app(portal_url=settings.origin)
    waiting: set[str] = set()
    admin = admin_app(runtime.registry, ready=lambda: not waiting)
    listeners = [
        _Listener("https", app, settings.host, settings.port, tls=tls),
        _Listener("http", plain, settings.host, settings.http_port),
        _Listener("admin", admin, settings.admin_host, settings.admin_port),
    ]
    if settings.public_host is not None:
        public, netns = settings.public_host, settings.netns
        listeners += [
            _Listener("public-https", app, public, settings.public_port, netns, tls),
            _Listener("public-http", plain, public, settings.public_http_port, netns),
        ]
    waiting |= {listener.name for listener in listeners}

    def started(name: str, _port: int) -> None:
        waiting.discard(name)
        if not waiting:
            ready()

    runtime.tasks.spawn("sms-sender", sender.run)
    runtime.tasks.spawn("purge-codes", parts.service.purge)
    try:
        async with asyncio.TaskGroup() as group:
            for listener in listeners:
                group.create_task(
                    serve_app(
                        listener.app,
                        host=listener.host,
                        port=listener.port,
                        netns=listener.netns,
                        tls=listener.tls,
                        started=partial(started, listener.name),
                        most_of_address=None if listener.name == "admin" else _MOST_OF_ADDRESS,
                    ),
                    name=f"portal-{listener.name}",
                )
    except ExceptionGroup as faults:
        # A group is no message for a person; the first fault ended the others.
        raise faults.exceptions[0] from None


def make_code() -> str:
    """Return a random code of six digits."""
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def _make_parts(
    runtime: Runtime, settings: PortalSettings, metrics: PortalMetrics, sender: Sender
) -> PageParts:
    directory = Directory(runtime.secrets)
    limits = SmsLimits(
        valid_s=settings.sms_code_valid_s,
        tries=settings.sms_code_tries,
        cooldown_s=settings.sms_cooldown_s,
        per_number_day=settings.sms_per_number_day,
        per_device_day=settings.sms_per_device_day,
        per_prefix_hour=settings.sms_per_prefix_hour,
        per_hour=settings.sms_per_hour,
        wrong_per_device_hour=settings.sms_wrong_per_device_hour,
        prefixes=settings.sms_prefixes,
    )
    service = PortalService(
        Parts(
            db=runtime.db,
            clock=runtime.clock,
            directory=directory,
            handles=HandleCodec(runtime.secrets.get("portal-handles"), max_age_s=settings.handle_max_age_s),
            sms=SmsMethod(secrets=runtime.secrets, directory=directory, limits=limits, make_code=make_code),
            vouchers=VoucherMethod(
                directory=directory, wrong_per_device_hour=settings.voucher_wrong_per_device_hour
            ),
            sender=sender,
            metrics=metrics,
            extend_window_s=settings.extend_window_s,
        )
    )
    return PageParts(
        service=service,
        renderer=Renderer(
            {
                "cities": {"ru": settings.city_name, "en": settings.city_name_en},
                "methods": settings.methods,
                "support_phone": settings.support_phone,
            }
        ),
        guard=FormGuard(
            key=runtime.secrets.derive("portal-forms", "csrf"),
            allowed_hosts=frozenset({settings.public_name, settings.host, *_LOCAL_NAMES}),
        ),
        metrics=metrics,
        clock=runtime.clock,
        methods=settings.methods,
        portal_url=settings.origin,
        venue_url=settings.venue_url or f"{settings.origin}/about",
    )


def _make_sender(runtime: Runtime, settings: PortalSettings) -> Sender:
    if settings.sms_sender == "spool":
        return SpoolSender(settings.sms_spool_dir or runtime.data_dir / "sms", clock=runtime.clock)
    password = settings.smpp_password
    account = SmppAccount(
        host=settings.smpp_host,
        port=settings.smpp_port,
        system_id=settings.smpp_system_id,
        password="" if password is None else password.get_secret_value(),
        source=settings.sms_source,
        tls=ssl.create_default_context() if settings.smpp_tls else None,
        window=settings.smpp_window,
        enquire_link_s=settings.smpp_enquire_link_s,
        timeout_s=settings.smpp_timeout_s,
    )
    try:
        return SmppSender(account)
    except ValueError as error:
        raise InvalidInputError(
            f"the SMPP settings do not fit the protocol: {error}",
            hint="the system id has 15 ASCII characters at most, the password 8",
        ) from error


def _tls_context(runtime: Runtime, settings: PortalSettings) -> ssl.SSLContext:
    if settings.certificate is not None and settings.private_key is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(settings.certificate, settings.private_key)
        except OSError as error:  # ssl.SSLError is one
            raise InvalidInputError(
                f"cannot use the portal's certificate: {error}",
                hint="certificate and private_key are PEM files that belong together",
            ) from error
        return context
    authority = CertificateAuthority.open(runtime.data_dir / "pki")
    names = dict.fromkeys((settings.public_name, *_LOCAL_NAMES))
    return server_context(authority.issue_server(list(names), now=runtime.clock.now()))
