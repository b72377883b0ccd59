"""The peer of the fleet benchmark: a bare `websockets` + uvloop server with mutual TLS.

It does the least a controller could do: accept, send everybody the same small configuration (so that
the states are as big as ours), inflate, parse, count. It stores nothing and knows no access point.
Standard input: any line asks for the counts; its end stops it.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import resource
import sys
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import psutil
import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from controller.core.pki import CertificateAuthority, server_context


@dataclass(slots=True)
class Counts:
    """Since the start."""

    connected: int = 0
    states: int = 0
    """State messages read."""
    state_bytes: int = 0


def read_message(text: str, counts: Counts) -> str | None:
    """Parse one message in full; the answer to `connect` is a configuration."""
    call = msgspec.json.decode(text)
    params = call["params"]
    if "compress_64" in params:
        params = msgspec.json.decode(zlib.decompress(base64.b64decode(params["compress_64"])))
    if call["method"] == "state":
        counts.states += 1
        counts.state_bytes += len(text)
    if call["method"] != "connect":
        return None
    network = {"name": "Moscow_WiFi_Free", "wifi-bands": ["2G", "5G"], "bss-mode": "ap"}
    config = {"radios": [], "interfaces": [{"ssids": [network]}]}
    params = {"serial": params["serial"], "uuid": 2, "when": 0, "config": config}
    return msgspec.json.encode({"jsonrpc": "2.0", "id": 0, "method": "configure", "params": params}).decode()


async def run(data_dir: Path) -> None:
    """Serve on a free port of loopback until standard input ends."""
    counts = Counts()

    async def handle(connection: ServerConnection) -> None:
        counts.connected += 1
        try:
            async for text in connection:
                answer = read_message(text if isinstance(text, str) else text.decode(), counts)
                if answer is not None:
                    await connection.send(answer)
        except ConnectionClosed:
            return
        finally:
            counts.connected -= 1

    authority = CertificateAuthority.open(data_dir / "pki")
    issued = authority.issue_server(["127.0.0.1", "localhost"], now=datetime.now(UTC))
    context = server_context(issued, authority.certificate_pem)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    server = await serve(
        handle,
        "127.0.0.1",
        0,
        ssl=context,
        subprotocols=[Subprotocol("ucentral-broker")],
        compression=None,
        ping_interval=None,
        open_timeout=60,
    )
    async with server:
        port = next(iter(server.sockets)).getsockname()[1]
        tell(port=port, **measure(counts))
        while await reader.readline():
            tell(port=port, **measure(counts))


def measure(counts: Counts) -> dict[str, float]:
    """Counts, processor seconds and resident bytes of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "connected": counts.connected,
        "states": counts.states,
        "message_bytes": counts.state_bytes,
        "cpu_s": used.ru_utime + used.ru_stime,
        "rss": psutil.Process().memory_info().rss,
    }


def tell(**what: float) -> None:
    """Write one JSON line."""
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    """Entry point of the process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", required=True, type=Path)
    parser.add_argument("--core", required=True, type=int)
    given = parser.parse_args()
    os.sched_setaffinity(0, {given.core})
    uvloop.run(run(given.data_dir))


if __name__ == "__main__":
    main()
