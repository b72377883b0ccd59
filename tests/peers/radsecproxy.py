"""Debian's radsecproxy in the foreground on free ports of loopback: UDP and TLS in, UDP or TLS out.

It stands before our RadSec server as another operator's proxy would, or behind our client as their server.
"""

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from controller.core.pki import Issued
from tests.peers.process import ENDS_WITH_US, end, free_port, wait_for_port

SECRET = "a shared secret for radsecproxy"


@dataclass(frozen=True)
class Target:
    """Where it sends requests.

    Attributes:
        port: of loopback.
        tls: RadSec, else UDP.
        secret: shared secret; of RadSec `radsec`.
        name: that the certificate at the other end must hold.
        acct_port: UDP port of accounting, if it is another one.
    """

    port: int
    tls: bool
    secret: str = "radsec"
    name: str = ""
    acct_port: int = 0


@dataclass(frozen=True)
class RadsecProxy:
    """It runs.

    Attributes:
        udp_port: takes UDP with `SECRET`, authentication and accounting.
        tls_port: takes RadSec from clients of the authority.
    """

    udp_port: int
    tls_port: int
    directory: Path
    process: subprocess.Popen

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self.directory / "log").read_text("utf-8", "replace")


@contextmanager
def radsecproxy(
    target: Target,
    *,
    authority_pem: bytes,
    issued: Issued,
    client: str = "client.example",
    tls: str = "TLS1_2:TLS1_3",
    tls_port: int = 0,
) -> Iterator[RadsecProxy]:
    """Start it and end it with its files.

    Args:
        target: where everything goes.
        authority_pem: of the other end's certificate.
        issued: what it shows, in both directions.
        client: name in the certificate of RadSec clients.
        tls: versions it speaks, as its configuration has them.
        tls_port: to come back at the same port.

    Raises:
        RuntimeError: it does not start in time.
    """
    directory = Path(tempfile.mkdtemp(prefix="kolco-radsecproxy-"))
    process = None
    try:
        udp_port, tls_port = free_port(socket.SOCK_DGRAM), tls_port or free_port()
        (directory / "ca.crt").write_bytes(authority_pem)
        issued.write(directory, "own")
        (directory / "proxy.conf").write_text(
            _config(directory, target, udp_port, tls_port, client=client, tls=tls)
        )
        with (directory / "log").open("wb") as log:
            process = subprocess.Popen(
                [*ENDS_WITH_US, "radsecproxy", "-f", "-d", "4", "-c", directory / "proxy.conf"],
                stdout=log, stderr=log, cwd="/",
            )  # fmt: skip
        running = RadsecProxy(udp_port, tls_port, directory, process)
        wait_for_port(tls_port, process)
        yield running
    finally:
        if process is not None:
            end(process)
        shutil.rmtree(directory)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _config(directory: Path, target: Target, udp_port: int, tls_port: int, *, client: str, tls: str) -> str:
    acct_port = target.acct_port or target.port
    return f"""
LogDestination file:///dev/stderr
ListenUDP 127.0.0.1:{udp_port}
ListenTLS 127.0.0.1:{tls_port}
tls default {{
  CACertificateFile {directory}/ca.crt
  CertificateFile {directory}/own.crt
  CertificateKeyFile {directory}/own.key
  TlsVersion {tls}
}}
client nas {{
  host 127.0.0.1
  type udp
  secret "{SECRET}"
}}
client peer {{
  host 127.0.0.1
  type tls
  secret radsec
  CertificateNameCheck off
  MatchCertificateAttribute CN:/^{client.replace(".", "[.]")}$/
}}
server target {{
  host 127.0.0.1
  port {target.port}
  type {"tls" if target.tls else "udp"}
  secret "{target.secret}"
  {"CertificateNameCheck off" if target.tls else ""}
  {f"MatchCertificateAttribute CN:/^{target.name}$/" if target.tls and target.name else ""}
  statusserver on
}}
server books {{
  host 127.0.0.1
  port {acct_port}
  type {"tls" if target.tls else "udp"}
  secret "{target.secret}"
  {"CertificateNameCheck off" if target.tls else ""}
}}
realm * {{
  server target
  accountingServer books
}}
"""
