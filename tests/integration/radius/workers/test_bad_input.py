"""A hundred thousand packets that went wrong, on both ports of a daemon that runs.

Nothing goes missing in its counting: each datagram was answered, answered again as a repetition, or dropped
for a reason, and no reason is a fault of ours.
"""

import asyncio
import hashlib
import re
import socket
import time

import psutil
import pytest
import sqlalchemy as sa

from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_request
from radius.protocol.errors import DropReason
from tests.eventually import eventually
from tests.factories.bad_packets import BadPackets
from tests.integration.radius.asking import SECRET, mab

PACKETS = 100_000
WARM_UP = 20_000
BURST = 200
GROWTH_MAX = 16 << 20
"""Octets a process may grow by while 80,000 packets pass: 200 octets left behind by each would show."""
_LABEL = re.compile(r'(\w+)="([^"]*)"')
SETTLED = (
    "kolco_radius_duplicates_total",
    "kolco_radius_dropped_total",
    "kolco_radius_replies_total",
)
"""One of these counts each datagram."""


class Sender:
    """Sends from a few sockets, no faster than the server takes it: a Status-Server ends each burst.

    The kernel keeps the datagrams of a socket in order and gives them to one worker.
    """

    def __init__(self, ports, source="127.0.0.1", sockets=4):
        self.sent = 0
        self._sockets = [
            (self._open(source, number), name) for name, number in ports.items() for _ in range(sockets)
        ]
        self._number = 0

    def _open(self, source, port):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind((source, 0))
        sock.connect(("127.0.0.1", port))
        sock.settimeout(30)
        return sock

    def send(self, packets, *, confirmed=True):
        """Send (port, datagram)s."""
        burst = {"access": [], "accounting": []}
        for port, data in packets:
            burst[port].append(data)
            if len(burst[port]) == BURST:
                self._send(port, burst[port], confirmed)
                burst[port] = []
        for port, left in burst.items():
            self._send(port, left, confirmed)

    def close(self):
        for sock, _ in self._sockets:
            sock.close()

    def _send(self, port, burst, confirmed):
        self._number += 1
        candidates = [sock for sock, name in self._sockets if name == port]
        sock = candidates[self._number % len(candidates)]
        for data in burst:
            sock.send(data)
        self.sent += len(burst)
        if confirmed:
            authenticator = self._number.to_bytes(16, "big")
            asked = sign_request(
                Code.STATUS_SERVER, 0, [], SECRET.encode(), random_authenticator=authenticator
            )
            sock.send(asked)
            self.sent += 1
            answer = sock.recv(4096)
            while answer[1] != 0 or not answers(answer, authenticator):
                answer = sock.recv(4096)


def answers(data, authenticator):
    expected = hashlib.md5(data[:4] + authenticator + data[20:] + SECRET.encode()).digest()
    return expected == data[4:20]


def total(metrics, *names):
    return sum(value for name, value in metrics.items() if name.partition("{")[0] in names)


def reasons(metrics):
    return {
        dict(_LABEL.findall(name))["reason"]: value
        for name, value in metrics.items()
        if name.startswith("kolco_radius_dropped_total{")
    }


def resident(crew):
    return [
        psutil.Process(pid).memory_info().rss
        for pid in (crew.process.pid, *(child.pid for child in crew.children))
    ]


async def settled(crew, sent):
    """The metrics, once all that was sent is counted."""

    async def counted():
        metrics = await crew.metrics()
        return metrics if total(metrics, *SETTLED) >= sent else None

    metrics = await eventually(counted, within_s=60)
    assert total(metrics, *SETTLED) == sent
    return metrics


@pytest.mark.timeout(600)
async def test_a_hundred_thousand_bad_packets_leave_it_as_it_was(crew):
    ports = {"access": crew.auth_port, "accounting": crew.acct_port}
    known, unknown = Sender(ports), Sender(ports, source="127.0.0.2", sockets=1)
    bad = BadPackets(seed=2865, secret=SECRET.encode())
    try:
        before = None
        for _ in range(PACKETS // WARM_UP):
            await asyncio.to_thread(known.send, bad.make(WARM_UP * 9 // 10))
            for _ in range(WARM_UP // (10 * BURST)):  # strangers get no answer to wait for
                await asyncio.to_thread(unknown.send, bad.make(BURST), confirmed=False)
                await asyncio.to_thread(known.send, bad.make(1))
            metrics = await settled(crew, known.sent + unknown.sent)
            before = before or resident(crew)
        assert known.sent + unknown.sent >= PACKETS
        after = resident(crew)
    finally:
        known.close()
        unknown.close()
    assert [process.pid for process in crew.workers()] == [process.pid for process in crew.children]
    assert max(late - early for early, late in zip(before, after, strict=True)) < GROWTH_MAX
    dropped = reasons(metrics)
    assert set(dropped) <= {reason.value for reason in DropReason}
    assert dropped["unknown-nas"] == unknown.sent
    expected = {
        "short",
        "bad-length",
        "bad-attribute",
        "too-many-attributes",
        "wrong-code",
        "bad-authenticator",
    }
    expected |= {"bad-message-authenticator", "no-message-authenticator", "eap-malformed"}
    assert expected <= set(dropped)
    assert total(metrics, "kolco_radius_kernel_drops") == 0
    assert crew.answered()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_strangers_cost_no_statement(radius, device):
    statements = []
    engine = radius.runtime.db.engine.sync_engine
    sa.event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    await asyncio.sleep(1)  # what the daemon asks of itself in that time is what it is compared with
    usual, at_rest = set(statements), len(statements)
    statements.clear()
    sender = Sender({"access": radius.auth_port, "accounting": radius.acct_port}, source="127.0.0.2")
    bad, started = BadPackets(seed=1, secret=SECRET.encode()), time.monotonic()
    try:
        while sender.sent < 5_000:
            await asyncio.to_thread(sender.send, bad.make(BURST), confirmed=False)

        async def counted():
            return (
                radius.metric('kolco_radius_dropped_total{nas="unknown",reason="unknown-nas"}') == sender.sent
            )

        await eventually(counted)
    finally:
        sender.close()
    seconds = time.monotonic() - started
    assert set(statements) <= usual
    assert len(statements) <= 2 * at_rest * max(1.0, seconds)
    assert "Received Access-Accept" in await radius.ask("auth", mab())
