"""What can become of an accounting record. Holds no behaviour."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SOURCE: Final = "radius"
"""Who counted, in accounting records."""


class Outcome(StrEnum):
    """What became of a record; a closed set, because it is a metric label."""

    STARTED = "started"
    """A session began."""
    JOINED = "joined"
    """A new leg of a session that is open already: a roam, or a portal login."""
    COUNTED = "counted"
    REPEATED = "repeated"
    """Nothing new in it: a retransmission, or overtaken by a later record."""
    ENDED = "ended"
    """The last leg ended, and the session with it."""
    LEFT = "left"
    """A leg ended; the session goes on elsewhere."""
    LATE = "late"
    """The session had ended before; what is new is added to it even so."""
    RESTARTED = "restarted"
    """The NAS restarted: its legs are closed."""
    UNKNOWN_SESSION = "unknown-session"
    """Nothing says whose it is."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a record.

    Attributes:
        outcome: what became of it.
        session_id: the session it belongs to; empty if to none.
        still_online: the NAS goes on counting for a session that had ended: it is to be told again.
    """

    outcome: Outcome
    session_id: str = ""
    still_online: bool = False
