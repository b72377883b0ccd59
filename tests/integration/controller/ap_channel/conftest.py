"""The endpoint on loopback with a real database and real certificates, without provisioning."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from controller.ap_channel.admission import Admission
from controller.ap_channel.board import Board
from controller.ap_channel.metrics import ChannelMetrics
from controller.ap_channel.ucentral.endpoint import Endpoint
from controller.ap_channel.ucentral.registry import Registry
from controller.core.clock import SystemClock
from controller.core.net import listen_tcp
from controller.core.pki import CertificateAuthority, client_context, server_context
from tests.factories.access_points import add_access_points, add_site, add_wlan

READY, PLANNED, RETIRED = "0a1b2c000000", "0a1b2c000001", "0a1b2c000002"
MORE = [f"0a1b2c{number:06x}" for number in range(3, 43)]


@pytest.fixture
async def inventory(database):
    async with database.transaction() as tx:
        await add_site(tx)
        await add_access_points(tx, "adopted", "planned", "retired", *["adopted"] * len(MORE))
        await add_wlan(tx)


class Bed:
    """One endpoint and everything it is made of."""

    def __init__(self, database, authority: CertificateAuthority) -> None:
        self.database = database
        self.authority = authority
        self.clock = SystemClock()
        self.prometheus = CollectorRegistry()
        self.metrics = ChannelMetrics(self.prometheus)
        self.registry = Registry()
        self.board = Board()
        self.admission = Admission(database)
        self.connected: list[tuple[str, int]] = []
        self.port = 0

    def count(self, name: str, **labels) -> float:
        return self.prometheus.get_sample_value(f"kolco_ap_channel_{name}", labels) or 0

    def certificate(self, name: str = READY, authority: CertificateAuthority | None = None):
        issued = (authority or self.authority).issue_client(name, now=self.clock.now())
        return client_context(self.authority.certificate_pem, issued)

    @asynccontextmanager
    async def serving(self, *, handshakes: int = 64):
        issued = self.authority.issue_server(["localhost", "127.0.0.1"], now=self.clock.now())
        endpoint = Endpoint(
            tls=server_context(issued, self.authority.certificate_pem),
            admission=self.admission,
            registry=self.registry,
            board=self.board,
            metrics=self.metrics,
            clock=self.clock,
            on_connected=lambda serial, uuid: self.connected.append((serial, uuid)),
            handshakes=handshakes,
        )
        await self.admission.load()
        sock = listen_tcp("127.0.0.1", 0)
        self.port = sock.getsockname()[1]
        task = asyncio.create_task(endpoint.serve(sock))
        try:
            yield endpoint
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def parts(database, inventory, tmp_path) -> Bed:
    return Bed(database, CertificateAuthority.open(tmp_path / "pki"))


@pytest.fixture
async def bed(parts):
    async with parts.serving():
        yield parts
