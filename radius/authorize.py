"""A question to a decision: may they, and for how long. Reads the database and writes nothing.

What is asked is `question`'s matter, what the decision looks like on the wire `reply`'s.
"""

from dataclasses import dataclass
from datetime import datetime

from controller.core.clock import Clock
from controller.core.db import Database, Tx
from controller.core.ids import new_id
from controller.core.mac import Mac
from controller.directory.service import Directory
from controller.directory.types import Known
from controller.sessions import service as sessions
from radius.protocol.password import is_chap_right
from radius.question import Method, Question, Refusal, Refused


@dataclass(frozen=True, slots=True)
class Accepted:
    """Let in.

    Attributes:
        known: whose device it is, with its plan.
        method: how it proved itself.
        session_id: the open session that goes on, or the one the NAS will start.
        seconds_left: how long the session may last from now.
    """

    known: Known
    method: Method
    session_id: str
    seconds_left: int


Decision = Accepted | Refused


class Authorizer:
    """Decides; reads the database and writes nothing.

    Args:
        db: the database.
        directory: knows devices and credentials.
        clock: gives the time.
    """

    def __init__(self, db: Database, directory: Directory, clock: Clock) -> None:
        self._db = db
        self._directory = directory
        self._clock = clock

    async def decide(self, question: Question) -> Decision:
        """Answer one question.

        Raises:
            MalformedError: a CHAP response of impossible length.
        """
        now = self._clock.now()
        async with self._db.reading() as tx:
            known = await self._find_known(tx, question, now)
            if known is None:
                unknown = question.method is Method.MAB
                return Refused(Refusal.UNKNOWN_DEVICE if unknown else Refusal.WRONG_CREDENTIAL)
            session = await sessions.find_open(tx, mac=question.station or known.mac)
        left = 0 if session is None else session.seconds_remaining(now)
        if session is not None and session.account_id == known.account_id and left:
            return Accepted(known, question.method, session.id, left)
        return Accepted(known, question.method, new_id(), _longest(known, question.method, now))

    async def _find_known(self, tx: Tx, question: Question, now: datetime) -> Known | None:
        """Return whose device it is, if it proved itself."""
        directory = self._directory
        if question.method is Method.MAB:
            return await directory.find_known_device(tx, mac=Mac(question.username), now=now)
        if question.chap is None:
            return await directory.check_credential(
                tx, username=question.username, password=question.password, now=now
            )
        recovered = await directory.recover_credential(tx, username=question.username, now=now)
        if recovered is None:
            return None
        password, known = recovered
        right = is_chap_right(question.chap.response, password.encode(), question.chap.challenge)
        return known if right else None


def _longest(known: Known, method: Method, now: datetime) -> int:
    """Return how long a new session may last: a remembered device's no longer than it is remembered."""
    left = known.plan.session_timeout_s
    if method is Method.MAB and known.remembered_until is not None:
        left = min(left, int((known.remembered_until - now).total_seconds()))
    return max(1, left)
