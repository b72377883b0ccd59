"""The whole gateway on real parts: dnsmasq, dhclient, nftables, packets."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa

from captive_portal.gateway.daemon import HANDLE_SECRET, serve
from captive_portal.gateway.settings import GatewaySettings
from captive_portal.handles import HandleCodec
from controller.core.db import Database
from controller.core.runtime import open_runtime
from controller.core.settings import CoreSettings
from controller.directory.service import Directory
from controller.models import Base, Gateway, Lease
from controller.sessions import service as sessions
from controller.sessions.types import StartSession
from tests.conftest import free_port
from tests.eventually import eventually
from tests.factories.gateway_lab import PORTAL, RESOLVER, SITE, client_mac
from tests.factories.people import make_citizen

RUNNER = """
import asyncio
import uvloop
from captive_portal.gateway.daemon import serve
from captive_portal.gateway.settings import GatewaySettings
from controller.core.runtime import open_runtime
from controller.core.settings import CoreSettings

async def main():
    async with open_runtime(CoreSettings.load()) as runtime:
        await serve(runtime, GatewaySettings.load(), ready=lambda: print("ready", flush=True))

uvloop.run(main())
"""


class Place:
    """A running gateway in its lab, and what the portal would do beside it."""

    def __init__(self, lab, runtime, settings):
        self.lab = lab
        self.runtime = runtime
        self.settings = settings
        self.directory = Directory(runtime.secrets)

    @contextlib.asynccontextmanager
    async def running(self, **changes):
        settings = self.settings.model_copy(update=changes)
        ready = asyncio.Event()
        task = asyncio.create_task(serve(self.runtime, settings, ready=ready.set))
        waiting = asyncio.create_task(ready.wait())
        try:
            await asyncio.wait([task, waiting], timeout=15, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
            assert ready.is_set()
            yield
        finally:
            waiting.cancel()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def log_in(self, number):
        now = self.runtime.clock.now()
        mac = client_mac(number)
        login = await make_citizen(self.runtime.db, self.directory, now=now, mac=mac)
        async with self.runtime.db.transaction() as tx:
            request = StartSession(
                mac=mac,
                ip=self.lab.address_of(number),
                gateway_id="gw-1",
                account_id=login.account_id,
                device_id=login.device_id,
                plan=login.plan,
                method="sms",
            )
            return await sessions.start(tx, request, now)

    async def end(self, session_id, reason="user-request"):
        async with self.runtime.db.transaction() as tx:
            await sessions.end(tx, session_id, reason=reason, now=self.runtime.clock.now(), source="portal")

    async def session(self, session_id):
        async with self.runtime.db.reading() as tx:
            return await sessions.get(tx, session_id)

    async def online(self, number):
        with contextlib.suppress(OSError, TimeoutError):
            return f"{SITE} saw" in await self.lab.get(number, SITE, timeout_s=0.5)
        return False


@pytest.fixture
async def place(lab, tmp_path):
    lab.serve_dns(tmp_path)
    settings = CoreSettings(data_dir=tmp_path / "data")
    settings.data_dir.mkdir(mode=0o700)
    database = Database(settings.database)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await database.close()
    gateway = GatewaySettings(
        netns=lab.gateway,
        portal_addresses=[PORTAL],
        dns_upstream=[RESOLVER],
        admin_port=free_port(),
        accounting_poll_s=0.2,
        reconcile_s=0.5,
    )
    async with open_runtime(settings) as runtime:
        yield Place(lab, runtime, gateway)


async def metrics(place):
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://127.0.0.1:{place.settings.admin_port}/metrics")
    return answer.text


def nft(lab, *arguments):
    command = ["ip", "netns", "exec", lab.gateway, "nft", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


def processes(lab):
    pids = subprocess.run(
        ["ip", "netns", "pids", lab.gateway], check=True, capture_output=True, text=True, timeout=10
    )
    return pids.stdout.split()


async def test_from_a_lease_to_the_internet_and_back(place, tmp_path):
    lab = place.lab
    async with place.running():
        lease = await lab.dhclient(1, tmp_path / "phone")
        assert 'option capport "https://portal.kolco.test/capport/gw-1";' in lease
        address = lab.address_of(1)

        async def stored():
            async with place.runtime.db.reading() as tx:
                rows = await tx.execute(sa.select(Lease.gateway_id, Lease.ip, Lease.mac))
                return ("gw-1", address, client_mac(1)) in [tuple(row) for row in rows]

        await eventually(stored)

        # DNS: the portal is ours, Firefox is asked not to go around us, all else is the truth,
        # and whoever asks another resolver gets ours until it is let in.
        assert await lab.ask_dns(1, "portal.kolco.test") == (0, PORTAL)
        assert await lab.ask_dns(1, "portal.kolco.test", kind=28) == (0, "")
        assert await lab.ask_dns(1, "use-application-dns.net") == (3, "")
        assert await lab.ask_dns(1, "captive.apple.com") == (0, SITE)
        assert await lab.ask_dns(1, "news.test", server="192.0.2.1") == (0, SITE)

        location = await lab.curl(1, "-o", "/dev/null", "-w", "%{redirect_url}", f"http://{SITE}/hello")
        handle = parse_qs(urlsplit(location).query)["h"][0]
        codec = HandleCodec(place.runtime.secrets.get(HANDLE_SECRET))
        named = codec.decode(handle, place.runtime.clock.now())
        assert (named.gateway_id, named.mac, named.ip) == ("gw-1", client_mac(1), address)

        session = await place.log_in(1)
        started = time.monotonic()
        await eventually(lambda: place.online(1))
        assert time.monotonic() - started < 1

        async def counted():
            return (await place.session(session.id)).down_bytes

        await eventually(counted)
        await place.end(session.id)

        async def captive():
            return "302" in await lab.curl(1, "-o", "/dev/null", "-w", "%{http_code}", f"http://{SITE}/")

        await eventually(captive)
        text = await metrics(place)
        assert 'kolco_gateway_opens_total{gateway="gw-1"} 1.0' in text
        assert 'kolco_gateway_closes_total{gateway="gw-1"} 1.0' in text
        assert 'kolco_gateway_dnsmasq_up{gateway="gw-1"} 1.0' in text
        assert 'kolco_gateway_leases{gateway="gw-1"} 1.0' in text

        async def forgotten():
            return "elements" not in nft(lab, "list", "set", "inet", "kolco", "up")

        await eventually(forgotten)
        async with place.runtime.db.reading() as tx:
            records = await sessions.list_records(tx, session.id)
            gateway = await tx.get(Gateway, "gw-1")
        assert [record.kind for record in records] == ["start", "stop"]
        assert records[-1].down_bytes == (await place.session(session.id)).down_bytes > 0
        assert gateway.lan_cidr == "10.77.0.0/16"

    async def alone():
        return not processes(lab)

    await eventually(alone)  # dnsmasq went with the gateway, and its helper after it
    assert "chain from_lan" in nft(lab, "list", "table", "inet", "kolco")  # the gate stays


async def test_a_known_device_is_let_in_again_with_no_page(place, tmp_path):
    lab = place.lab
    async with place.running():
        await lab.dhclient(1, tmp_path / "phone")
        session = await place.log_in(1)
        await eventually(lambda: place.online(1))
        await place.end(session.id, reason="expired")
        await lab.release(1, tmp_path / "phone")
        assert lab.address_of(1) == ""
        await lab.dhclient(1, tmp_path / "phone")
        started = time.monotonic()
        await eventually(lambda: place.online(1))
        assert time.monotonic() - started < 1
        async with place.runtime.db.reading() as tx:
            again = await sessions.find_open(tx, mac=client_mac(1))
        assert again is not None
        assert again.method == "remembered"


PROBES = [
    ("connectivitycheck.gstatic.com", "/generate_204"),
    ("captive.apple.com", "/hotspot-detect.html"),
    ("www.msftconnecttest.com", "/connecttest.txt"),
    ("detectportal.firefox.com", "/canonical.html"),
    ("network-test.debian.org", "/nm"),
    ("www.gstatic.com", "/generate_204"),
]


async def test_each_systems_probe_is_redirected_while_captive(place):
    lab = place.lab
    lab.address(1)
    async with place.running():
        for host, path in PROBES:
            told = await lab.curl(
                1,
                *("-o", "/dev/null", "-w", "%{http_code} %{redirect_url}"),
                *("--resolve", f"{host}:80:{SITE}", f"http://{host}{path}"),
            )
            assert told.startswith("302 https://portal.kolco.test/?h="), host
        head = await lab.curl(1, "-I", "-0", f"http://{SITE}/")
        assert head.startswith("HTTP/1.1 302")
        assert "no-store" in head
        posted = await lab.curl(
            1, "-d", "x" * 50_000, "-o", "/dev/null", "-w", "%{http_code}", f"http://{SITE}/"
        )
        assert posted == "303"
        # A straight question to the redirector from an open client is answered as open.
        await place.log_in(1)
        await eventually(lambda: place.online(1))
        for (host, path), status in zip(PROBES, (204, 200, 200, 200, 200, 204), strict=True):
            arguments = ("--resolve", f"{host}:8081:10.77.0.1", f"http://{host}:8081{path}")
            told = await lab.curl(1, "-o", "/dev/null", "-w", "%{http_code}", *arguments)
            assert told == str(status), host
        text = await metrics(place)
        assert 'kolco_gateway_probes_total{gateway="gw-1",os="apple",state="captive"} 1.0' in text
        assert 'kolco_gateway_probes_total{gateway="gw-1",os="apple",state="open"} 1.0' in text


async def test_what_is_no_http_is_dropped_and_counted(place):
    lab = place.lab
    lab.address(1)
    loop = asyncio.get_running_loop()
    async with place.running():
        for rubbish in (b"\x16\x03\x01\x00\x05hello", b"GET / HTTP/9\r\n\r\n"):
            sock = await lab.connect(1, SITE, 80)
            await loop.sock_sendall(sock, rubbish)
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(loop.sock_recv(sock, 100), 2) == b""
            sock.close()
        assert 'kolco_gateway_malformed_requests_total{gateway="gw-1"} 2.0' in await metrics(place)


async def test_a_stopped_gateway_can_take_its_rules_along(place):
    async with place.running(teardown_on_exit=True):
        assert "kolco" in nft(place.lab, "list", "tables")
    assert nft(place.lab, "list", "ruleset") == ""


async def test_differences_are_mended_from_the_database(place):
    lab = place.lab
    lab.address(1)
    async with place.running():
        await place.log_in(1)
        await eventually(lambda: place.online(1))
        for name in ("auth", "auth_ip", "down", "up"):
            nft(lab, "flush", "set", "inet", "kolco", name)
            assert not await place.online(1)
            await eventually(lambda: place.online(1))


async def test_dnsmasq_is_started_again(place, tmp_path):
    lab = place.lab
    async with place.running():
        pid_file = place.runtime.data_dir / "gateway" / "gw-1" / "dnsmasq.pid"
        before = pid_file.read_text()
        os.kill(int(before), signal.SIGKILL)

        async def back():
            return pid_file.exists() and pid_file.read_text() not in {"", before}

        await eventually(back)
        await lab.dhclient(1, tmp_path / "phone")


async def test_killed_and_started_again_nobody_is_thrown_out(place, tmp_path):
    lab = place.lab

    async def stream(reader, writer):
        number = 0
        while True:
            number += 1
            writer.write(b"%09d\n" % number)
            await writer.drain()
            await asyncio.sleep(0.005)  # the pace of a stream

    await lab.serve(SITE, 7777, stream)
    environment = {
        **os.environ,
        "KOLCO_DATA_DIR": str(place.runtime.data_dir),
        "KOLCO_GATEWAY_NETNS": lab.gateway,
        "KOLCO_GATEWAY_PORTAL_ADDRESSES": json.dumps([PORTAL]),
        "KOLCO_GATEWAY_DNS_UPSTREAM": json.dumps([RESOLVER]),
        "KOLCO_GATEWAY_ADMIN_PORT": str(place.settings.admin_port),
        "KOLCO_GATEWAY_ACCOUNTING_POLL_S": "0.2",
    }

    async def start():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", RUNNER, env=environment, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(20):
            while await process.stdout.readline() != b"ready\n":
                assert not process.stdout.at_eof()
        return process

    first = await start()
    try:
        await lab.dhclient(1, tmp_path / "phone")
        session = await place.log_in(1)
        await eventually(lambda: place.online(1))
        loop = asyncio.get_running_loop()
        sock = await lab.connect(1, SITE, 7777)
        lines, longest = [], 0.0

        async def read():
            nonlocal longest
            rest = b""
            last = loop.time()
            while data := await loop.sock_recv(sock, 65_536):
                now = loop.time()
                longest, last = max(longest, now - last), now
                *whole, rest = (rest + data).split(b"\n")
                lines.extend(map(int, whole))

        async def more_lines():
            wanted = len(lines) + 50
            await eventually(lambda: reading.done() or len(lines) > wanted)

        reading = asyncio.create_task(read())
        await more_lines()
        first.send_signal(signal.SIGKILL)
        await first.wait()
        await more_lines()  # nobody is at the gate, and it holds
        assert await place.online(1)
        second = await start()
        try:
            await more_lines()
            assert not reading.done()
            assert lines == list(range(1, len(lines) + 1))
            assert longest < 0.4
            assert await place.online(1)
            reading.cancel()
            sock.close()

            async def exact():
                """The session's total is what the kernel counted, no more and no less."""
                told = json.loads(nft(lab, "-j", "list", "set", "inet", "kolco", "down"))
                (element,) = told["nftables"][1]["set"]["elem"]
                view = await place.session(session.id)
                return view.down_bytes == element["elem"]["counter"]["bytes"] > 0

            await eventually(exact)
            lab.address(2)  # the redirector answers on this event loop too
            assert "https://portal.kolco.test/?h=" in await lab.get(2, SITE)
            assert (
                len(processes(lab)) == 2
            )  # dnsmasq and its helper: the left dnsmasq was replaced, not doubled
        finally:
            second.send_signal(signal.SIGKILL)
            await second.wait()
    finally:
        if first.returncode is None:
            first.kill()
            await first.wait()
