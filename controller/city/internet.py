"""The Internet side of a city: a name server and web servers, as a process of its own in its namespace.

Run as ``python -m controller.city.internet DIRECTORY [CERTIFICATE KEY]`` inside the namespace of
:attr:`~controller.city.layout.Layout.internet`. It says ``ready`` on its standard output once it
answers, and ends on SIGTERM. The portal is not part of it: that daemon puts its own sockets here.
"""

import asyncio
import signal
import ssl
import sys
from collections.abc import Sequence
from pathlib import Path

from controller.city import layout
from controller.city.process import Child
from controller.city.websites import create_app
from controller.core.errors import UnavailableError
from controller.core.http import serve_app

READY_LINE = b"ready\n"
ARGUMENTS_WITHOUT_TLS = 2
ARGUMENTS_WITH_TLS = 4


def name_server_arguments(records: dict[str, str], address: str) -> list[str]:
    """The command line of a dnsmasq that knows just ``records`` (name to IPv4) and answers at ``address``."""
    return [
        "dnsmasq",
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--pid-file=",
        "--log-facility=-",
        "--user=root",
        "--no-resolv",
        "--no-hosts",
        "--bind-interfaces",
        f"--listen-address={address}",
        *(f"--host-record={name},{target}" for name, target in sorted(records.items())),
    ]


async def serve(directory: Path, tls: ssl.SSLContext | None) -> None:
    """Answer until cancelled; raises :class:`UnavailableError` when the name server ends by itself."""
    app = create_app()
    addresses = sorted({layout.SITE_ADDRESS, *layout.PROBE_HOSTS.values()})
    waiting = len(addresses) * (1 if tls is None else 2)
    ready = asyncio.Event()

    def started(_port: int) -> None:
        nonlocal waiting
        waiting -= 1
        if waiting == 0:
            ready.set()

    arguments = name_server_arguments(layout.host_records(), layout.DNS_ADDRESS)
    dns = await Child.start("dns", arguments, log=directory / "internet-dns.log")
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_watch(dns))
            for address in addresses:
                group.create_task(serve_app(app, host=address, port=80, started=started))
                if tls is not None:
                    group.create_task(serve_app(app, host=address, port=443, tls=tls, started=started))
            await ready.wait()
            sys.stdout.buffer.write(READY_LINE)
            sys.stdout.buffer.flush()
    finally:
        await dns.stop()


async def start(namespace: str, directory: Path, certificate: tuple[Path, Path] | None = None) -> Child:
    """Start the Internet side in a namespace; returns once it answers.

    Raises :class:`UnavailableError` with its last words when it does not come up.
    """
    files = [] if certificate is None else [str(path) for path in certificate]
    argv = [sys.executable, "-P", "-m", "controller.city.internet", str(directory), *files]
    child = await Child.start(
        "internet",
        ["ip", "netns", "exec", namespace, *argv],
        log=directory / "internet.log",
        piped=True,
    )
    line = b""
    if child.process.stdout is not None:
        line = await child.process.stdout.readline()
    if line != READY_LINE:
        await child.stop()
        raise UnavailableError(f"the Internet side did not start: {child.last_words()}")
    return child


async def _watch(child: Child) -> None:
    code = await child.process.wait()
    raise UnavailableError(f"{child.name} ended with {code}: {child.last_words()}")


async def _main(arguments: Sequence[str]) -> None:
    tls = None
    if len(arguments) == ARGUMENTS_WITH_TLS:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(arguments[2], arguments[3])
    elif len(arguments) != ARGUMENTS_WITHOUT_TLS:
        sys.exit("usage: python -m controller.city.internet DIRECTORY [CERTIFICATE KEY]")
    serving = asyncio.create_task(serve(Path(arguments[1]), tls))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    await asyncio.wait([serving])
    if not serving.cancelled():
        serving.result()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv))
