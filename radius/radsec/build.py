"""RadSec put together from the settings, for whatever process answers."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

from controller.core.log import get_logger
from controller.core.net import listen_tcp
from controller.core.pki import CertificateAuthority
from controller.core.runtime import Runtime
from controller.nas.events import NasChanged
from radius.metrics import RadiusMetrics
from radius.nas import NasRegistry
from radius.radsec.identity import keep_client, keep_server
from radius.radsec.metrics import RadsecMetrics
from radius.radsec.peers import PeerRegistry
from radius.radsec.repository import Known
from radius.radsec.reverse import open_desk
from radius.radsec.server import RadsecLimits, RadsecServer
from radius.radsec.session import Handlers
from radius.radsec.trust import TrustFiles, TrustKeeper, read_issued
from radius.server import AnswerRequest
from radius.settings import RadiusSettings
from radius.storm.rates import NasRates
from radius.tables import Table, Tables

LOG_EXPIRED: Final = "radius.radsec_certificate_expired"

_log = get_logger(__name__)

RADSEC: Final = "radsec"
"""The port's word among those of the other ports."""
_DEFAULT_NAME: Final = "radius.kolco.test"
"""Names us to home servers where no name is set."""


def find_port(settings: RadiusSettings) -> Mapping[str, int]:
    """Return the port that RadSec is to be served on by its word, a free one worked out; none: it is not.

    Raises:
        ConflictError: it is taken.
    """
    if not settings.radsec_served:
        return {}
    with listen_tcp(settings.radsec_host, settings.radsec_port) as probe:
        return {RADSEC: probe.getsockname()[1]}


def open_trust(runtime: Runtime, settings: RadiusSettings) -> TrustKeeper:
    """Return the certificates in force; kolco's own are made on first use.

    Raises:
        InvalidInputError: a file cannot be read or used.
    """
    authority = CertificateAuthority.open(runtime.data_dir / "pki")
    directory, now = runtime.data_dir / "radius", runtime.clock.now
    name = settings.radsec_server_name or _DEFAULT_NAME
    certificate, private_key = settings.radsec_certificate, settings.radsec_private_key
    if certificate is not None and private_key is not None:
        own = partial(read_issued, certificate, private_key)
        files = TrustFiles(
            authority.certificate_pem,
            settings.radsec_ca,
            settings.radsec_crl,
            own,
            own,
            (certificate, private_key),
        )
    else:
        files = TrustFiles(
            authority.certificate_pem,
            settings.radsec_ca,
            settings.radsec_crl,
            lambda: keep_server(authority, directory, name=name, now=now()),
            lambda: keep_client(authority, directory, name=name, now=now()),
        )
    return TrustKeeper(files)


async def serve_radsec(  # noqa: PLR0917 - it joins that many parts
    runtime: Runtime,
    settings: RadiusSettings,
    trust: TrustKeeper,
    metrics: RadiusMetrics,
    registry: NasRegistry,
    tables: Tables,
    *,
    access: AnswerRequest,
    accounting: AnswerRequest,
    port: int,
    reuse_port: bool,
    stack: AsyncExitStack,
) -> int:
    """Answer RadSec until the stack unwinds; return the port.

    Args:
        runtime: what the process stands on.
        settings: of RADIUS.
        trust: certificates in force.
        metrics: counts requests.
        registry: told which NAS was heard.
        tables: keeps who may come.
        access: answers Access-Requests.
        accounting: answers Accounting-Requests.
        port: TCP port, 0 for a free one.
        reuse_port: whether other processes serve the same port.
        stack: closes what is opened.

    Raises:
        ConflictError: the port is taken.
    """
    counts = RadsecMetrics(runtime.registry)
    peers = PeerRegistry(runtime.db)
    handlers = Handlers(
        access,
        accounting,
        registry.mark_seen,
        metrics,
        runtime.clock.monotonic,
        settings.duplicates_s,
        settings.reject_delay_s,
        NasRates(settings.nas_per_second).admit if settings.nas_per_second else None,
    )
    limits = RadsecLimits(
        connections_max=settings.radsec_connections_max,
        handshake_s=settings.radsec_handshake_s,
        idle_s=settings.radsec_idle_s,
    )
    server = RadsecServer(trust, peers, handlers, counts, limits)
    counts.watch(partial(len, server), lambda: float(trust.readable))

    def trust_changed() -> None:
        if trust.current.expires_at <= runtime.clock.now().timestamp():
            _log.error(LOG_EXPIRED, hint="no NAS connects: replace our RadSec certificate")
        counts.show_trust(trust.current.expires_at, trust.current.revocations.next_update())
        server.review()

    def take(known: Known) -> None:
        peers.take(known)
        counts.show_peers(len(peers.table.clients), len(peers.table.serials))
        server.review()

    trust_changed()
    trust.listen(trust_changed)
    table = Table("radsec-peers", Known, peers.read, take)
    await tables.follow(table, NasChanged, every_s=settings.nas_reload_s)
    sock = listen_tcp(settings.radsec_host, port, reuse_port=reuse_port)
    stack.callback(sock.close)
    stack.push_async_callback(server.close)
    await stack.enter_async_context(open_desk(runtime.data_dir, server.ask))
    runtime.tasks.spawn("radius-radsec", partial(server.accept, sock))
    runtime.tasks.spawn("radius-radsec-sweep", server.sweep)
    number: int = sock.getsockname()[1]
    return number
