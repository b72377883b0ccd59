"""Every query of every dashboard, asked of a real Prometheus that scrapes real daemons: none is empty.

The monitor runs on a database with a small city. The other daemons are their own metrics classes
on a real admin port; what they count is counted here by the methods they use themselves.
"""

import asyncio
import contextlib
from collections.abc import Callable

from prometheus_client import CollectorRegistry

from captive_portal.gateway.metrics import GatewayMetrics
from captive_portal.portal.metrics import PortalMetrics
from controller.ap_channel.metrics import ChannelMetrics
from controller.core.http import admin_app, serve_app
from controller.models import ApStatus, NetSession
from monitoring.daemon import serve
from monitoring.prometheus import Target
from monitoring.rules.render import all_rules
from monitoring.rules.types import Recording
from monitoring.settings import MonitorSettings
from radius.metrics import RadiusMetrics
from tests.conftest import free_port
from tests.factories.city_rows import add_city, add_session, serial_of
from tests.factories.dashboards import queries
from tests.factories.monitoring import summary


def other_daemons() -> dict[str, tuple[CollectorRegistry, Callable[[], None]]]:
    registries = {name: CollectorRegistry() for name in ("controller", "portal", "gateway", "radius")}
    channel = ChannelMetrics(registries["controller"])
    portal = PortalMetrics(registries["portal"])
    gateway = GatewayMetrics(registries["gateway"], "gw-park")
    radius = RadiusMetrics(registries["radius"])

    def controller_works() -> None:
        channel.connected.set(5)
        channel.messages.labels("state").inc()
        channel.commands.labels("configure", "success").inc()

    def portal_works() -> None:
        portal.pages.labels("phone", "ru").inc()
        portal.codes_requested.labels("accepted").inc()
        portal.codes_sent.labels("sent").inc()
        portal.codes_verified.labels("right").inc()
        portal.logins.labels("sms").inc()
        portal.request_seconds.labels("/", "200").observe(0.01)

    def gateway_works() -> None:
        gateway.dnsmasq_up.set(1)
        gateway.sessions_open.set(1)
        gateway.redirects.inc()
        gateway.probes.labels("android", "captive").inc()
        gateway.latency.observe(0.01)

    def radius_works() -> None:
        radius.count_request("ap", "access")
        radius.count_reply("ap", "accept", "access", 0.004)

    works = (controller_works, portal_works, gateway_works, radius_works)
    return {name: (registries[name], work) for name, work in zip(registries, works, strict=True)}


async def test_no_panel_and_no_recording_is_empty(runtime, prometheus):
    await add_city(runtime.db, runtime.clock.now())
    session = await add_session(runtime.db, runtime.clock.now(), 1)
    targets = [
        Target(name, f"127.0.0.1:{free_port()}")
        for name in ("controller", "portal", "gateway", "radius", "monitor")
    ]
    ports = {target.service: int(target.address.rpartition(":")[2]) for target in targets}
    daemons = other_daemons()

    async def city_lives() -> None:
        turn = 0
        while True:
            turn += 1
            for _, work in daemons.values():
                work()
            async with runtime.db.transaction() as tx:
                row = await tx.get(NetSession, session)
                row.up_bytes, row.down_bytes, row.last_used_at = turn * 1000, turn * 9000, runtime.clock.now()
                status = await tx.get(ApStatus, serial_of(0))
                status.summary = summary(uplink_rx_bytes=turn * 10_000, uplink_tx_bytes=turn * 5000)
                status.last_seen_at = status.state_at = runtime.clock.now()
            await add_session(runtime.db, runtime.clock.now(), turn + 1)
            await asyncio.sleep(0.5)  # the city's own pace: rates are of something that goes on

    async with contextlib.AsyncExitStack() as stack:
        tasks = [
            asyncio.create_task(
                serve_app(admin_app(registry, ready=lambda: True), host="127.0.0.1", port=ports[name])
            )
            for name, (registry, _) in daemons.items()
        ]
        settings = MonitorSettings(admin_port=ports["monitor"], snapshot_interval_s=0.5)
        tasks += [
            asyncio.create_task(serve(runtime, settings, ready=lambda: None)),
            asyncio.create_task(city_lives()),
        ]

        async def stop() -> None:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        stack.push_async_callback(stop)
        server = await stack.enter_async_context(prometheus(targets))
        await server.until("count(up == 1) == 5")
        for where, expr in [
            *((f"{name}: {where}", expr) for name, where, expr in queries()),
            *((rule.record, rule.record) for rule in all_rules() if isinstance(rule, Recording)),
        ]:
            # A number, not NaN: a ratio of nothing would draw nothing.
            result = await server.until(f"({expr}) == ({expr})")
            assert result, where
