"""A RadSec server on loopback with answers of its own, and certificates for it."""

import asyncio
import secrets
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from controller.core.clock import SystemClock
from controller.core.net import listen_tcp
from radius.metrics import RadiusMetrics
from radius.protocol.attributes import Code
from radius.radsec.metrics import RadsecMetrics
from radius.radsec.peers import PeerRegistry, PeerTable, make_client
from radius.radsec.server import RadsecLimits, RadsecServer
from radius.radsec.session import Handlers
from radius.radsec.trust import TrustFiles, TrustKeeper
from radius.reply import ACCOUNTED, Answer
from tests.eventually import eventually
from tests.factories.authority import Authority

ACCEPT = Answer(Code.ACCESS_ACCEPT, ((25, b"class"),), "accept")


@dataclass
class Served:
    """A RadSec server, and what it takes to come to it."""

    authority: Authority
    partner: Authority
    directory: Path
    peers: PeerRegistry
    trust: TrustKeeper
    registry: CollectorRegistry
    server: RadsecServer = None
    port: int = 0
    asked: list = field(default_factory=list)
    held: list = field(default_factory=list)
    hold: bool = False
    answer: Answer = field(default_factory=lambda: ACCEPT)
    heard: set = field(default_factory=set)
    writers: list = field(default_factory=list)

    def access(self, request):
        self.asked.append(request)
        return self.wait(request) if self.hold else self.answer

    def accounting(self, request):
        self.asked.append(request)

        async def later():
            return ACCOUNTED

        return self.wait(request) if self.hold else later()

    def wait(self, request):
        waiting = asyncio.get_running_loop().create_future()
        self.held.append((request, waiting))
        return waiting

    def metric(self, line):
        for shown in generate_latest(self.registry).decode().splitlines():
            name, _, value = shown.rpartition(" ")
            if name == line:
                return float(value)
        return 0.0

    def ended(self, reason):
        return self.metric(f'kolco_radius_radsec_ended_total{{reason="{reason}"}}')

    async def has_ended(self, reason, times=1):
        """Wait until that many connections have ended for this reason."""

        async def counted():
            return self.ended(reason) == times

        await eventually(counted)

    def context(self, issued=None, version=None):
        context = ssl.create_default_context(cadata=self.authority.certificate_pem.decode())
        if issued is not None:
            certificate, key = issued.write(self.directory, secrets.token_hex(4))
            context.load_cert_chain(certificate, key)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context

    async def connect(self, issued, version=None):
        """A TLS connection as a NAS opens it: (reader, writer)."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self.port, ssl=self.context(issued, version), server_hostname="radius.example"
        )
        self.writers.append(writer)
        return reader, writer

    async def hang_up(self):
        for writer in self.writers:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def replace_crl(self, authority, *revoked):
        self.crl.write_bytes(authority.crl(*revoked))

    @property
    def crl(self):
        return self.directory / "partner.crl"


LIMITS = RadsecLimits(handshake_s=1.0, idle_s=600.0, slow_s=1.0)


@pytest.fixture
def limits():
    """What the server bears; a test may have its own."""
    return LIMITS


@pytest.fixture
async def served(tmp_path, limits):
    authority, partner = Authority("City CA"), Authority("Partner CA")
    (tmp_path / "partner.crt").write_bytes(partner.certificate_pem)
    (tmp_path / "partner.crl").write_bytes(partner.crl())
    issued = authority.issue("radius.example", names=("radius.example",))
    trust = TrustKeeper(
        TrustFiles(
            authority.certificate_pem,
            (tmp_path / "partner.crt",),
            (tmp_path / "partner.crl",),
            lambda: issued,
            lambda: issued,
        )
    )
    peers = PeerRegistry(None)
    peers.table = PeerTable({"proxy.metro.example": make_client("metro")}, frozenset({"001122334455"}))
    registry = CollectorRegistry()
    running = Served(authority, partner, tmp_path, peers, trust, registry)
    handlers = Handlers(
        running.access,
        running.accounting,
        running.heard.add,
        RadiusMetrics(registry),
        SystemClock().monotonic,
        30.0,
    )
    server = running.server = RadsecServer(trust, peers, handlers, RadsecMetrics(registry), limits)
    sock = listen_tcp("127.0.0.1", 0)
    running.port = sock.getsockname()[1]
    tasks = [asyncio.create_task(server.accept(sock)), asyncio.create_task(server.sweep())]
    yield running
    await running.hang_up()
    await server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    sock.close()
    assert len(server) == 0
