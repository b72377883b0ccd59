"""Which datagram goes first in a storm, told from its octets alone, before anything is checked.

A device in the middle of EAP has cost us most already, so it goes first; then who wants in; then what
begins or ends a session; interims last, for the next one says the same and more. A forger gains no more
than a place in the queue.
"""

from enum import IntEnum
from typing import Final

from radius.protocol.attributes import ACCT_STATUS_TYPE, STATE, AcctStatusType, Code
from radius.protocol.packet import HEADER_LENGTH


class Priority(IntEnum):
    """The lower goes first."""

    CONTINUATION = 0
    """An Access-Request with State, and what is rare: Status-Server, Disconnect, CoA."""
    LOGIN = 1
    SESSION = 2
    """Accounting Start, Stop, On, Off."""
    INTERIM = 3
    """Interim-Update, and what is no request at all."""


_ACCESS_REQUEST: Final = int(Code.ACCESS_REQUEST)
_ACCOUNTING_REQUEST: Final = int(Code.ACCOUNTING_REQUEST)
_INTERIM_UPDATE: Final = bytes((0, 0, 0, AcctStatusType.INTERIM_UPDATE))
_RARE: Final = frozenset({int(Code.STATUS_SERVER), int(Code.DISCONNECT_REQUEST), int(Code.COA_REQUEST)})


def classify(data: bytes) -> Priority:
    """Return a datagram's priority; any octets have one."""
    if len(data) < HEADER_LENGTH:
        return Priority.INTERIM
    code = data[0]
    if code == _ACCESS_REQUEST:
        return Priority.LOGIN if _find(data, STATE) is None else Priority.CONTINUATION
    if code == _ACCOUNTING_REQUEST:
        status = _find(data, ACCT_STATUS_TYPE)
        return Priority.INTERIM if status is None or status == _INTERIM_UPDATE else Priority.SESSION
    return Priority.CONTINUATION if code in _RARE else Priority.INTERIM


def _find(data: bytes, kind: int) -> bytes | None:
    """Return the first value of a type, without parsing the rest."""
    position, last = HEADER_LENGTH, len(data) - 1
    while position < last:
        size = data[position + 1]
        if size < 2:  # noqa: PLR2004 - its own header: it would never end, and compiled code takes no such slice
            return None
        if data[position] == kind:
            return data[position + 2 : position + size]
        position += size
    return None
