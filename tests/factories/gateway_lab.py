"""A block of the city in network namespaces: clients, a gateway's two interfaces, an Internet side.

The servers run in this process on sockets made inside the namespaces; clients use curl or sockets.
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import struct
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from controller.core.mac import Mac
from controller.core.net import entered, listen_tcp
from tests.eventually import eventually_blocking

PORTAL = "203.0.113.10"
SITE = "203.0.113.20"
RESOLVER = "203.0.113.53"
GATEWAY = "10.77.0.1"
LAN = "10.77.0.0/16"

_DHCLIENT = """\
option capport code 114 = text;
timeout 15;
initial-interval 1;
request subnet-mask, routers, domain-name-servers, capport;
"""
_DHCLIENT_SCRIPT = """\
#!/bin/sh
case "$reason" in
  PREINIT) ip link set dev "$interface" up ;;
  BOUND|RENEW|REBIND|REBOOT)
    ip addr replace "$new_ip_address/16" dev "$interface"
    ip route replace default via "$new_routers" ;;
  EXPIRE|RELEASE|FAIL|STOP) ip addr flush dev "$interface" ;;
esac
"""


def ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True, timeout=10).stdout


def client_mac(number: int) -> Mac:
    return Mac(f"02:00:5e:00:00:{number:02x}")


def client_ip(number: int) -> str:
    return f"10.77.1.{number}"


@dataclass
class Lab:
    prefix: str = field(default_factory=lambda: f"gl{secrets.token_hex(3)}")
    clients: int = 2
    servers: list[asyncio.Server] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    inodes: set[int] = field(default_factory=set)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def gateway(self) -> str:
        return f"{self.prefix}-gw"

    @property
    def internet(self) -> str:
        return f"{self.prefix}-inet"

    def client(self, number: int) -> str:
        return f"{self.prefix}-c{number}"

    @property
    def namespaces(self) -> list[str]:
        return [self.gateway, self.internet, *(self.client(n) for n in range(1, self.clients + 1))]

    def lay(self) -> None:
        for namespace in self.namespaces:
            ip("netns", "add", namespace)
            self.inodes.add(Path("/run/netns", namespace).stat().st_ino)
            ip("-n", namespace, "link", "set", "lo", "up")
        gw, inet = self.gateway, self.internet
        ip("-n", gw, "link", "add", "lan", "type", "bridge", "forward_delay", "0")
        ip("-n", gw, "addr", "add", f"{GATEWAY}/16", "dev", "lan")
        ip("-n", gw, "link", "set", "lan", "up")
        ip("-n", gw, "link", "add", "wan", "type", "veth", "peer", "name", "uplink", "netns", inet)
        ip("-n", gw, "addr", "add", "198.51.100.2/24", "dev", "wan")
        ip("-n", gw, "link", "set", "wan", "up")
        ip("-n", inet, "addr", "add", "198.51.100.1/24", "dev", "uplink")
        ip("-n", inet, "link", "set", "uplink", "up")
        ip("-n", gw, "route", "add", "default", "via", "198.51.100.1")
        ip("-n", inet, "route", "add", LAN, "via", "198.51.100.2")
        for address in (PORTAL, SITE, RESOLVER):
            ip("-n", inet, "addr", "add", f"{address}/32", "dev", "lo")
        ip("netns", "exec", gw, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        for number in range(1, self.clients + 1):
            client = self.client(number)
            ip(
                "-n",
                gw,
                "link",
                "add",
                f"p{number}",
                "type",
                "veth",
                "peer",
                "name",
                "wlan0",
                "netns",
                client,
            )
            ip("-n", gw, "link", "set", f"p{number}", "master", "lan", "up")
            ip("-n", client, "link", "set", "wlan0", "address", client_mac(number), "up")

    def address(self, number: int, address: str | None = None) -> None:
        """Give a client a static address and a route, as DHCP would."""
        client = self.client(number)
        ip("-n", client, "addr", "flush", "dev", "wlan0")
        ip("-n", client, "addr", "add", f"{address or client_ip(number)}/16", "dev", "wlan0")
        ip("-n", client, "route", "replace", "default", "via", GATEWAY)

    def remove(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait(10)
        for pid in self.inhabitants():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for namespace in self.namespaces:
            subprocess.run(["ip", "netns", "del", namespace], check=False, capture_output=True, timeout=10)

    def inhabitants(self) -> list[int]:
        """Processes that live in the lab's namespaces, by the namespaces' own numbers."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and (entry / "ns" / "net").stat().st_ino in self.inodes:
                    found.append(int(entry.name))
        return found

    async def serve(
        self,
        address: str,
        port: int,
        handler: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
        namespace: str | None = None,
    ) -> None:
        async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.writers.append(writer)
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await handler(reader, writer)
            writer.close()

        sock = listen_tcp(address, port, netns=namespace or self.internet)
        self.servers.append(await asyncio.start_server(tracked, sock=sock))

    async def serve_web(self, address: str, port: int = 80, namespace: str | None = None) -> None:
        """A web server that says who asked."""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                body = f"{address} saw {writer.get_extra_info('peername')[0]}\n".encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
                )
                writer.write(body)
                await writer.drain()
            writer.close()

        await self.serve(address, port, answer, namespace)

    async def close(self) -> None:
        for server in self.servers:
            server.close()
        self.servers.clear()
        for writer in self.writers:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in self.writers), return_exceptions=True)
        self.writers.clear()

    def new_socket(self, number: int, kind: int = socket.SOCK_STREAM) -> socket.socket:
        with entered(self.client(number)):
            sock = socket.socket(socket.AF_INET, kind)
        sock.setblocking(False)
        return sock

    async def connect(self, number: int, address: str, port: int, timeout_s: float = 1.0) -> socket.socket:
        """A TCP connection of a client. Raises OSError or TimeoutError."""
        sock = self.new_socket(number)
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, (address, port)), timeout_s)
        except (OSError, TimeoutError):
            sock.close()
            raise
        return sock

    async def get(
        self, number: int, address: str, path: str = "/", host: str = "site.test", timeout_s: float = 1.5
    ) -> str:
        """The whole answer to a plain GET of a client. Raises OSError or TimeoutError."""
        sock = await self.connect(number, address, 80, timeout_s)
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(sock, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            data = b""
            while part := await asyncio.wait_for(loop.sock_recv(sock, 65_536), timeout_s):
                data += part
        finally:
            sock.close()
        return data.decode()

    def serve_dns(self, directory: Path) -> None:
        """A resolver on the Internet side that answers every name with the site's address."""
        pid_file = directory / "resolver.pid"
        command = ["ip", "netns", "exec", self.internet, "dnsmasq", "--keep-in-foreground"]
        command += ["--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--bind-interfaces"]
        command += [f"--listen-address={RESOLVER}", f"--address=/#/{SITE}", "--except-interface=lo"]
        command += [f"--pid-file={pid_file}"]
        self.processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        eventually_blocking(lambda: pid_file.exists() and pid_file.stat().st_size)

    async def ask_dns(self, number: int, name: str, server: str = GATEWAY, kind: int = 1) -> tuple[int, str]:
        """(response code, first address or "") of a DNS question of a client. Raises TimeoutError."""
        labels = b"".join(bytes((len(part),)) + part.encode() for part in name.split("."))
        question = labels + b"\0" + struct.pack(">HH", kind, 1)
        query = struct.pack(">HHHHHH", 0x1234, 0x0100, 1, 0, 0, 0) + question
        loop = asyncio.get_running_loop()
        with self.new_socket(number, socket.SOCK_DGRAM) as sock:
            await loop.sock_connect(sock, (server, 53))
            await loop.sock_sendall(sock, query)
            answer = await asyncio.wait_for(loop.sock_recv(sock, 1500), 2)
        code, answers = answer[3] & 15, struct.unpack(">H", answer[6:8])[0]
        return code, socket.inet_ntoa(answer[-4:]) if answers else ""

    async def dhclient(self, number: int, directory: Path) -> str:
        """Ask for a lease as a phone does, configure the interface, return the lease file."""
        directory.mkdir(exist_ok=True)
        configuration, script = directory / "dhclient.conf", directory / "dhclient.sh"
        configuration.write_text(_DHCLIENT)
        script.write_text(_DHCLIENT_SCRIPT)
        script.chmod(0o755)
        lease, pid = directory / "leases", directory / "pid"
        process = await asyncio.create_subprocess_exec(
            *("ip", "netns", "exec", self.client(number), "dhclient", "-4", "-1", "-q"),
            *("-cf", str(configuration), "-lf", str(lease), "-pf", str(pid), "-sf", str(script), "wlan0"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        if await asyncio.wait_for(process.wait(), 20):
            raise RuntimeError("dhclient got no lease")
        return lease.read_text()

    async def release(self, number: int, directory: Path) -> None:
        """Give the lease back and end dhclient."""
        process = await asyncio.create_subprocess_exec(
            *("ip", "netns", "exec", self.client(number), "dhclient", "-4", "-r", "-q"),
            *("-cf", str(directory / "dhclient.conf"), "-lf", str(directory / "leases")),
            *("-pf", str(directory / "pid"), "-sf", str(directory / "dhclient.sh"), "wlan0"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await asyncio.wait_for(process.wait(), 20)

    def address_of(self, number: int) -> str:
        """The client's address now, "" if none."""
        words = ip("-4", "-o", "-n", self.client(number), "addr", "show", "dev", "wlan0").split()
        return words[3].split("/")[0] if words else ""

    async def curl(self, number: int, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            "ip",
            "netns",
            "exec",
            self.client(number),
            "curl",
            "-s",
            "-m",
            "3",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        return output.decode()


@contextlib.asynccontextmanager
async def gateway_lab(clients: int = 2) -> AsyncIterator[Lab]:
    """Lay a lab, with web servers at the portal's and a site's address, and remove it whatever happens."""
    lab = Lab(clients=clients)
    try:
        lab.lay()
        await lab.serve_web(PORTAL)
        await lab.serve_web(SITE)
        yield lab
    finally:
        await lab.close()
        lab.remove()
