"""Wireshark as an independent judge of what we send: captures loopback and checks authenticators.

tshark 4.0 checks the Response Authenticator, but of answers to Status-Server and of requests it says
nothing, and nothing of Message-Authenticator. Those are checked here with the standard library alone, on
the octets that were captured, and so are the others once more.
"""

import asyncio
import hashlib
import hmac
import json
import socket
from dataclasses import dataclass
from pathlib import Path

from tests.eventually import eventually

_LAST = b"this is the last of this capture"
_ZERO = bytes(16)
_HASHED = {4, 40, 43}
_REPLIES = {2, 3, 5, 11, 41, 42, 44, 45}
_FIELDS = (
    "udp.srcport", "udp.dstport", "udp.payload", "radius.authenticator.valid", "radius.authenticator.invalid",
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """A captured packet and what the judge says; None: it says nothing."""

    from_port: int
    to_port: int
    data: bytes
    authenticator: bool | None

    @property
    def code(self):
        return self.data[0]

    @property
    def conversation(self):
        """What a reply shares with its request."""
        return frozenset({self.from_port, self.to_port}), self.data[1]


class Capture:
    """Captures UDP on loopback into a file from `start` to `stop`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def start(self, ports) -> None:
        self._mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._mark.bind(("127.0.0.1", 0))
        wanted = " or ".join(f"port {port}" for port in (*ports, self._mark.getsockname()[1]))
        self._process = await asyncio.create_subprocess_exec(
            "tcpdump", "-i", "lo", "-U", "--immediate-mode", "-w", str(self.path), f"udp and ({wanted})",
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(20):
            while b"listening on" not in await self._process.stderr.readline():
                assert self._process.returncode is None

    async def stop(self) -> None:
        if self._process.returncode is None:
            self._mark.sendto(_LAST, self._mark.getsockname())
            await eventually(lambda: _LAST in self.path.read_bytes())  # and so is all that was before it
            self._process.terminate()
            await self._process.wait()
        self._mark.close()


async def judge(path: Path, secret: str, ports) -> list[Seen]:
    """Return all RADIUS packets of a capture with tshark's verdict on their authenticators."""
    decode = [option for port in ports for option in ("-d", f"udp.port=={port},radius")]
    fields = [option for field in _FIELDS for option in ("-e", field)]
    process = await asyncio.create_subprocess_exec(
        "tshark", "-r", str(path), *decode, "-o", f"radius.shared_secret:{secret}",
        "-o", "radius.validate_authenticator:TRUE", "-Y", "radius", "-T", "json", *fields,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0
    return [_read(frame["_source"]["layers"]) for frame in json.loads(output)]


def is_authentic(packet: Seen, request: Seen | None, secret: str) -> bool | None:
    """Tell whether a packet's Authenticator is right (RFC 2865 §3, RFC 5176 §2.3); None if it is random."""
    if packet.code not in _REPLIES | _HASHED:
        return None
    authenticator = request.data[4:20] if packet.code in _REPLIES else _ZERO
    data = packet.data
    return hashlib.md5(data[:4] + authenticator + data[20:] + secret.encode()).digest() == data[4:20]


def is_message_authentic(packet: Seen, request: Seen | None, secret: str) -> bool | None:
    """Tell whether a packet's Message-Authenticator is right; None if it has none."""
    at = _find(packet.data, 80)
    if at is None:
        return None
    if packet.code in _REPLIES:
        authenticator = request.data[4:20]
    else:
        authenticator = _ZERO if packet.code in _HASHED else packet.data[4:20]
    data = packet.data
    message = data[:4] + authenticator + data[20 : at + 2] + _ZERO + data[at + 18 :]
    return hmac.digest(secret.encode(), message, "md5") == data[at + 2 : at + 18]


def _find(data: bytes, kind: int) -> int | None:
    at = 20
    while at < len(data):
        if data[at] == kind:
            return at
        at += data[at + 1]
    return None


def _read(layers) -> Seen:
    def first(name):
        return layers.get(name, [None])[0]

    valid, invalid = first("radius.authenticator.valid"), first("radius.authenticator.invalid")
    verdict = {"1": True, "0": False, None: None}[valid]
    if invalid == "1":
        verdict = False
    octets = bytes.fromhex(first("udp.payload").replace(":", ""))
    return Seen(int(first("udp.srcport")), int(first("udp.dstport")), octets, verdict)
