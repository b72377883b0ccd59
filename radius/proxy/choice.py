"""Ways to home servers, and which is asked first. A pure module.

A login by EAP is many requests that only one home server can answer: it holds the conversation's State.
So who gave a State gets it back, and sharing is by the device, not by the request.
"""

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol, TypeVar

from radius.protocol import attributes as a
from radius.protocol.packet import Packet
from radius.proxy.rewrite import Forwarded
from radius.proxy.types import Home, Reply


class Link(Protocol):
    """A way to a home server for one kind of request."""

    @property
    def home(self) -> Home:
        """The home server."""

    @property
    def up(self) -> bool:
        """It answered when it was last heard of, as far as is known."""

    async def exchange(self, forwarded: Forwarded, patience_s: float) -> Reply:
        """Send a request and wait for the reply.

        Raises:
            NoAnswerError: none came within `patience_s` seconds.
            MalformedError: the request holds a hidden value of impossible length.
        """

    def review(self) -> None:
        """Let go of what is not to be trusted any more."""

    async def close(self) -> None:
        """Give up what is under way and let go of sockets."""


L = TypeVar("L", bound=Link)


def device_key(packet: Packet) -> bytes:
    """Return what requests of one device have in common."""
    return packet.find(a.CALLING_STATION_ID) or packet.find(a.USER_NAME) or b""


def order(links: Sequence[L], *, balance: bool, key: bytes, holder: str | None) -> list[L]:
    """Return the home servers in the order they are asked.

    Args:
        links: in the order of the realm.
        balance: share devices among them; each device has its own order, which changes little when a
            home server comes or goes.
        key: of the device.
        holder: home server that gave the request's State, if known.
    """
    ordered = list(links)
    if balance:
        ordered.sort(key=lambda link: blake2b(link.home.id.encode() + b"\0" + key, digest_size=8).digest())
    return sorted(ordered, key=lambda link: (not (link.home.id == holder and link.up), not link.up))


class StateHolders:
    """Which home server gave which State.

    Args:
        most: how many are remembered; the oldest go first.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._holders: OrderedDict[tuple[str, bytes], str] = OrderedDict()

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._holders)

    def find(self, pattern: str, state: bytes | None) -> str | None:
        """Return who gave a State for this realm, or None."""
        return None if state is None else self._holders.get((pattern, state))

    def note(self, pattern: str, state: bytes, home: str) -> None:
        """Note who gave a State."""
        self._holders[pattern, state] = home
        if len(self._holders) > self._most:
            self._holders.popitem(last=False)
