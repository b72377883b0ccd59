"""A question to a decision: may they, and for how long. Reads the database and writes nothing.

What is asked is `question`'s matter, what the decision looks like on the wire `reply`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.ids import new_id
from controller.core.mac import Mac
from controller.directory.service import Directory
from controller.directory.types import Known, StoredCredential
from radius import repository
from radius.protocol.password import is_chap_right
from radius.question import Method, Question, Refusal, Refused
from radius.repository import OpenSession


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
        """Answer one question."""
        return (await self.decide_all([question]))[0]

    async def decide_all(self, questions: Sequence[Question]) -> list[Decision]:
        """Answer questions in order, with the same few queries for one as for a hundred."""
        now = self._clock.now()
        macs = {Mac(question.username) for question in questions if question.method is Method.MAB}
        usernames = {question.username for question in questions if question.method is not Method.MAB}
        async with self._db.reading() as tx:
            devices = await self._directory.find_known_devices(tx, macs=macs, now=now) if macs else {}
            credentials: dict[str, StoredCredential] = {}
            if usernames:
                credentials = await self._directory.find_credentials(tx, usernames=usernames, now=now)
            proved = [self._find_known(question, devices, credentials) for question in questions]
            stations = {
                question.station or known.mac
                for question, known in zip(questions, proved, strict=True)
                if known is not None
            }
            sessions = await repository.find_open_sessions(tx, stations) if stations else {}
        return [
            _decide(question, known, sessions, now) for question, known in zip(questions, proved, strict=True)
        ]

    def _find_known(
        self, question: Question, devices: Mapping[Mac, Known], credentials: Mapping[str, StoredCredential]
    ) -> Known | None:
        """Return whose device it is, if it proved itself."""
        if question.method is Method.MAB:
            return devices.get(Mac(question.username))
        credential = credentials.get(question.username)
        if credential is None:
            return None
        if question.chap is None:
            right = self._directory.is_password_of(credential, question.password)
        else:
            password = self._directory.reveal_password(credential)
            right = password is not None and is_chap_right(
                question.chap.response, password.encode(), question.chap.challenge
            )
        return credential.known if right else None


def _decide(
    question: Question, known: Known | None, sessions: Mapping[str, OpenSession], now: datetime
) -> Decision:
    method = question.method
    if known is None:
        return Refused(Refusal.UNKNOWN_DEVICE if method is Method.MAB else Refusal.WRONG_CREDENTIAL)
    session = sessions.get(question.station or known.mac)
    if session is not None and session.account_id == known.account_id and session.expires_at > now:
        left = max(1, int((session.expires_at - now).total_seconds()))
        return Accepted(known, method, session.id, left)
    return Accepted(known, method, new_id(), _longest(known, method, now))


def _longest(known: Known, method: Method, now: datetime) -> int:
    """Return how long a new session may last: a remembered device's no longer than it is remembered."""
    left = known.plan.session_timeout_s
    if method is Method.MAB and known.remembered_until is not None:
        left = min(left, int((known.remembered_until - now).total_seconds()))
    return max(1, left)
