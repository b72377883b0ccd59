"""Whether sessions that were ended at their NASes are over there: what happens next tells.

A NAS's ACK is a promise. A Stop keeps it; so does silence for longer than accounting would be silent. An
Interim-Update breaks it: then the session is named to the NAS in another way, and when all ways are used
up, that is told as a failure, and tried again from the first way after a pause. Pure: the time is given.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

Key = tuple[str, str, str]
"""(NAS, its address, Acct-Session-Id)"""

PAUSE_S: Final = 600.0
"""How long a NAS on which all ways failed is left alone with a session."""
MAX_WATCHED: Final = 100_000


class Ending(StrEnum):
    """What became of a session that its NAS said it had ended; a closed set, a metric label."""

    STOPPED = "stopped"
    """The NAS told its Stop: verified."""
    SILENT = "silent"
    """No more accounting came: verified."""
    STILL_ONLINE = "still-online"
    """An Interim-Update came: named in another way."""
    FAILED = "failed"
    """Interim-Updates come though all ways were tried, or the NAS refused them all."""


@dataclass(slots=True)
class _Watched:
    """A part of a session that its NAS was told to end.

    Attributes:
        session_id: ours.
        way: in which it was named, from 0.
        ways: how many there are.
        told_at: when.
        heard_at: when the NAS last counted for it, or was told.
        failed: all ways were tried.
    """

    session_id: str
    way: int
    ways: int
    told_at: float
    heard_at: float
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """A part of a session of which more is known now."""

    key: Key
    session_id: str
    ending: Ending


class Endings:
    """Sessions that were ended at NASes and are watched.

    Args:
        silence_s: how long without accounting is enough; above two interim intervals.
    """

    def __init__(self, silence_s: float) -> None:
        self._silence_s = silence_s
        self._watched: dict[Key, _Watched] = {}

    def __len__(self) -> int:
        """Return how many are watched."""
        return len(self._watched)

    def choose_way(self, key: Key, now: float) -> int | None:
        """Return the way in which to name a session next; None: it is to be left alone for now."""
        watched = self._watched.get(key)
        if watched is None:
            return 0
        if watched.failed:
            return 0 if now >= watched.told_at + PAUSE_S else None
        return watched.way + 1 if watched.way + 1 < watched.ways else 0

    def told(self, key: Key, session_id: str, *, way: int, ways: int, now: float) -> None:
        """Note that a NAS says that it has ended a session, named in this way of so many."""
        if key not in self._watched and len(self._watched) >= MAX_WATCHED:
            del self._watched[next(iter(self._watched))]
        self._watched[key] = _Watched(session_id, way, ways, now, now)

    def give_up(self, key: Key, session_id: str, *, ways: int, now: float) -> Ended:
        """Note that a NAS cannot be made to end a session, for now."""
        self.told(key, session_id, way=0, ways=ways, now=now)
        self._watched[key].failed = True
        return Ended(key, session_id, Ending.FAILED)

    def stopped(self, key: Key) -> Ended | None:
        """Take a Stop; None if it was not waited for."""
        watched = self._watched.pop(key, None)
        return None if watched is None else Ended(key, watched.session_id, Ending.STOPPED)

    def counted(self, key: Key, now: float) -> Ended | None:
        """Take an Interim-Update of a session that has ended.

        None if that tells nothing new: its NAS was never told, or it is left alone for now.
        """
        watched = self._watched.get(key)
        if watched is None:
            return None
        watched.heard_at = now
        if not watched.failed and watched.way + 1 >= watched.ways:
            return self.give_up(key, watched.session_id, ways=watched.ways, now=now)
        if watched.failed and now < watched.told_at + PAUSE_S:
            return None
        return Ended(key, watched.session_id, Ending.STILL_ONLINE)

    def take_silent(self, now: float) -> list[Ended]:
        """Return what was silent for long enough since it was told to end, and watch it no longer."""
        over = [
            Ended(key, watched.session_id, Ending.SILENT)
            for key, watched in self._watched.items()
            if watched.heard_at + self._silence_s <= now
        ]
        for ended in over:
            del self._watched[ended.key]
        return over
