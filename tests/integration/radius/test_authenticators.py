"""Every kind of packet we send, captured on loopback: tshark and the standard library check it."""

import asyncio
import socket
from datetime import UTC, datetime

import pytest

from controller.models import NetSession
from controller.sessions import service as sessions
from tests.integration.radius import asking
from tests.integration.radius.asking import AP, MAC, SECRET, acct, class_of, mab, rows
from tests.integration.radius.tshark import Capture, is_authentic, is_message_authentic, judge

ACCEPT, REJECT, ACCOUNTED, CHALLENGE = 2, 3, 5, 11
DISCONNECT_REQUEST, DISCONNECT_ACK, DISCONNECT_NAK, COA_REQUEST, COA_NAK = 40, 41, 42, 43, 45
ANSWERS = {ACCEPT, REJECT, ACCOUNTED, CHALLENGE, DISCONNECT_ACK, DISCONNECT_NAK, COA_NAK}
OURS = ANSWERS | {DISCONNECT_REQUEST, COA_REQUEST}
STATUS_SERVER, MESSAGE_AUTHENTICATOR = 12, 80
REQUESTS = {1, 4, STATUS_SERVER, DISCONNECT_REQUEST, COA_REQUEST}
SIGNED = {ACCEPT, REJECT, CHALLENGE, DISCONNECT_REQUEST, COA_REQUEST}
EAP_IDENTITY = "EAP-Message=0x02010006017a"


@pytest.fixture
def nas(monkeypatch):
    """A NAS that hears Disconnect-Requests and says nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        monkeypatch.setattr(asking, "DISCONNECT_PORT", sock.getsockname()[1])
        yield sock


async def hear(nas):
    async with asyncio.timeout(15):
        return await asyncio.get_running_loop().sock_recv(nas, 4096)


async def ask_everything(radius, device, nas):
    """Have the daemon send each kind of packet it sends."""
    _, username, password = device
    signed = "Message-Authenticator=0x00"
    pap = f'User-Name="{username}",User-Password="{password}",Called-Station-Id="{AP}"'
    await radius.ask("auth", f"{pap},Proxy-State=0x0102,Proxy-State=0x03,{signed}\n")
    await radius.ask("auth", f'User-Name="{username}",User-Password="wrong",{signed}\n')
    await radius.ask("auth", f'User-Name="z",{EAP_IDENTITY},{signed}\n')
    await radius.ask("status", f"{signed}\n")
    await asking.radclient(radius.acct_port, "status", f"{signed}\n")
    session_class = class_of(await radius.ask("auth", mab()))
    await radius.ask("acct", acct("Start", Class=session_class))
    await radius.ask("acct", acct("Interim-Update", Class=session_class, Acct_Session_Time=9))
    await radius.ask("coa", f"Calling-Station-Id={MAC},Session-Timeout=60\n")
    await radius.ask("disconnect", "User-Name=somebody\n")
    (session,) = await rows(radius.runtime, NetSession)
    async with radius.runtime.db.transaction() as tx:
        await sessions.end(tx, session.id, reason="admin", now=datetime.now(UTC), source="gateway")
    await hear(nas)
    named = class_of(await radius.ask("auth", mab()))
    await radius.ask("acct", acct("Start", Class=named, Acct_Session_Id="A2"))
    await radius.ask("disconnect", f"Class={named},{signed}\n")


def check(packets, ports):
    """Return what is wrong with what came from the daemon, and which kinds of packets that were."""
    requests = {packet.conversation: packet for packet in packets if packet.code in REQUESTS}
    wrong, kinds = set(), set()
    for packet in packets:
        if packet.from_port not in ports and packet.to_port != asking.DISCONNECT_PORT:
            continue
        kinds.add(packet.code)
        request = requests[packet.conversation]
        answers = packet.code not in REQUESTS and request.code != STATUS_SERVER
        if answers and packet.authenticator is not True:
            wrong.add((packet.code, "authenticator, says tshark"))
        if not is_authentic(packet, request, SECRET):
            wrong.add((packet.code, "authenticator"))
        message_authentic = is_message_authentic(packet, request, SECRET)
        if message_authentic is False:
            wrong.add((packet.code, "message-authenticator"))
        if packet.code in SIGNED or request.code == STATUS_SERVER:
            if message_authentic is None:
                wrong.add((packet.code, "no message-authenticator"))
            elif packet.data[20] != MESSAGE_AUTHENTICATOR:
                wrong.add((packet.code, "message-authenticator is not first"))
    return wrong, kinds


async def test_every_authenticator_we_send_is_right(nas, radius, device, tmp_path):
    ports = {radius.auth_port, radius.acct_port, radius.dynamic_port}
    all_ports = [*ports, asking.DISCONNECT_PORT]
    capture = Capture(tmp_path / "radius.pcap")
    await capture.start(all_ports)
    try:
        await ask_everything(radius, device, nas)
    finally:
        await capture.stop()
    packets = await judge(capture.path, SECRET, all_ports)
    assert check(packets, ports) == (set(), OURS)
    # The judges can also say no: the last octet of each kind was changed on the way.
    content = capture.path.read_bytes()
    for packet in packets:
        if packet.code in OURS:
            broken = packet.data[:-1] + bytes((packet.data[-1] ^ 1,))
            content = content.replace(packet.data, broken)
    changed = tmp_path / "changed.pcap"
    changed.write_bytes(content)
    wrong, _ = check(await judge(changed, SECRET, all_ports), ports)
    assert {code for code, what in wrong if what == "authenticator, says tshark"} == ANSWERS
    assert {code for code, what in wrong if what == "authenticator"} == OURS
    assert {code for code, what in wrong if what == "message-authenticator"} >= SIGNED
    wrong, _ = check(await judge(capture.path, "another secret", all_ports), ports)
    assert wrong == {(code, "authenticator, says tshark") for code in ANSWERS}
