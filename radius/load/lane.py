"""One source socket of an access point: 256 identifiers, which of them are under way, and since when."""

import socket
from array import array
from collections.abc import Callable
from typing import Final

from radius.load.requests import IDENTIFIERS
from radius.load.wire import STRIDE, Incoming, Outgoing

BLOCK: Final = 32
"""Packets a lane takes at a time; their identifiers lie side by side."""
PHASES: Final = IDENTIFIERS // BLOCK
_FREE: Final = -1
_NONE_UNDER_WAY: Final = [_FREE] * BLOCK

Believe = Callable[[int, bytes], bool]
"""Takes a packet's number and the octets that answer it; False: not genuine, go on waiting."""


class Blocks:
    """Packets that nobody has taken yet, by the block.

    Packet n has identifier n modulo 256, so a lane that took blocks of phase p (n // 32 % 8) takes one of
    phase p + 1 next. A lane whose worker is quick takes more: all stay busy until the end.

    Args:
        packets: how many there are.
    """

    def __init__(self, packets: int) -> None:
        self._packets = packets
        self._next = list(range(PHASES))

    def take(self, phase: int) -> tuple[int, int]:
        """Return the first packet of a block of this phase and how many it has; none are left: 0."""
        block = self._next[phase]
        self._next[phase] += PHASES
        first = block * BLOCK
        return first, max(0, min(BLOCK, self._packets - first))


class Lane:
    """See the module.

    Args:
        sock: connected to the server, used for nothing else.
        outgoing: the packets, by number.
        blocks: those not taken.
        number: which lane it is; it begins with the phase of this number.
    """

    def __init__(self, sock: socket.socket, outgoing: Outgoing, blocks: Blocks, number: int) -> None:
        self.sock = sock
        self.lost = 0
        """Given up: too late, or the identifier was needed again."""
        self.strays = 0
        """Datagrams that answered nothing under way: late, repeated or unknown."""
        self.under_way = 0
        self.sent = 0
        self.codes = bytearray()
        """The codes of believed answers, one octet each."""
        self.seconds = array("d")
        """How long they took."""
        self._outgoing = outgoing
        self._blocks = blocks
        self._phase = number % PHASES
        self._first = 0
        self._left = 0
        self._packet = [_FREE] * IDENTIFIERS
        self._since = [0.0] * IDENTIFIERS
        self._resent = bytearray(IDENTIFIERS)

    @property
    def over(self) -> bool:
        """Whether there is nothing left to send."""
        for _ in range(PHASES):
            if self._left:
                break
            self._first, self._left = self._blocks.take(self._phase)
            self._phase = (self._phase + 1) % PHASES
        return not self._left

    def send(self, most: int, now: float, *, insist: bool) -> int:
        """Send up to `most` packets of the present block; return how many.

        Args:
            most: at least 1.
            now: the time.
            insist: whether a packet under way gives way to a new one that needs its identifier; it is lost
                then. If not, the lane waits.
        """
        if self.over:
            return 0
        count = min(most, self._left)
        at = self._first % IDENTIFIERS
        busy = self._packet[at : at + count]
        if busy != _NONE_UNDER_WAY[:count]:
            if insist:
                gone = count - busy.count(_FREE)
                self.lost += gone
                self.under_way -= gone
            else:
                count = next(place for place, packet in enumerate(busy) if packet != _FREE)
                if not count:
                    return 0
        self._packet[at : at + count] = range(self._first, self._first + count)
        self._since[at : at + count] = [now] * count
        self._resent[at : at + count] = bytes(count)
        self._outgoing.send(self.sock, self._first, count)
        self._first += count
        self._left -= count
        self.under_way += count
        self.sent += count
        return count

    def take(self, incoming: Incoming, count: int, now: float, believe: Believe | None, every: int) -> int:
        """Take received datagrams; return how many answers were believed.

        Args:
            incoming: where they are.
            count: how many.
            now: the time.
            believe: judges an answer; None: all are believed.
            every: of how many answers one is judged.
        """
        octets, packets, since, seconds = incoming.octets, self._packet, self._since, self.seconds
        end = count * STRIDE
        codes = octets[0:end:STRIDE]
        good = count
        for number, identifier in enumerate(octets[1:end:STRIDE]):
            packet = packets[identifier]
            if packet < 0:
                self.strays += 1
            elif (
                believe is not None
                and (every == 1 or len(seconds) % every == 0)
                and not believe(packet, bytes(octets[number * STRIDE :][: incoming.length(number)]))
            ):
                pass
            else:
                packets[identifier] = _FREE
                seconds.append(now - since[identifier])
                continue
            good -= 1
            codes[number] = 0
        self.codes += codes if good == count else codes.replace(b"\0", b"")
        self.under_way -= good
        return good

    def sweep(self, now: float, timeout_s: float, retry_s: float) -> None:
        """Give up what was sent too long ago, and send again what is due (0: never): the same octets.

        An access point sends again after every `retry_s` seconds (RFC 5080 §2.2.1).
        """
        if not self.under_way:
            return
        for identifier, packet in enumerate(self._packet):
            if packet == _FREE:
                continue
            age = now - self._since[identifier]
            if age >= timeout_s:
                self._packet[identifier] = _FREE
                self.lost += 1
                self.under_way -= 1
            elif retry_s and age >= retry_s * (1 + self._resent[identifier]):
                self._resent[identifier] += 1
                self._outgoing.send(self.sock, packet, 1)
