"""Who is connected: one link per serial, commands out and replies back.

It holds no sockets: a link is anything that can send a command and close itself. The newer
connection of a serial wins, because after a power cut the old one is a ghost that TCP has not
noticed yet.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Protocol

from controller.ap_channel.ucentral.commands import Command, Reply
from controller.core.errors import UnavailableError

DEFAULT_TIMEOUT_S = 30.0
CLOSE_REPLACED = 4001
CLOSE_RETIRED = 4003


class Session:
    """What the channel remembers of one connected access point; a few hundred bytes.

    ``config_uuid`` is the configuration it runs, ``sanity`` the last healthcheck (0 to 100).
    """

    __slots__ = ("config_uuid", "connected_at", "sanity", "serial")

    def __init__(self, serial: str, *, connected_at: datetime, config_uuid: int) -> None:
        self.serial = serial
        self.connected_at = connected_at
        self.config_uuid = config_uuid
        self.sanity: int | None = None


class Link(Protocol):
    """A connected access point as the registry sees it."""

    session: Session | None

    def command(self, command: Command, timeout_s: float) -> asyncio.Future[Reply]:
        """Send a command; the future ends with the reply, or UnavailableError."""

    def close(self, code: int, why: str) -> None:
        """Close the websocket with ``code``."""


class Registry:
    """Links by serial."""

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}

    def __len__(self) -> int:
        return len(self._links)

    def add(self, serial: str, link: Link) -> bool:
        """Make ``link`` the link of ``serial`` and close an older one; True if there was one."""
        older = self._links.get(serial)
        self._links[serial] = link
        if older is None or older is link:
            return False
        older.close(CLOSE_REPLACED, "replaced by a newer connection")
        return True

    def remove(self, serial: str, link: Link) -> bool:
        """Forget ``link``; False if a newer one stands in its place already."""
        if self._links.get(serial) is not link:
            return False
        del self._links[serial]
        return True

    def find(self, serial: str) -> Session | None:
        """The session of a connected access point."""
        link = self._links.get(serial)
        return link.session if link is not None else None

    def serials(self) -> list[str]:
        """Serials of the connected access points."""
        return list(self._links)

    def close(self, serial: str, code: int, why: str) -> bool:
        """Close the connection of ``serial``; False if it has none."""
        link = self._links.get(serial)
        if link is None:
            return False
        link.close(code, why)
        return True

    async def send(self, serial: str, command: Command, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> Reply:
        """Send a command and await its reply.

        Raises UnavailableError when the access point is not connected, hangs up, or does not answer
        within ``timeout_s``; LocalProtocolError when the command cannot be sent as it is.
        """
        link = self._links.get(serial)
        if link is None:
            message = f"access point {serial} is not connected"
            raise UnavailableError(message, hint="`kolco ap show` says when it was last seen", serial=serial)
        return await link.command(command, timeout_s)
