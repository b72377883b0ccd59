"""One process's share of a load of EAP logins: many devices behind access points, each a conversation."""

import secrets
import select
import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

from OpenSSL import SSL

from radius.load.asker import open_socket
from radius.load.judge import find_fault
from radius.load.plan import LoadPlan
from radius.load.report import Part
from radius.load.requests import IDENTIFIERS, Login
from radius.protocol import attributes as a
from radius.protocol.attributes import Code, ServiceType
from radius.protocol.authenticator import sign_request
from radius.protocol.eap.keys import MSK_LENGTH, read_mppe_keys
from radius.protocol.eap.mschapv2 import CHALLENGE_LENGTH
from radius.protocol.eap.packet import EapCode, EapType, encode_eap, join_message, split_message
from radius.protocol.eap.peer import Device, Peer
from radius.protocol.eap.tls import TlsClient, TlsIdentity
from radius.protocol.errors import MalformedError, PeerError
from radius.protocol.packet import (
    AUTHENTICATOR_LENGTH,
    HEADER_LENGTH,
    Attribute,
    Packet,
    encode_integer,
    encode_text,
    parse_packet,
)

FAULT_EAP: Final = "eap-not-understood"
FAULT_KEYS: Final = "eap-keys"
_ANONYMOUS: Final = "anonymous"
_FRAMED_MTU: Final = 1_400
_WIRELESS_802_11: Final = 19
_SWEEP_S: Final = 0.1
_TICK_S: Final = 0.001
_LONGEST: Final = 4_096
_DONTWAIT: Final = int(socket.MSG_DONTWAIT)
_VERSIONS: Final = {"": 0, "1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}


@dataclass(slots=True, eq=False)
class _Conversation:
    """A login under way; `request` is what was sent last."""

    peer: Peer
    began: float
    attributes: list[Attribute]
    request: bytes = b""
    sent_at: float = 0.0
    resent: int = 0


class _Lane:
    """A source socket and the conversation that waits for each identifier."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.waiting: dict[int, _Conversation] = {}
        self._next = secrets.randbelow(IDENTIFIERS)

    @property
    def full(self) -> bool:
        return len(self.waiting) == IDENTIFIERS

    def take_identifier(self) -> int:
        while self._next in self.waiting:
            self._next = (self._next + 1) % IDENTIFIERS
        taken, self._next = self._next, (self._next + 1) % IDENTIFIERS
        return taken


class Supplicants:
    """Reads certificates at once; `run` starts the clock.

    Args:
        plan: the load.

    Raises:
        ValueError: a certificate is no PEM.
        OpenSSL.SSL.Error: key and certificate do not belong together.
    """

    def __init__(self, plan: LoadPlan) -> None:
        self._plan = plan
        identity = TlsIdentity(*plan.identity) if plan.identity is not None else None
        self._client = TlsClient(plan.ca_pem, identity, newest=_VERSIONS[plan.newest_tls])
        self._same = [
            encode_text(a.NAS_IDENTIFIER, plan.station.nas_identifier),
            encode_text(a.USER_NAME, _ANONYMOUS),
            encode_integer(a.SERVICE_TYPE, ServiceType.FRAMED),
            encode_integer(a.NAS_PORT_TYPE, _WIRELESS_802_11),
            encode_integer(a.FRAMED_MTU, _FRAMED_MTU),
        ]
        if plan.station.called:
            self._same.append(encode_text(a.CALLED_STATION_ID, plan.station.called))
        self._part = Part()
        self._lanes: list[_Lane] = []
        self._turn = 0
        self._last_answer = 0.0
        self._pick = partial(secrets.SystemRandom().choice, plan.logins)

    def run(self) -> Part:
        """Let everybody log in and return what came of it."""
        plan, part = self._plan, self._part
        with ExitStack() as stack:
            poll = stack.enter_context(select.epoll())
            for _ in range(plan.lanes_needed()):
                self._lanes.append(_Lane(stack.enter_context(open_socket(plan.target))))
                poll.register(self._lanes[-1].sock, select.EPOLLIN)
            by_fd = {lane.sock.fileno(): lane for lane in self._lanes}
            started = self._last_answer = sent = sweep_at = time.perf_counter()
            stop = started + plan.pace.seconds if plan.pace.seconds else float("inf")
            while True:
                now = time.perf_counter()
                beginning = part.sent < plan.count and now < stop
                if beginning and self._begin(now, now - started):
                    sent = now
                if not beginning and not any(lane.waiting for lane in self._lanes):
                    break
                for fd, _ in poll.poll(_TICK_S if plan.pace.rate else _SWEEP_S):
                    self._receive(by_fd[fd])
                if now >= sweep_at:
                    sweep_at = now + _SWEEP_S
                    for lane in self._lanes:
                        self._sweep(lane, now)
        part.elapsed_s = max(self._last_answer, sent) - started
        part.sending_s = sent - started if plan.pace.rate else part.elapsed_s
        return part

    def _begin(self, now: float, elapsed: float) -> int:
        """Begin as many logins as it is time for; return how many."""
        pace, part = self._plan.pace, self._part
        if pace.rate:
            due = int(elapsed * pace.rate) - part.sent
        else:
            due = pace.in_flight - sum(len(lane.waiting) for lane in self._lanes)
        due = min(due, self._plan.count - part.sent)
        for begun in range(due):
            lane = self._lanes[self._turn]
            self._turn = (self._turn + 1) % len(self._lanes)
            if lane.full:
                return begun
            self._open(lane, self._pick() if self._plan.logins else Login("", ""), now)
        return max(0, due)

    def _open(self, lane: _Lane, login: Login, now: float) -> None:
        self._part.sent += 1
        challenge = secrets.token_bytes(CHALLENGE_LENGTH)
        device = Device(self._plan.work.value, _ANONYMOUS, login.username, login.password, challenge)
        attributes = self._same
        if login.mac:
            attributes = [*attributes, encode_text(a.CALLING_STATION_ID, login.mac)]
        conversation = _Conversation(Peer(device, self._client), now, attributes)
        said = encode_eap(EapCode.RESPONSE, 0, EapType.IDENTITY, _ANONYMOUS.encode())
        self._say(lane, conversation, said, [])

    def _say(self, lane: _Lane, conversation: _Conversation, said: bytes, states: list[bytes]) -> None:
        identifier = lane.take_identifier()
        lane.waiting[identifier] = conversation
        conversation.request = sign_request(
            Code.ACCESS_REQUEST,
            identifier,
            [
                *conversation.attributes,
                *((a.STATE, state) for state in states),
                *split_message(said),
            ],
            self._plan.target.secret,
            random_authenticator=secrets.token_bytes(AUTHENTICATOR_LENGTH),
        )
        conversation.sent_at = time.perf_counter()
        conversation.resent = 0
        self._part.packets += 1
        _send(lane.sock, conversation.request)

    def _receive(self, lane: _Lane) -> None:
        while True:
            try:
                data = lane.sock.recv(_LONGEST, _DONTWAIT)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self._take(lane, data)

    def _take(self, lane: _Lane, data: bytes) -> None:
        part = self._part
        try:
            packet = parse_packet(data)
        except MalformedError as error:
            part.faults[error.reason.value] += 1
            return
        conversation = lane.waiting.get(packet.identifier)
        if conversation is None:
            part.strays += 1
            return
        every, target = self._plan.verify_every, self._plan.target
        if every and part.packets % every == 0:
            fault = find_fault(conversation.request, data, target.secret, require=target.require)
            if fault is not None:
                part.faults[fault.value] += 1
                return
        del lane.waiting[packet.identifier]
        answer = self._hear(conversation, packet)
        if answer is not None:
            self._say(lane, conversation, answer, packet.find_all(a.STATE))

    def _hear(self, conversation: _Conversation, packet: Packet) -> bytes | None:
        """Return what the device says next; None if the login is over, which is noted."""
        part = self._part
        octets = join_message(packet.find_all(a.EAP_MESSAGE))
        try:
            answer = conversation.peer.receive(octets) if octets else None
        except PeerError:
            part.faults[FAULT_EAP] += 1
            return None
        if packet.code == Code.ACCESS_CHALLENGE and answer is not None:
            return answer
        self._last_answer = time.perf_counter()
        part.seconds.append(self._last_answer - conversation.began)
        part.codes[packet.code] += 1
        if packet.code == Code.ACCESS_ACCEPT and self._plan.verify_every == 1:
            authenticator = conversation.request[4:HEADER_LENGTH]
            keys = read_mppe_keys(packet.attributes, self._plan.target.secret, authenticator)
            if len(keys) != MSK_LENGTH or keys != conversation.peer.msk():
                part.faults[FAULT_KEYS] += 1
        return None

    def _sweep(self, lane: _Lane, now: float) -> None:
        pace = self._plan.pace
        for identifier, conversation in list(lane.waiting.items()):
            age = now - conversation.sent_at
            if age >= pace.timeout_s:
                del lane.waiting[identifier]
                self._part.lost += 1
            elif pace.retry_s and age >= pace.retry_s * (1 + conversation.resent):
                conversation.resent += 1
                _send(lane.sock, conversation.request)


def _send(sock: socket.socket, data: bytes) -> None:
    while True:
        try:
            sock.send(data)
        except ConnectionRefusedError:  # what came back for a former datagram; this one was not sent
            continue
        return
