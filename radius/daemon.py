"""The RADIUS daemon: the only place where its parts are put together."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial

from controller.core.http import admin_app, serve_app
from controller.core.net import bind_udp
from controller.core.runtime import Runtime
from controller.directory.service import Directory
from controller.nas.events import NasChanged
from controller.sessions.events import SessionEnded
from radius import repository
from radius.accounting import Accountant
from radius.answers import Answers
from radius.authorize import Authorizer
from radius.batch import Batch
from radius.disconnect import Disconnector, Limits
from radius.kernel import read_drops
from radius.metrics import RadiusMetrics
from radius.nas import NasRegistry
from radius.protocol.attributes import Code
from radius.protocol.connection import ACCT_CODES, AUTH_CODES, Connection
from radius.reply import ALIVE_ACCESS, ALIVE_ACCOUNTING, Answer
from radius.server import AnswerRequest, RadiusPort, open_port
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
    registry = NasRegistry(runtime.db, runtime.secrets, runtime.clock)
    disconnector = _disconnector(runtime, settings, registry, metrics)
    answers = _answers(runtime, settings, metrics, disconnector)
    await _follow_events(runtime, registry, disconnector)
    metrics.watch("nas_clients", "Networks from which RADIUS is answered.", lambda: len(registry))
    serving = asyncio.Event()
    async with AsyncExitStack() as stack:

        async def serve_port(
            kind: str, number: int, codes: frozenset[Code], *, answer: AnswerRequest, alive: Answer
        ) -> int:
            connection = Connection(
                registry.find, codes, remember_s=settings.duplicates_s, max_remembered=settings.duplicates_max
            )
            port = RadiusPort(
                kind,
                connection,
                answer,
                alive=alive,
                registry=registry,
                metrics=metrics,
                clock=runtime.clock,
                in_flight_max=settings.in_flight_max,
            )
            metrics.watch(f"{kind}_in_flight", "Requests being worked on.", lambda: port.in_flight)
            metrics.watch(f"{kind}_remembered", "Answers kept for repeats.", lambda: connection.remembered)
            bound = await _listen(stack, settings, port, number)
            text = "Datagrams the kernel dropped because the receive buffer was full."
            metrics.watch(f"{kind}_kernel_drops", text, partial(read_drops, bound))
            return bound

        auth_port = await serve_port(
            "access", settings.auth_port, AUTH_CODES, answer=answers.answer_access, alive=ALIVE_ACCESS
        )
        acct_port = await serve_port(
            "accounting",
            settings.acct_port,
            ACCT_CODES,
            answer=answers.answer_accounting,
            alive=ALIVE_ACCOUNTING,
        )
        runtime.tasks.spawn("radius-disconnect", disconnector.run)
        runtime.tasks.spawn("radius-nas", partial(_refresh, runtime, settings, registry))

        def started(_port: int) -> None:
            serving.set()
            if listening is not None:
                listening(auth_port, acct_port)
            ready()

        await serve_app(
            admin_app(runtime.registry, ready=serving.is_set),
            host=settings.admin_host,
            port=settings.admin_port,
            started=started,
        )


def _disconnector(
    runtime: Runtime, settings: RadiusSettings, registry: NasRegistry, metrics: RadiusMetrics
) -> Disconnector:
    limits = Limits(settings.disconnect_port, settings.disconnect_timeout_s, settings.disconnect_tries)
    return Disconnector(
        runtime.db, registry.find, runtime.clock, count=metrics.count_disconnect, limits=limits
    )


def _answers(
    runtime: Runtime, settings: RadiusSettings, metrics: RadiusMetrics, disconnector: Disconnector
) -> Answers:
    directory = Directory(runtime.secrets)
    batch = Batch(
        runtime.db,
        Accountant(directory, runtime.clock).apply,
        max_records=settings.batch_max,
        wait_s=settings.batch_wait_ms / 1000,
        committed=metrics.observe_batch,
    )
    runtime.tasks.spawn("radius-batch", batch.run)
    return Answers(
        Authorizer(runtime.db, directory, runtime.clock),
        batch,
        ClassCodec(runtime.secrets.get(_CLASS_KEY)),
        metrics,
        still_online=disconnector.request,
    )


async def _follow_events(runtime: Runtime, registry: NasRegistry, disconnector: Disconnector) -> None:
    async def nas_changed(_event: NasChanged) -> None:
        await registry.reload()

    async def reconcile() -> None:
        await registry.reload()
        await disconnector.reconcile()

    runtime.bus.subscribe(NasChanged, nas_changed)
    runtime.bus.subscribe(SessionEnded, disconnector.hear)
    runtime.bus.on_gap(reconcile)
    await reconcile()


async def _listen(stack: AsyncExitStack, settings: RadiusSettings, port: RadiusPort, number: int) -> int:
    """Serve one UDP port until the stack unwinds; return its number."""
    sock = bind_udp(settings.host, number)
    stack.callback(sock.close)
    transport = await open_port(sock, port, receive_buffer_bytes=settings.receive_buffer_bytes)
    stack.callback(transport.close)
    stack.push_async_callback(port.drain)
    bound: int = sock.getsockname()[1]
    return bound


async def _refresh(runtime: Runtime, settings: RadiusSettings, registry: NasRegistry) -> None:
    """Now and then note which NASes were heard, and read their table again."""
    while True:
        await asyncio.sleep(settings.nas_reload_s)
        seen = registry.take_seen()
        if seen:
            async with runtime.db.transaction() as tx:
                await repository.mark_seen(tx, seen, runtime.clock.now())
        await registry.reload()
