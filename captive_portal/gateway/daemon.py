"""The gateway daemon: puts the parts together and runs them until cancelled."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from captive_portal.gateway import repository
from captive_portal.gateway.accounting import Accountant, closed_ledgers
from captive_portal.gateway.admission import Admission
from captive_portal.gateway.dns_dhcp import DnsDhcp
from captive_portal.gateway.dnsmasq import DnsmasqSettings
from captive_portal.gateway.gate.base import Client
from captive_portal.gateway.gate.nftables import NftablesGate
from captive_portal.gateway.gate.rules import RuleSettings
from captive_portal.gateway.gatekeeper import Gatekeeper
from captive_portal.gateway.metrics import GatewayMetrics
from captive_portal.gateway.neighbour_watch import NeighbourWatch
from captive_portal.gateway.redirector import Redirector, Redirects
from captive_portal.gateway.requirements import check_requirements
from captive_portal.gateway.settings import GatewaySettings
from captive_portal.handles import HandleCodec
from controller.core.http import admin_app, serve_app
from controller.core.log import get_logger
from controller.core.net import listen_tcp
from controller.core.runtime import Runtime
from controller.core.tasks import Tasks
from controller.directory.service import Directory

LOG_READY = "gateway.ready"
LOG_STOPPED = "gateway.stopped"

HANDLE_SECRET = "portal-handles"  # noqa: S105 - the name of a secret
_REPORT_S = 15.0
_EXPIRY_S = 1.0
_TIDY_S = 60.0
_INTERIM_S = 20.0

_log = get_logger(__name__)


class GatewayDaemon:
    """One gateway's parts. `start` in order, `stop` in the reverse."""

    def __init__(self, runtime: Runtime, settings: GatewaySettings) -> None:
        self._runtime = runtime
        self._settings = settings
        self.metrics = GatewayMetrics(runtime.registry, settings.id)
        self.gate = NftablesGate(rule_settings(settings), netns=settings.netns)
        self.accountant = Accountant(
            gateway_id=settings.id,
            db=runtime.db,
            gate=self.gate,
            clock=runtime.clock,
            metrics=self.metrics,
        )
        self.keeper = Gatekeeper(
            gateway_id=settings.id,
            db=runtime.db,
            gate=self.gate,
            clock=runtime.clock,
            metrics=self.metrics,
            accountant=self.accountant,
        )
        self.admission = Admission(
            gateway_id=settings.id,
            lan=settings.lan,
            db=runtime.db,
            gate=self.gate,
            clock=runtime.clock,
            directory=Directory(runtime.secrets),
            metrics=self.metrics,
            is_open=self.keeper.is_open,
            is_online=self.keeper.is_online,
            admitted=self.keeper.refresh,
        )
        self.watch = NeighbourWatch(
            settings.lan_interface, netns=settings.netns, seen=self.admission.see_neighbour
        )
        self.dns_dhcp = DnsDhcp(
            dnsmasq_settings(settings, runtime.data_dir / "gateway" / settings.id),
            netns=settings.netns,
            metrics=self.metrics,
            heard=self.admission.hear_lease,
        )
        redirects = Redirects(
            gateway_id=settings.id,
            portal_url=settings.portal_url,
            lan=settings.lan,
            codec=HandleCodec(runtime.secrets.get(HANDLE_SECRET)),
            clock=runtime.clock,
            metrics=self.metrics,
            find_client=self._find_client,
            is_open=self.keeper.is_open,
            seen_captive=self.admission.see_captive,
        )
        self.redirector = Redirector(redirects, self.metrics)

    async def start(self, stack: AsyncExitStack) -> None:
        """Bring the gateway up; what must be undone at the end goes onto the stack."""
        settings, runtime = self._settings, self._runtime
        async with runtime.db.transaction() as tx:
            await repository.enrol(
                tx,
                gateway_id=settings.id,
                name=settings.name,
                site_id=settings.site_id,
                lan_cidr=str(settings.lan),
                now=runtime.clock.now(),
            )
        # Events are heard before the database is read, so that nothing falls between.
        self.keeper.subscribe(runtime.bus)
        await self.accountant.load()
        stack.callback(self.gate.disconnect)
        await self.gate.install()
        stack.push_async_callback(self._leave_gate)
        await self.keeper.reconcile()
        stack.push_async_callback(self.dns_dhcp.stop)
        if settings.serve_dhcp_dns:
            self.dns_dhcp.prepare()
        await self.admission.start(self.dns_dhcp.leases())
        if settings.serve_dhcp_dns:
            await self.dns_dhcp.start()
        stack.callback(self.watch.stop)
        self.watch.start()
        stack.push_async_callback(self.redirector.stop)
        address = str(settings.lan_address.ip)
        await self.redirector.start(listen_tcp(address, settings.redirector_port, netns=settings.netns))

    def spawn(self, tasks: Tasks) -> None:
        """Start what runs all the time."""
        settings = self._settings
        tasks.spawn("gatekeeper", self.keeper.run)
        tasks.spawn("settling", self.keeper.run_settling)
        tasks.spawn("admission", self.admission.run)
        tasks.spawn("accounting", every(settings.accounting_poll_s, self._account))
        tasks.spawn("interim", every(_INTERIM_S, self._interim))
        tasks.spawn("reconcile", every(settings.reconcile_s, self._reconcile))
        tasks.spawn("expiry", every(_EXPIRY_S, self.keeper.expire))
        tasks.spawn("report", every(_REPORT_S, self._report))
        tasks.spawn("tidy", every(_TIDY_S, self._tidy))
        if settings.serve_dhcp_dns:
            tasks.spawn("dnsmasq", self.dns_dhcp.watch)

    def _find_client(self, ip: str) -> Client | None:
        client = self.admission.find(ip)
        if client is None:
            self.watch.refresh()
            client = self.admission.find(ip)
        return client

    async def _account(self) -> None:
        ledgers = await self.accountant.poll()
        closed = closed_ledgers(ledgers, self.keeper.holds)
        await self.keeper.settle(closed)

    async def _interim(self) -> None:
        await self.accountant.interim(list(self.keeper.open_sessions().values()))

    async def _reconcile(self) -> None:
        await self.keeper.reconcile()
        await self.admission.reconcile_bindings()

    async def _tidy(self) -> None:
        await self.admission.tidy()
        await self.accountant.purge()

    async def _report(self) -> None:
        async with self._runtime.db.transaction() as tx:
            await repository.report(
                tx,
                gateway_id=self._settings.id,
                clients=len(self.keeper.open_sessions()),
                now=self._runtime.clock.now(),
            )

    async def _leave_gate(self) -> None:
        """At a clean stop: account what there is; then leave the gate as it is, or remove it."""
        await self.accountant.poll()
        if self._settings.teardown_on_exit:
            await self.gate.teardown()


def every(seconds: float, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """A task that does the work again and again, waiting between."""

    async def run() -> None:
        while True:
            await asyncio.sleep(seconds)
            await work()

    return run


def rule_settings(settings: GatewaySettings) -> RuleSettings:
    """What of the settings the ruleset depends on."""
    return RuleSettings(
        table=settings.table,
        lan_interface=settings.lan_interface,
        wan_interface=settings.wan_interface,
        lan_cidr=str(settings.lan),
        redirector_port=settings.redirector_port,
        portal_addresses=[str(address) for address in settings.portal_addresses],
        portal_ports=settings.portal_ports,
        walled_garden=[str(network) for network in settings.walled_garden],
        max_clients=settings.max_clients,
    )


def dnsmasq_settings(settings: GatewaySettings, directory: Path) -> DnsmasqSettings:
    """What of the settings dnsmasq's configuration depends on."""
    return DnsmasqSettings(
        lan_interface=settings.lan_interface,
        lan_address=settings.lan_address,
        dhcp_range=settings.dhcp_range,
        lease_s=settings.lease_s,
        capport_uri=settings.capport_uri,
        portal_host=settings.portal_host,
        portal_addresses=settings.portal_addresses,
        upstream=settings.dns_upstream,
        directory=directory.absolute(),
    )


async def serve(runtime: Runtime, settings: GatewaySettings, *, ready: Callable[[], None]) -> None:
    """Run the gateway until cancelled.

    Raises:
        DeniedError: not root.
        UnavailableError: a program, an interface or a part of the kernel is missing.
        InvalidInputError: a setting that has no default is not set.
    """
    check_requirements(settings)
    answers = False
    async with AsyncExitStack() as stack:
        daemon = GatewayDaemon(runtime, settings)
        await daemon.start(stack)
        # Entered last, so it ends first: nothing opens, closes or restarts while the rest goes.
        tasks = await stack.enter_async_context(Tasks())
        daemon.spawn(tasks)

        def started(_port: int) -> None:
            nonlocal answers
            answers = True
            _log.info(LOG_READY, gateway=settings.id)
            ready()

        try:
            await serve_app(
                admin_app(runtime.registry, ready=lambda: answers),
                host=settings.admin_host,
                port=settings.admin_port,
                started=started,
            )
        finally:
            _log.info(LOG_STOPPED, gateway=settings.id)
