"""One process's share of a load of single requests: PAP and accounting."""

import secrets
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from radius.load import wire
from radius.load.drive import make_drive
from radius.load.judge import find_fault
from radius.load.lane import Believe, Blocks, Lane
from radius.load.plan import LoadPlan, Target, Work
from radius.load.report import Part
from radius.load.requests import Login, Session, accounting_requests, pap_requests
from radius.protocol.attributes import CLASS, Code
from radius.protocol.packet import parse_packet

_BUFFER: Final = 4_194_304


def open_socket(target: Target) -> socket.socket:
    """Return a UDP socket of its own source port, connected to the server."""
    address = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)[0]
    sock = socket.socket(address[0], socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    sock.connect(address[4])
    return sock


@dataclass(frozen=True, slots=True)
class _Asked:
    """Requests that are ready, and whom each is about: an index into the plan's logins."""

    datagrams: list[bytes]
    who: list[int]


class Asker:
    """Signs everything at once; `run` starts the clock.

    Args:
        plan: the load.
        learn: keep the Class values of Accepts, by login.
    """

    def __init__(self, plan: LoadPlan, *, learn: bool = False) -> None:
        self._plan = plan
        self._learn = learn
        self._faults: Counter[str] = Counter()
        self._classes: dict[int, tuple[bytes, ...]] = {}
        self._asked = _ask_for_logins(plan, learn) if plan.work == Work.PAP else _ask_to_account(plan)

    def run(self) -> Part:
        """Send everything and return what came back."""
        plan = self._plan
        batches = plan.batches and wire.has_batches()
        outgoing = wire.lay_out(self._asked.datagrams, batches=batches)
        blocks = Blocks(len(self._asked.datagrams))
        every = 1 if self._learn else plan.verify_every
        with ExitStack() as stack:
            lanes = [
                Lane(stack.enter_context(open_socket(plan.target)), outgoing, blocks, number)
                for number in range(plan.lanes_needed())
            ]
            room = wire.make_room(batches=batches)
            believe: Believe | None = self._believe if every else None
            drive = make_drive(lanes, plan.pace, room, believe, every)
            drive.run()
        part = Part(
            lost=sum(lane.lost for lane in lanes),
            strays=sum(lane.strays for lane in lanes),
            faults=self._faults,
            sending_s=drive.sent - drive.started,
            elapsed_s=drive.ended - drive.started,
            classes=self._classes,
        )
        for lane in lanes:
            part.sent += lane.sent
            part.codes.update(lane.codes)
            part.seconds.extend(lane.seconds)
        part.packets = part.sent
        return part

    def _believe(self, number: int, answer: bytes) -> bool:
        target = self._plan.target
        fault = find_fault(self._asked.datagrams[number], answer, target.secret, require=target.require)
        if fault is not None:
            self._faults[fault.value] += 1
            return False
        if self._learn and answer[0] == Code.ACCESS_ACCEPT:
            self._classes[self._asked.who[number]] = tuple(parse_packet(answer).find_all(CLASS))
        return True


def _ask_for_logins(plan: LoadPlan, learn: bool) -> _Asked:
    """Everybody once, in order, if something is to be learned of each; else whoever chance picks."""
    count = len(plan.logins)
    numbers = list(range(count)) if learn else secrets.SystemRandom().choices(range(count), k=plan.count)

    def logins() -> Iterator[Login]:
        for number in numbers:
            yield plan.logins[number]

    requests = pap_requests(logins(), len(numbers), plan.target.secret, plan.station, secrets.token_bytes)
    return _Asked(list(requests), numbers)


def _ask_to_account(plan: LoadPlan) -> _Asked:
    run = secrets.token_hex(4)
    sessions = []
    for number in range(plan.count):
        place = number % len(plan.logins) if plan.logins else 0
        login = plan.logins[place] if plan.logins else Login("", "")
        classes = plan.classes[place] if plan.classes else ()
        sessions.append(Session(f"{run}-{number:x}", login.username, login.mac, classes))
    return _Asked(list(accounting_requests(sessions, plan.interims, plan.target.secret, plan.station)), [])
