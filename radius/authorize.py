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
from radius.policy.rules import NO_RULE, Verdict
from radius.protocol.eap.mschapv2 import NOTHING, MsChapV2Result, check_mschapv2
from radius.protocol.eap.steps import CertificateProof, MsChapV2Proof, ResumedProof
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
        attestation: for MSCHAPv2, what shows the device that we know its password too.
        keys: for MSCHAPv2, the 32 octets of keys that come of it.
        verdict: what the policy says.
        bytes_left: volume left of a new session's quota; None: no quota, or the session goes on.
    """

    known: Known
    method: Method
    session_id: str
    seconds_left: int
    attestation: str = ""
    keys: bytes = b""
    verdict: Verdict = NO_RULE
    bytes_left: int | None = None


Decision = Accepted | Refused


@dataclass(frozen=True, slots=True)
class _Proved:
    known: Known
    result: MsChapV2Result = NOTHING


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
            proved = [self._find_proved(question, devices, credentials, now) for question in questions]
            stations = {
                question.station or one.known.mac
                for question, one in zip(questions, proved, strict=True)
                if one is not None
            }
            sessions = await repository.find_open_sessions(tx, stations) if stations else {}
        return [
            _decide(question, one, sessions, now) for question, one in zip(questions, proved, strict=True)
        ]

    def _find_proved(
        self,
        question: Question,
        devices: Mapping[Mac, Known],
        credentials: Mapping[str, StoredCredential],
        now: datetime,
    ) -> _Proved | None:
        """Return whose device it is, if it proved itself."""
        if question.method is Method.MAB:
            known = devices.get(Mac(question.username))
            return None if known is None else _Proved(known)
        credential = credentials.get(question.username)
        result = None if credential is None else self._check(question, credential, now)
        return None if credential is None or result is None else _Proved(credential.known, result)

    def _check(
        self, question: Question, credential: StoredCredential, now: datetime
    ) -> MsChapV2Result | None:
        """Return what comes of the proof, mostly nothing, if what was offered is right; else None."""
        proof = question.proof
        if isinstance(proof, ResumedProof):  # the name has proved itself before; it is still valid
            return NOTHING
        if isinstance(proof, CertificateProof):  # TLS has checked all but what time may have changed
            return NOTHING if proof.expires_at > now else None
        if question.chap is None and not isinstance(proof, MsChapV2Proof):
            return NOTHING if self._directory.is_password_of(credential, question.password) else None
        password = self._directory.reveal_password(credential)
        if password is None:
            return None
        if isinstance(proof, MsChapV2Proof):
            return check_mschapv2(proof, password)
        chap = question.chap
        right = chap is not None and is_chap_right(chap.response, password.encode(), chap.challenge)
        return NOTHING if right else None


def _decide(
    question: Question, proved: _Proved | None, sessions: Mapping[str, OpenSession], now: datetime
) -> Decision:
    method = question.method
    if proved is None:
        return Refused(Refusal.UNKNOWN_DEVICE if method is Method.MAB else Refusal.WRONG_CREDENTIAL)
    known, result = proved.known, proved.result
    session = sessions.get(question.station or known.mac)
    if session is not None and session.account_id == known.account_id and session.expires_at > now:
        left = max(1, int((session.expires_at - now).total_seconds()))
        return Accepted(known, method, session.id, left, result.attestation, result.keys)
    left = _longest(known, method, now)
    return Accepted(known, method, new_id(), left, result.attestation, result.keys)


def _longest(known: Known, method: Method, now: datetime) -> int:
    """Return how long a new session may last: a remembered device's no longer than it is remembered."""
    left = known.plan.session_timeout_s
    if method is Method.MAB and known.remembered_until is not None:
        left = min(left, int((known.remembered_until - now).total_seconds()))
    return max(1, left)
