"""A citizen's phone in a network namespace: DHCP, probes, downloads and messages, with real programs.

``dhclient`` asks for the address, ``curl`` asks the web; the browser is in
:mod:`controller.city.browser`. A phone knows nothing of the portal but what DHCP, redirects and its
text messages tell it.
"""

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path

from controller.city import dhcp
from controller.city.dhcp import Lease
from controller.city.http_answer import HttpAnswer, parse_answer
from controller.city.network import NETNS_CONFIG
from controller.city.process import Child, in_namespace, run
from controller.core.errors import UnavailableError
from controller.core.mac import Mac, parse_mac

POLL_S = 0.03
WIFI = "wlan0"


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes that have crossed a phone's Wi-Fi interface, layer 2."""

    received: int
    sent: int


class Phone:
    """One phone. Everything it keeps lies in its own directory."""

    def __init__(self, number: int, namespace: str, mac: str, directory: Path, ca: Path) -> None:
        """Make a phone that is switched off.

        Args:
            number: counted from 1.
            namespace: its network namespace, which :mod:`controller.city.network` has laid.
            mac: the address of its Wi-Fi interface.
            directory: where it keeps lease, script and logs; made when missing.
            ca: PEM file of the certificate authority that it trusts.
        """
        self.number = number
        self.namespace = namespace
        self.mac: Mac = parse_mac(mac)
        self.directory = directory
        self.ca = ca
        self.lease: Lease | None = None
        self._dhclient: Child | None = None
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def join(self, *, timeout_s: float = 20.0) -> Lease:
        """Switch Wi-Fi on and take a lease; the client keeps running and renews it.

        Raises :class:`UnavailableError` when no lease comes in time.
        """
        await self.leave()
        lease_file = self.directory / "lease"
        lease_file.unlink(missing_ok=True)
        script = self.directory / "dhclient-script"
        script.write_text(dhcp.script(lease_file, NETNS_CONFIG / self.namespace / "resolv.conf"))
        script.chmod(0o700)
        configuration = self.directory / "dhclient.conf"
        configuration.write_text(dhcp.CONFIGURATION)
        argv = [
            "dhclient",
            "-4",
            "-d",
            "-1",
            "-cf",
            str(configuration),
            "-lf",
            str(self.directory / "dhclient.leases"),
            "-pf",
            str(self.directory / "dhclient.pid"),
            "-sf",
            str(script),
            WIFI,
        ]
        (await run(["ip", "-n", self.namespace, "link", "set", WIFI, "up"])).checked()
        log = self.directory / "dhclient.log"
        self._dhclient = await Child.start("dhclient", in_namespace(self.namespace, argv), log=log)
        try:
            async with asyncio.timeout(timeout_s):
                while not lease_file.exists():
                    if not self._dhclient.running:
                        raise UnavailableError(f"dhclient ended: {self._dhclient.last_words()}")
                    await asyncio.sleep(POLL_S)
        except TimeoutError as error:
            message = f"phone {self.number} got no lease in {timeout_s:g} s: {self._dhclient.last_words()}"
            raise UnavailableError(message) from error
        self.lease = dhcp.parse_lease(lease_file.read_text())
        return self.lease

    async def leave(self) -> None:
        """Go out of range: the interface goes down without a word to anybody; no error when it is down."""
        if self._dhclient is not None:
            await self._dhclient.stop()
            self._dhclient = None
        await run(["ip", "-n", self.namespace, "-4", "addr", "flush", "dev", WIFI])
        await run(["ip", "-n", self.namespace, "link", "set", WIFI, "down"])
        self.lease = None

    async def get(
        self,
        url: str,
        *,
        accept: str | None = None,
        timeout_s: float = 10.0,
        data: bytes | None = None,
    ) -> HttpAnswer:
        """Ask for a URL with ``curl`` and do not follow redirects; with ``data`` it is a POST.

        Raises :class:`UnavailableError` when there is no answer.
        """
        argv = self._curl("--include", "--max-time", f"{timeout_s:g}")
        if accept is not None:
            argv += ["--header", f"Accept: {accept}"]
        if data is not None:
            argv += ["--data-binary", "@-"]
        ended = await run([*argv, url], stdin=data or b"", timeout_s=timeout_s + 5)
        return parse_answer(ended.checked().stdout)

    async def start_download(self, url: str) -> Child:
        """Start a download that is thrown away; it runs on its own until it ends or is stopped."""
        argv = self._curl("--fail", "--output", "/dev/null", url)
        return await Child.start("download", argv, log=self.directory / "download.log")

    async def traffic(self) -> Traffic:
        """What its Wi-Fi interface has counted so far."""
        ended = await run(["ip", "-n", self.namespace, "-s", "-j", "link", "show", "dev", WIFI])
        counted = json.loads(ended.checked().stdout)[0]["stats64"]
        return Traffic(received=counted["rx"]["bytes"], sent=counted["tx"]["bytes"])

    def _curl(self, *arguments: str) -> list[str]:
        fixed = ["curl", "--silent", "--show-error", "--http1.1", "--noproxy", "*", "--cacert", str(self.ca)]
        return in_namespace(self.namespace, [*fixed, *arguments])


@dataclass(frozen=True, slots=True)
class TextMessage:
    """One text message of the spool."""

    to: str
    text: str
    path: Path


class Messages:
    """The city's text messages, as the portal's spool sender leaves them: one JSON file each."""

    def __init__(self, spool: Path) -> None:
        """Read from a directory, which need not exist yet."""
        self._spool = spool
        self._seen: set[Path] = set()

    def unread(self, to: str) -> list[TextMessage]:
        """The messages to a number that were not handed out before, oldest first."""
        found = []
        for path in sorted(self._spool.glob("*.json")):
            if path in self._seen:
                continue
            content = json.loads(path.read_text())
            if content["to"] == to:
                self._seen.add(path)
                found.append(TextMessage(to, content["text"], path))
        return found

    async def wait(self, to: str, *, timeout_s: float = 15.0) -> TextMessage:
        """The next message to a number; raises :class:`UnavailableError` when none comes."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            new = self.unread(to)
            if new:
                return new[-1]
            await asyncio.sleep(POLL_S)
        raise UnavailableError(f"no text message within {timeout_s:g} s")
