"""The RADIUS daemon: the only place where its parts are put together."""

import asyncio
from collections.abc import Callable
from functools import partial

from controller.directory.service import Directory

from controller.core.http import admin_app, serve_app
from controller.core.net import bind_udp
from controller.core.runtime import Runtime
from controller.nas.events import NasChanged
from radius import repository
from radius.accounting import Accountant
from radius.answers import Answers
from radius.authorize import Authorizer
from radius.batch import Batch
from radius.metrics import RadiusMetrics
from radius.nas import NasRegistry
from radius.protocol.connection import ACCT_CODES, AUTH_CODES, Connection
from radius.reply import ALIVE_ACCESS, ALIVE_ACCOUNTING
from radius.server import RadiusPort, open_port
from radius.session_class import ClassCodec
from radius.settings import RadiusSettings

_CLASS_KEY = "radius-class"


async def serve(
    runtime: Runtime,
    settings: RadiusSettings,
    *,
    ready: Callable[[], None],
    listening: Callable[[int, int], None] | None = None,
) -> None:
    """Answer RADIUS until cancelled.

    Args:
        runtime: what the daemon stands on.
        settings: its own settings.
        ready: called once it answers.
        listening: called with the authentication and accounting ports, before `ready`.

    Raises:
        ConflictError: a port is taken.
    """
    metrics = RadiusMetrics(runtime.registry)
    registry = NasRegistry(runtime.db, runtime.secrets)
    directory = Directory(runtime.secrets)
    codec = ClassCodec(runtime.secrets.get(_CLASS_KEY))
    batch = Batch(
        runtime.db,
        Accountant(directory, runtime.clock).apply,
        max_records=settings.batch_max,
        wait_s=settings.batch_wait_ms / 1000,
        committed=metrics.observe_batch,
    )
    answers = Answers(Authorizer(runtime.db, directory, runtime.clock), batch, codec, metrics)

    async def reload(_event: NasChanged | None = None) -> None:
        await registry.reload()

    runtime.bus.subscribe(NasChanged, reload)
    runtime.bus.on_gap(reload)
    await registry.reload()
    metrics.watch("nas_clients", "Networks from which RADIUS is answered.", partial(len, registry))

    port = partial(
        RadiusPort,
        registry=registry,
        metrics=metrics,
        clock=runtime.clock,
        in_flight_max=settings.in_flight_max,
    )
    remember = {"remember_s": settings.duplicates_s, "max_remembered": settings.duplicates_max}
    access = port(
        "access",
        Connection(registry.find, AUTH_CODES, **remember),
        answers.answer_access,
        alive=ALIVE_ACCESS,
    )
    accounting = port(
        "accounting",
        Connection(registry.find, ACCT_CODES, **remember),
        answers.answer_accounting,
        alive=ALIVE_ACCOUNTING,
    )
    metrics.watch("access_in_flight", "Access-Requests being worked on.", lambda: access.in_flight)
    metrics.watch(
        "accounting_in_flight", "Accounting-Requests being worked on.", lambda: accounting.in_flight
    )
    serving = False
    runtime.tasks.spawn("radius-batch", batch.run)
    runtime.tasks.spawn("radius-nas", partial(_refresh, runtime, settings, registry))
    sockets = [bind_udp(settings.host, number) for number in (settings.auth_port, settings.acct_port)]
    transports = [
        await open_port(sock, handler, receive_buffer_bytes=settings.receive_buffer_bytes)
        for sock, handler in zip(sockets, (access, accounting), strict=True)
    ]

    def started(_port: int) -> None:
        nonlocal serving
        serving = True
        if listening is not None:
            listening(sockets[0].getsockname()[1], sockets[1].getsockname()[1])
        ready()

    try:
        await serve_app(
            admin_app(runtime.registry, ready=lambda: serving),
            host=settings.admin_host,
            port=settings.admin_port,
            started=started,
        )
    finally:
        for handler in (access, accounting):
            await handler.drain()
        for transport in transports:
            transport.close()


async def _refresh(runtime: Runtime, settings: RadiusSettings, registry: NasRegistry) -> None:
    """Now and then note which NASes were heard, and read their table again."""
    while True:
        await asyncio.sleep(settings.nas_reload_s)
        seen = registry.take_seen()
        if seen:
            async with runtime.db.transaction() as tx:
                await repository.mark_seen(tx, seen, runtime.clock.now())
        await registry.reload()
