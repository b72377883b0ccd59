"""The RADIUS daemon: what there is one of, and either the workers or what answers in their place.

What every answering process has is put together in `workers.assembly`.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from controller.core.http import admin_app, serve_app
from controller.core.log import get_logger
from controller.core.runtime import Runtime
from radius import repository
from radius.dynamic import DynamicAuthorization, only
from radius.index.build import keep_index, make_index
from radius.index.reader import AccountIndex
from radius.journal.applier import only_one
from radius.journal.build import journal_directory, keep_books
from radius.kernel import KernelDrops
from radius.metrics import RadiusMetrics
from radius.nas import NasRegistry
from radius.native.location import state
from radius.ports import PortPlan, Ports, reserve_udp
from radius.protocol.connection import DYNAMIC_CODES
from radius.radsec.build import RADSEC, find_port
from radius.reply import ALIVE_ACCESS
from radius.served.build import make_asker, start_serving
from radius.session_class import ClassCodec
from radius.settings import RadiusSettings
from radius.tables import Tables
from radius.workers.assembly import CLASS_KEY, assemble, follow_nas_table, prepare
from radius.workers.link import AloneLink
from radius.workers.pool import WorkerPool
from radius.workers.relay import relay_events

LOG_CODE: Final = "radius.code"
LOG_NO_NAS: Final = "radius.setting_names_no_nas"

_log = get_logger(__name__)

_SEEN_S: Final = 15.0
"""How often it is noted which NASes were heard, at most."""


async def serve(
    runtime: Runtime,
    settings: RadiusSettings,
    *,
    ready: Callable[[], None],
    listening: Callable[[Mapping[str, int]], None] | None = None,
) -> None:
    """Answer RADIUS until cancelled.

    Args:
        runtime: what the daemon stands on.
        settings: its own settings.
        ready: called once it answers.
        listening: called with the port numbers by kind, before `ready`.

    Raises:
        ConflictError: a port is taken, or another daemon runs on the data directory.
        UnavailableError: a worker cannot start.
    """
    _log.info(LOG_CODE, hot_path=state().value)
    metrics = RadiusMetrics(runtime.registry)
    registry = NasRegistry(runtime.db, runtime.secrets, runtime.clock)
    codec = ClassCodec(runtime.secrets.get(CLASS_KEY))
    tables = Tables(runtime)
    serving = asyncio.Event()
    async with AsyncExitStack() as stack:
        stack.enter_context(only_one(journal_directory(runtime.data_dir)))
        await follow_nas_table(tables, settings, registry)
        metrics.watch_clients(partial(len, registry))
        metrics.watch_signing(lambda: registry.signing)
        disconnector = await start_serving(runtime, settings, registry, metrics)
        keep_books(runtime, settings, metrics, codec, heard=disconnector.heard)
        runtime.tasks.spawn("radius-nas-heard", partial(_note_heard, runtime, settings, registry))
        index = make_index(runtime)
        await stack.enter_async_context(keep_index(runtime, settings, index))
        answering = _Answering(runtime, settings, metrics, registry, tables, stack, index=index)
        numbers = dict(await (answering.share() if settings.worker_count else answering.answer()))
        if settings.dynamic_from:
            _name_strangers(settings, registry)
            ports = Ports(runtime, settings, registry, metrics, stack)
            dynamic = DynamicAuthorization(
                runtime.db,
                codec,
                runtime.clock,
                ask=make_asker(runtime, settings, registry).ask,
                find_client=registry.find,
            )
            numbers["dynamic"] = ports.open(_dynamic_plan(settings, registry, dynamic)).number
        for kind, number in numbers.items():
            if kind == RADSEC:
                continue  # TCP loses nothing
            metrics.watch_drops(kind, KernelDrops(number).read)

        def started(admin_port: int) -> None:
            serving.set()
            if listening is not None:
                listening(numbers | {"admin": admin_port})
            ready()

        await serve_app(
            admin_app(answering.shown, ready=serving.is_set, refresh=answering.refresh),
            host=settings.admin_host,
            port=settings.admin_port,
            started=started,
        )


class _Answering:
    """What answers requests: worker processes, or the daemon itself.

    Attributes:
        shown: the metrics of the daemon and its workers.
    """

    def __init__(  # noqa: PLR0917 - it joins that many parts
        self,
        runtime: Runtime,
        settings: RadiusSettings,
        metrics: RadiusMetrics,
        registry: NasRegistry,
        tables: Tables,
        stack: AsyncExitStack,
        *,
        index: AccountIndex,
    ) -> None:
        self._runtime = runtime
        self._index = index
        self._settings = settings
        self._metrics = metrics
        self._registry = registry
        self._tables = tables
        self._stack = stack
        self._pool: WorkerPool | None = None
        self.shown = runtime.registry

    async def refresh(self) -> None:
        """Get from the workers what they counted."""
        if self._pool is not None:
            await self._pool.collect()

    async def answer(self) -> Mapping[str, int]:
        """Answer in this process; return the ports."""
        settings = self._settings
        parts = await assemble(
            self._runtime,
            settings,
            self._metrics,
            self._registry,
            self._tables,
            link=AloneLink(),
            index=self._index,
            stack=self._stack,
            numbers={
                "access": settings.auth_port,
                "accounting": settings.acct_port,
                **find_port(settings),
            },
        )
        return parts.numbers

    async def share(self) -> Mapping[str, int]:
        """Start the workers; return the ports they share."""
        runtime, settings = self._runtime, self._settings
        prepare(runtime, settings)
        async with AsyncExitStack() as reserved:
            numbers = {}
            for kind, number in (("access", settings.auth_port), ("accounting", settings.acct_port)):
                sock = reserved.enter_context(reserve_udp(settings.host, number))
                numbers[kind] = sock.getsockname()[1]
            numbers |= find_port(settings)
            self._pool = pool = WorkerPool(
                settings.worker_count,
                runtime.settings,
                settings,
                numbers,
                heard=self._registry.add_heard,
                registry=runtime.registry,
                tally=self._metrics.tally,
            )
            relay_events(runtime.bus, pool.send)
            await self._stack.enter_async_context(pool)
        self.shown = CollectorRegistry()
        self.shown.register(_Shown(pool))
        return numbers


class _Shown(Collector):
    """The metrics of the daemon and its workers, each once."""

    def __init__(self, pool: WorkerPool) -> None:
        self.collect: Callable[[], Iterable[Metric]] = pool.families


def _dynamic_plan(settings: RadiusSettings, registry: NasRegistry, dynamic: DynamicAuthorization) -> PortPlan:
    """Return the port of Disconnect- and CoA-Requests, for those who may send them."""
    trusted = only(registry.find, frozenset(settings.dynamic_from))
    return PortPlan("dynamic", settings.dynamic_port, DYNAMIC_CODES, trusted, dynamic.answer, ALIVE_ACCESS)


def _name_strangers(settings: RadiusSettings, registry: NasRegistry) -> None:
    """Warn of names in the settings that no NAS entry has: nobody would be obeyed, in silence."""
    for nas_id in settings.dynamic_from:
        if not registry.has(nas_id):
            _log.warning(LOG_NO_NAS, setting="KOLCO_RADIUS_DYNAMIC_FROM", nas=nas_id)


async def _note_heard(runtime: Runtime, settings: RadiusSettings, registry: NasRegistry) -> None:
    """Now and then store which NASes were heard, and how they sign."""
    while True:
        await asyncio.sleep(min(_SEEN_S, settings.nas_reload_s))
        heard = registry.take_heard()
        if heard.seen or heard.unsigned:
            with ExitStack() as undo:
                undo.callback(registry.add_heard, heard)
                async with runtime.db.transaction() as tx:
                    await repository.mark_heard(
                        tx,
                        sorted(heard.seen),
                        sorted(heard.signed),
                        sorted(heard.unsigned),
                        runtime.clock.now(),
                    )
                undo.pop_all()
