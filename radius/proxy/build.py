"""The proxy put together from the settings, for whatever process answers."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from hashlib import sha256
from typing import Final

from controller.core.runtime import Runtime
from controller.roaming.events import RoutesChanged
from radius.protocol.errors import DropReason
from radius.proxy.choice import Link
from radius.proxy.forwarder import Forwarder, ForwardLimits
from radius.proxy.metrics import ProxyMetrics
from radius.proxy.proxy import AnswerRequest, Proxy, ProxyParts
from radius.proxy.repository import Roaming
from radius.proxy.rewrite import MARK_LENGTH
from radius.proxy.roaming import Operator
from radius.proxy.route_class import RouteClassCodec
from radius.proxy.routing import ACCESS, ACCOUNTING, Routing
from radius.proxy.spool import DIRECTORY
from radius.proxy.types import Home, Timing
from radius.proxy.udp import UdpLink
from radius.radsec.link import RadsecLink
from radius.radsec.trust import TrustKeeper
from radius.settings import RadiusSettings
from radius.tables import Table, Tables

_CLASS_KEY: Final = "radius-class"


async def build_proxy(
    runtime: Runtime,
    settings: RadiusSettings,
    trust: TrustKeeper,
    tables: Tables,
    *,
    access: AnswerRequest,
    accounting: AnswerRequest,
    stack: AsyncExitStack,
) -> Proxy:
    """Return what stands before the local answers, its routes read.

    Args:
        runtime: what the process stands on.
        settings: of RADIUS.
        trust: certificates in force.
        tables: keeps the routes.
        access: answers Access-Requests here.
        accounting: answers Accounting-Requests here.
        stack: closes what is opened.
    """
    metrics = ProxyMetrics(runtime.registry)
    monotonic = runtime.clock.monotonic
    timing = Timing(response_s=settings.proxy_response_s, watchdog_s=settings.proxy_watchdog_s)
    routing = Routing(runtime.db, runtime.secrets, _maker(timing, trust, metrics, monotonic), metrics)
    forwarder = Forwarder(
        routing.choose,
        metrics,
        lambda: runtime.clock.now().timestamp(),
        limits=ForwardLimits(
            settings.proxy_response_s, settings.proxy_accounting_s, settings.proxy_accounting_max
        ),
        directory=runtime.data_dir / DIRECTORY,
    )
    metrics.watch_waiting(partial(len, forwarder))
    trust.listen(routing.review)
    stack.push_async_callback(routing.close)
    stack.push_async_callback(forwarder.close)
    key = runtime.secrets.get(_CLASS_KEY)
    operator = Operator(
        settings.operator_name,
        settings.roaming_cui,
        settings.wba_offered_service,
        settings.wba_financial_clearing_provider,
        settings.wba_data_clearing_provider,
    )
    proxy = Proxy(
        ProxyParts(
            access,
            accounting,
            routing,
            forwarder,
            RouteClassCodec(key),
            operator,
            metrics,
            sha256(b"proxy-state" + key).digest()[:MARK_LENGTH],
            secrets.token_bytes,
            monotonic,
            settings.proxy_response_s,
            settings.proxy_deadline_s,
            settings.in_flight_max // 2,
        )
    )
    metrics.watch_requests(partial(len, proxy))
    table = Table("routes", Roaming, routing.read, routing.take)
    await tables.follow(table, RoutesChanged, every_s=settings.nas_reload_s)
    forwarder.resume()
    return proxy


def _maker(
    timing: Timing, trust: TrustKeeper, metrics: ProxyMetrics, monotonic: Callable[[], float]
) -> Callable[[Home], Mapping[str, Link]]:
    def make(home: Home) -> Mapping[str, Link]:
        def ignored(reason: DropReason) -> None:
            metrics.count_ignored(home.id, reason.value)

        if home.protocol == "radsec":
            link = RadsecLink(
                home,
                lambda: trust.current,
                timing,
                monotonic=monotonic,
                random_octets=secrets.token_bytes,
                ignored=ignored,
            )
            return {ACCESS: link, ACCOUNTING: link}
        return {
            kind: UdpLink(
                home, port, timing, monotonic=monotonic, random_octets=secrets.token_bytes, ignored=ignored
            )
            for kind, port in ((ACCESS, home.auth_port), (ACCOUNTING, home.acct_port))
        }

    return make
