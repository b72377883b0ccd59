"""uvicorn's HTTP protocol, made to end connections that hold a place without asking anything.

uvicorn by itself waits for ever for the first byte, for the end of the headers and for the body.
Does not parse: h11 does.
"""

import asyncio
from collections import Counter
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_ARRIVING: Final = frozenset({h11.IDLE, h11.SEND_BODY})


class Visitors:
    """Connections by client address; `most` of one address, None without a limit."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()

    def admit(self, address: str) -> bool:
        """Count a connection in; False if the address has too many."""
        if self._most is not None and self._counts[address] >= self._most:
            return False
        self._counts[address] += 1
        return True

    def leave(self, address: str) -> None:
        """Count a connection out."""
        self._counts[address] -= 1
        if not self._counts[address]:
            del self._counts[address]


class PatientProtocol(H11Protocol):
    """Waits `request_s` for each request, from the first byte of it or the last answer to its end."""

    def __init__(self, request_s: float, visitors: Visitors, **options: Any) -> None:
        super().__init__(**options)
        self._request_s = request_s
        self._visitors = visitors
        self._waiting_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._address = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection and begin to wait."""
        super().connection_made(transport)
        address = self.client[0] if self.client is not None else ""
        if not self._visitors.admit(address):
            transport.abort()
            return
        self._address = address
        self._waiting_since = self.loop.time()
        self._timer = self.loop.call_later(self._request_s, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        super().connection_lost(exc)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._visitors.leave(self._address)

    def on_response_complete(self) -> None:
        """Wait anew: for the next request."""
        self._waiting_since = self.loop.time()
        super().on_response_complete()

    def _look(self) -> None:
        left = self._request_s
        if self.conn.their_state in _ARRIVING:
            left -= self.loop.time() - self._waiting_since
        if left <= 0:
            self.transport.abort()
            return
        self._timer = self.loop.call_later(left, self._look)
