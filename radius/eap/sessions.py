"""Devices in the middle of EAP, found by the State they were given. Bounded in number and time.

A device costs nothing to make up: one that only ever says a name must not keep the others out until its
time is over. So when there is no room, who has been silent for longest makes some, if it has been silent
for longer than a device that is there and its access point take to answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from radius.authorize import Decision
from radius.protocol.eap.conversation import Conversation
from radius.protocol.errors import DropReason, UntrustedError

STATE_LENGTH: Final = 16


@dataclass(slots=True)
class EapSession:
    """A device in the middle of EAP.

    Attributes:
        state: the worker's prefix and 16 random octets; the NAS returns them with each response.
        nas: the NAS it came by; State of another's is unknown.
        conversation: how far it is.
        ends_at: when it is given up, seconds of the monotonic clock.
        decision: what was decided, once it was.
    """

    state: bytes
    nas: str
    conversation: Conversation
    ends_at: float
    decision: Decision | None = None


class EapSessions:
    """The table of them.

    Args:
        most: how many there may be; further devices have to try again later.
        lifetime_s: seconds after which a device that has not finished is given up.
        silent_s: seconds of silence after which one is given up if there is no room.
        abandoned: told each session that is given up.
    """

    def __init__(
        self, *, most: int, lifetime_s: float, silent_s: float, abandoned: Callable[[EapSession], None]
    ) -> None:
        self._most = most
        self._lifetime_s = lifetime_s
        self._silent_s = silent_s
        self._abandoned = abandoned
        self._sessions: dict[bytes, EapSession] = {}
        # When each was last heard, by State: the one that has been silent for longest comes first.
        self._heard: dict[bytes, float] = {}

    def __len__(self) -> int:
        """Return the number of devices in the middle of EAP, the late ones included."""
        return len(self._sessions)

    def check_room(self, now: float) -> None:
        """Give up those that are late, and if need be the one that has been silent for longest.

        Raises:
            UntrustedError: even so there is no room for one more.
        """
        self.expire(now)
        if len(self._sessions) < self._most:
            return
        state, heard_at = next(iter(self._heard.items()))
        if heard_at + self._silent_s > now:
            raise UntrustedError(DropReason.EAP_OVERLOAD)
        self._give_up(self._sessions[state])

    def add(self, state: bytes, nas: str, conversation: Conversation, now: float) -> EapSession:
        """Add a device under a fresh State."""
        session = EapSession(state, nas, conversation, now + self._lifetime_s)
        self._sessions[state] = session
        self._heard[state] = now
        return session

    def find(self, state: bytes, nas: str, now: float) -> EapSession | None:
        """Return the device of a State, or None if there is none, or no longer."""
        self.expire(now)
        session = self._sessions.get(state)
        if session is None or session.nas != nas:
            return None
        del self._heard[state]
        self._heard[state] = now
        return session

    def end(self, session: EapSession) -> None:
        """Forget a device that has finished."""
        if self._sessions.pop(session.state, None) is not None:
            del self._heard[session.state]

    def expire(self, now: float) -> None:
        """Give up those that are late."""
        while self._sessions:
            session = next(iter(self._sessions.values()))  # the oldest: all live equally long
            if session.ends_at > now:
                return
            self._give_up(session)

    def _give_up(self, session: EapSession) -> None:
        self.end(session)
        self._abandoned(session)
