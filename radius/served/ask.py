"""Asks a NAS: a Disconnect- or CoA-Request to its address, with the secrets it may have. Decides nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.core.errors import UnavailableError
from radius.client import exchange, fresh_authenticator, fresh_identifier
from radius.protocol.attributes import Code
from radius.protocol.connection import FindClient
from radius.protocol.packet import Attribute, Packet
from radius.protocol.requester import PendingRequest
from radius.radsec.reverse import ask_desks, is_stand_in
from radius.served.identify import event_timestamp


class Unreachable(Exception):  # noqa: N818 - says what happened; nobody outside sees it
    """No genuine answer came; `known`: whether the NAS stands in the table."""

    def __init__(self, *, known: bool) -> None:
        super().__init__("no answer" if known else "not in the table")
        self.known = known


@dataclass(frozen=True, slots=True)
class Limits:
    """How requests are sent to NASes.

    Attributes:
        port: UDP port of the NASes (3799, RFC 5176 §2.1).
        timeout_s: pause before the first retransmission.
        tries: how often one is sent at most.
    """

    port: int = 3799
    timeout_s: float = 1.0
    tries: int = 4


class NasAsker:
    """Sends requests to NASes.

    Args:
        find_client: gives the NAS of an IP address.
        limits: ports and patience.
        now: gives the time in Unix seconds.
        data_dir: where processes with RadSec connections are found; NASes that come by it are asked there.
    """

    def __init__(
        self, find_client: FindClient, limits: Limits, now: Callable[[], float], data_dir: Path
    ) -> None:
        self._data_dir = data_dir
        self._find_client = find_client
        self._limits = limits
        self._now = now

    async def ask(self, address: str, code: Code, attributes: Sequence[Attribute]) -> Packet:
        """Send a request and return its genuine answer.

        Raises:
            Unreachable: there is none.
        """
        if is_stand_in(address):
            timed = [*attributes, event_timestamp(int(self._now()))]
            answer = await ask_desks(self._data_dir, address, code, timed)
            if answer is None:
                raise Unreachable(known=True)
            return answer
        client = self._find_client(address)
        if client is None:
            raise Unreachable(known=False)
        limits = self._limits
        for secret in client.secrets:  # in a rotation the NAS may still have the older one
            pending = PendingRequest(
                code,
                fresh_identifier(),
                [*attributes, event_timestamp(int(self._now()))],
                secret,
                random_authenticator=fresh_authenticator(),
            )
            try:
                return await exchange(
                    pending, address, limits.port, timeout_s=limits.timeout_s, tries=limits.tries
                )
            except UnavailableError:
                continue
        raise Unreachable(known=True)
