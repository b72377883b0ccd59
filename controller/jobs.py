"""What the controller does by itself: the access point channel, provisioning and ending sessions.

It composes; the work is in `ap_channel`, `provisioning` and `sessions`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from controller.access_points.events import AccessPointChanged, ApCommandRequested
from controller.ap_channel import repository as channel_repository
from controller.ap_channel.admission import Admission
from controller.ap_channel.board import Board
from controller.ap_channel.command_relay import CommandRelay
from controller.ap_channel.config_push import ConfigPush
from controller.ap_channel.metrics import ChannelMetrics
from controller.ap_channel.ucentral.endpoint import Endpoint
from controller.ap_channel.ucentral.registry import CLOSE_RETIRED, Registry
from controller.ap_channel.writer import StatusWriter
from controller.core import outbox
from controller.core.log import get_logger
from controller.core.net import listen_tcp
from controller.core.pki import CertificateAuthority, server_context
from controller.core.runtime import Runtime
from controller.provisioning import service as provisioning
from controller.sessions import service as sessions
from controller.wlans.events import WlanChanged

LOG_REFRESHED = "provisioning.refreshed"
LOG_REFUSED = "provisioning.refused"
LOG_LISTENING = "ap_channel.listening"
LOG_ENDED = "sessions.ended"
LOG_PURGED = "sessions.purged"

_COALESCE_S = 0.05
_REFRESH_BATCH = 500
_END_DUE_S = 1.0
_PURGE_S = 60.0
_ADOPT_S = 1.0
_PURGE_AP_EVENTS_S = 3600.0
AP_EVENTS_KEPT = timedelta(days=30)

_log = get_logger(__name__)


@dataclass(frozen=True)
class ApChannelSettings:
    """Where the channel listens and whom it shows itself as.

    ``names``: DNS names and addresses in its server certificate; ``handshakes``: TLS handshakes
    under way at once.
    """

    host: str = "127.0.0.1"
    port: int = 15002
    names: tuple[str, ...] = ("localhost", "127.0.0.1")
    handshakes: int = 64


async def serve_ap_channel(
    runtime: Runtime, settings: ApChannelSettings, *, ready: Callable[[int], None]
) -> None:
    """Run the channel and provisioning until cancelled.

    ``ready`` is called with the port once access points can connect. Raises ConflictError when the
    port is taken.
    """
    board = Board()
    metrics = ChannelMetrics(runtime.registry)
    registry = Registry()
    admission = Admission(runtime.db)
    writer = StatusWriter(runtime.db, board, metrics)
    push = ConfigPush(db=runtime.db, registry=registry, board=board, clock=runtime.clock)
    relay = CommandRelay(registry=registry, board=board, clock=runtime.clock)
    job = ProvisioningJob(runtime, admission=admission, registry=registry, push=push)
    endpoint = Endpoint(
        tls=channel_tls(runtime, settings.names),
        admission=admission,
        registry=registry,
        board=board,
        metrics=metrics,
        clock=runtime.clock,
        on_connected=job.on_connected,
        handshakes=settings.handshakes,
    )

    async def on_command(event: ApCommandRequested) -> None:
        relay.submit(event.serial, event.command, event.params)

    runtime.bus.subscribe(ApCommandRequested, on_command)
    job.subscribe()
    async with runtime.db.transaction() as tx:
        await channel_repository.mark_all_disconnected(tx, runtime.clock.now())
        await provisioning.reset_sent(tx)
    await admission.load()
    sock = listen_tcp(settings.host, settings.port)
    port: int = sock.getsockname()[1]
    _log.info(LOG_LISTENING, host=settings.host, port=port)
    # Supervised: a database that is away for a while must not cost the connections.
    runtime.tasks.spawn("ap-status-writer", writer.run)
    runtime.tasks.spawn("ap-config-push", push.run)
    runtime.tasks.spawn("provisioning", job.run)
    runtime.tasks.spawn("purge-ap-events", partial(purge_ap_events, runtime))
    try:
        ready(port)
        await endpoint.serve(sock)
    finally:
        await relay.close()
        await writer.flush()  # who is offline now


def channel_tls(runtime: Runtime, names: tuple[str, ...]) -> ssl.SSLContext:
    """A server context with a fresh certificate of our authority, which clients must have one of too."""
    authority = CertificateAuthority.open(runtime.data_dir / "pki")
    issued = authority.issue_server(names, now=runtime.clock.now())
    return server_context(issued, authority.certificate_pem)


class ProvisioningJob:
    """Re-renders what changes touch, in bulk, and has it pushed.

    Events only mark what is stale; one loop does the work, so an import of 3,000 access points is a
    handful of refreshes. At start, and whenever events may have been missed, everything is stale.
    """

    def __init__(
        self, runtime: Runtime, *, admission: Admission, registry: Registry, push: ConfigPush
    ) -> None:
        self._runtime = runtime
        self._admission = admission
        self._registry = registry
        self._push = push
        self._stale: set[str] = set()
        self._all_stale = True
        self._wake = asyncio.Event()
        self._wake.set()
        self._new: list[str] = []

    def subscribe(self) -> None:
        """Hear what can change a configuration."""
        self._runtime.bus.subscribe(WlanChanged, self.on_wlan_changed)
        self._runtime.bus.subscribe(AccessPointChanged, self.on_access_point_changed)
        self._runtime.bus.on_gap(self.on_gap)

    async def on_wlan_changed(self, event: WlanChanged) -> None:
        """Which access points carry it is for the merge to say: all are rendered, few differ."""
        del event
        self._all_stale = True
        self._wake.set()

    async def on_access_point_changed(self, event: AccessPointChanged) -> None:
        """It may have moved, and it may have been retired."""
        self._stale.add(event.serial)
        self._wake.set()

    async def on_gap(self) -> None:
        """Events may have been missed: look at everything."""
        self._all_stale = True
        self._wake.set()

    def on_connected(self, serial: str, uuid: int) -> None:
        """An access point introduced itself and runs ``uuid``."""
        del uuid
        self._new.append(serial)
        self._push.on_connected(serial)

    async def run(self) -> None:
        """Refresh what is stale until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._refresh_forever())
            group.create_task(self._adopt_forever())

    async def refresh(self) -> None:
        """Render everything that is stale, store what changed, queue it for sending."""
        everything, self._all_stale = self._all_stale, False
        stale, self._stale = self._stale, set()
        with ExitStack() as undo:
            undo.callback(self._put_back, stale, everything)
            if everything:
                stale |= set(await self._all_serials())
            await self._cut_retired()
            await self._refresh_batches(sorted(stale))
            undo.pop_all()

    # --- inside ------------------------------------------------------------------------------------

    def _put_back(self, stale: set[str], everything: bool) -> None:
        self._all_stale |= everything
        self._stale |= stale
        self._wake.set()

    async def _all_serials(self) -> list[str]:
        async with self._runtime.db.reading() as tx:
            return await provisioning.list_serials(tx)

    async def _cut_retired(self) -> None:
        """Who left the inventory must not stay connected."""
        await self._admission.load()
        for serial in self._registry.serials():
            if await self._admission.refusal(serial) is not None:
                self._registry.close(serial, CLOSE_RETIRED, "retired")

    async def _refresh_batches(self, serials: list[str]) -> None:
        for start in range(0, len(serials), _REFRESH_BATCH):
            batch = serials[start : start + _REFRESH_BATCH]
            async with self._runtime.db.transaction() as tx:
                result = await provisioning.refresh(tx, serials=batch, now=self._runtime.clock.now())
            self._push.request(result.changed)
            for serial, faults in result.refused.items():
                _log.warning(LOG_REFUSED, serial=serial, path=faults[0].path, reason=faults[0].reason)
            _log.info(LOG_REFRESHED, changed=len(result.changed), unchanged=result.unchanged)

    async def _refresh_forever(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(_COALESCE_S)
            self._wake.clear()
            await self.refresh()

    async def _adopt_forever(self) -> None:
        while True:
            await asyncio.sleep(_ADOPT_S)
            if self._new:
                new, self._new = self._new, []
                with ExitStack() as undo:
                    undo.callback(self._new.extend, new)
                    await self._admission.adopt(new)
                    undo.pop_all()


async def purge_ap_events(runtime: Runtime) -> None:
    """Delete events of access points that are older than a month, every hour until cancelled."""
    while True:
        async with runtime.db.transaction() as tx:
            await channel_repository.purge_events(tx, runtime.clock.now() - AP_EVENTS_KEPT)
        await asyncio.sleep(_PURGE_AP_EVENTS_S)


async def end_due_sessions(runtime: Runtime) -> None:
    """End expired and idle sessions every second until cancelled."""
    while True:
        async with runtime.db.transaction() as tx:
            ended = await sessions.end_due(tx, now=runtime.clock.now())
        if ended:
            _log.info(LOG_ENDED, count=len(ended))
        await asyncio.sleep(_END_DUE_S)


async def purge_sessions(runtime: Runtime, *, keep_days: int) -> None:
    """Delete sessions that ended longer ago, every minute until cancelled."""
    while True:
        deleted = sessions.PURGE_BATCH
        while deleted == sessions.PURGE_BATCH:  # a transaction each: others want to write too
            async with runtime.db.transaction() as tx:
                deleted = await sessions.purge(tx, before=runtime.clock.now() - timedelta(days=keep_days))
            if deleted:
                _log.info(LOG_PURGED, count=deleted)
        await asyncio.sleep(_PURGE_S)


async def purge_outbox(runtime: Runtime) -> None:
    """Delete events that every process has heard, every minute until cancelled."""
    while True:
        async with runtime.db.transaction() as tx:
            await outbox.purge(tx, runtime.clock.now())
        await asyncio.sleep(_PURGE_S)
