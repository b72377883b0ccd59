"""A worker process: what its parent says, and what it tells it. `python -m radius.workers` runs it.

It ends when told to, and when its parent has gone: the kernel kills it then, and the control channel
ends.
"""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import structlog
import uvloop
from prometheus_client import CollectorRegistry

from controller.core.clock import SystemClock
from controller.core.db import Database
from controller.core.errors import KolcoError
from controller.core.log import configure_logging, get_logger
from controller.core.runtime import Runtime
from controller.core.secrets import SecretStore
from controller.core.settings import CoreSettings
from controller.core.tasks import Tasks
from radius.index.build import make_index
from radius.metrics import RadiusMetrics
from radius.nas import NasRegistry
from radius.parent import die_with_parent
from radius.protocol.connection import RequestReceived
from radius.settings import RadiusSettings
from radius.tables import Tables
from radius.tally import Tally
from radius.workers.assembly import assemble, follow_nas_table
from radius.workers.channel import Channel, open_channel
from radius.workers.families import report_families
from radius.workers.handover import Inbox, Outboxes
from radius.workers.messages import Collect, Down, Event, Missed, Ready, Report, Stop, Welcome
from radius.workers.metrics import UsageMetrics
from radius.workers.relay import RelayBus

LOG_STARTED = "radius.worker_started"
LOG_ENDED = "radius.worker_ended"
LOG_FAILED = "radius.worker_failed"
REPORT_S: Final = 1.0
_COLLECT_AFTER: Final = 10_000
"""New objects after which unused cycles are looked for; Python's 700 are there in some milliseconds."""

_MOST_WAITING: Final = 1024 * 1024
"""Octets the parent has not read, above which reports wait: what they would tell is kept."""

_log = get_logger(__name__)


class ChildLink:
    """The link of a worker process.

    Args:
        number: which worker it is.
        outboxes: to the others.
    """

    reuse_port: Final = True

    def __init__(self, number: int, outboxes: Outboxes) -> None:
        self.number: Final = number
        self._outboxes = outboxes

    def hand_over(self, request: RequestReceived, state: bytes) -> bool:
        """Give an EAP datagram to the worker whose State it holds."""
        return self._outboxes.hand_over(request, state)


@dataclass(frozen=True, slots=True)
class Sockets:
    """What the parent gives a worker.

    Attributes:
        control: stream socket to the parent.
        inbox: Unix datagram socket for what other workers hand over.
        outboxes: to the workers, by number.
    """

    control: socket.socket
    inbox: socket.socket
    outboxes: Mapping[int, socket.socket]


async def work(sockets: Sockets) -> None:
    """Be a worker until the parent says `Stop`, or has gone."""
    channel: Channel[Down] = await open_channel(sockets.control, Down)
    welcome = await channel.receive()
    if not isinstance(welcome, Welcome):
        return
    core = CoreSettings.model_validate_json(welcome.core)
    configure_logging(core.log_level, core.log_format, "radius")
    structlog.contextvars.bind_contextvars(worker=welcome.number)
    try:
        async with _opened(core) as (runtime, bus):
            await _answer(runtime, bus, channel, welcome, sockets)
    except KolcoError as error:
        _log.error(LOG_FAILED, reason=error.message, hint=error.hint)
        raise SystemExit(1) from error
    finally:
        await channel.close()
        _log.info(LOG_ENDED)


@asynccontextmanager
async def _opened(core: CoreSettings) -> AsyncIterator[tuple[Runtime, RelayBus]]:
    """Open what a worker stands on: as a daemon's, but its events come from the parent."""
    registry = CollectorRegistry()
    db = Database(core.database)
    bus = RelayBus()
    try:
        async with Tasks(registry) as tasks:
            secrets = SecretStore(core.data_dir / "secrets")
            yield Runtime(core, db, bus, SystemClock(), secrets, registry, tasks), bus
    finally:
        await db.close()


async def _answer(
    runtime: Runtime,
    bus: RelayBus,
    channel: Channel[Down],
    welcome: Welcome,
    sockets: Sockets,
) -> None:
    settings = RadiusSettings.model_validate_json(welcome.settings)
    tally = Tally()
    metrics = RadiusMetrics(runtime.registry, tally)
    UsageMetrics(runtime.registry, welcome.number)
    nas = NasRegistry(runtime.db, runtime.secrets, runtime.clock)
    tables = Tables(runtime)
    ways = Outboxes(welcome.number, sockets.outboxes, nas.find, metrics.count_handed_over)
    link = ChildLink(welcome.number, ways)
    reporter = _Reporter(runtime, tally, nas, channel)
    told = asyncio.create_task(_listen(channel, bus, reporter))
    try:
        async with AsyncExitStack() as stack:
            await follow_nas_table(tables, settings, nas)
            metrics.watch_clients(partial(len, nas))
            index = make_index(runtime)
            index.open()
            stack.callback(index.close)
            runtime.tasks.spawn("radius-index", index.follow)
            parts = await assemble(
                runtime,
                settings,
                metrics,
                nas,
                tables,
                link=link,
                index=index,
                stack=stack,
                numbers=welcome.ports,
            )
            taking = Inbox(sockets.inbox, parts.access.datagram_received, metrics.count_handed_over)
            stack.callback(taking.close)
            runtime.tasks.spawn("bus", bus.run)
            runtime.tasks.spawn("report", reporter.run)
            gc.freeze()  # what lives for ever need not be looked at by each collection
            gc.set_threshold(_COLLECT_AFTER)
            channel.send(Ready(tally.definitions()))
            _log.info(LOG_STARTED)
            await told
    finally:
        told.cancel()
        reporter.report()


class _Reporter:
    """Tells the parent what was counted."""

    def __init__(self, runtime: Runtime, tally: Tally, nas: NasRegistry, channel: Channel[Down]) -> None:
        self._runtime = runtime
        self._tally = tally
        self._nas = nas
        self._channel = channel

    def report(self, ticket: int = 0) -> None:
        """Report now."""
        heard = self._nas.take_heard()
        self._channel.send(
            Report(
                ticket,
                self._tally.take(),
                report_families(self._runtime.registry.collect()),
                [*heard.seen],
                [*heard.signed],
                [*heard.unsigned],
            )
        )

    async def run(self) -> None:
        """Report each second, unless the parent is late itself."""
        while True:
            await asyncio.sleep(REPORT_S)
            if self._channel.waiting < _MOST_WAITING:
                self.report()


async def _listen(channel: Channel[Down], bus: RelayBus, reporter: _Reporter) -> None:
    """Do what the parent says until it says `Stop` or has gone."""
    while True:
        message = await channel.receive()
        if isinstance(message, Event | Missed):
            bus.hear(message)
        elif isinstance(message, Collect):
            reporter.report(message.ticket)
        elif message is None or isinstance(message, Stop):
            return


def run(arguments: list[str]) -> None:
    """Run the process: arguments are the parent's id and the descriptors its parent passes.

    They are the control channel's, the inbox's, and the outboxes' in the order of the workers.
    """
    parent, control, inbox, *outboxes = map(int, arguments)
    die_with_parent(parent)
    for number in (signal.SIGTERM, signal.SIGINT):
        # A service manager sends them to every process; the parent says when to end, in order.
        signal.signal(number, signal.SIG_IGN)
    with contextlib.ExitStack() as stack:
        ends = {number: stack.enter_context(socket.socket(fileno=fd)) for number, fd in enumerate(outboxes)}
        taken = stack.enter_context(socket.socket(fileno=inbox))
        channel = stack.enter_context(socket.socket(fileno=control))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work(Sockets(channel, taken, ends)))
