"""How what answers requests is joined to the rest of RADIUS, be it in a worker process or not."""

from typing import Final, Protocol

from radius.protocol.connection import RequestReceived


class Link(Protocol):
    """What the assembly of a worker sees of its surroundings."""

    @property
    def number(self) -> int:
        """Which worker it is, from 0; names its journal and its EAP States."""

    @property
    def reuse_port(self) -> bool:
        """Whether others listen on the same ports."""

    def hand_over(self, request: RequestReceived, state: bytes) -> bool:
        """Give an EAP datagram to the worker whose State it holds; false if there is no such worker."""


class AloneLink:
    """The link where the daemon answers by itself."""

    number: Final = 0
    reuse_port: Final = False

    def hand_over(self, _request: RequestReceived, _state: bytes) -> bool:
        """Return that there is nobody else."""
        return False
