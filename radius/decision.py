"""What is decided on a question. Deciding is `authorize`'s matter."""

from dataclasses import dataclass

from controller.directory.types import Known
from radius.policy.rules import NO_RULE, Verdict
from radius.question import Method, Refused


@dataclass(slots=True, init=False)
class Accepted:
    """Let in. Not to be changed; one is made for each login, so it is not frozen.

    Attributes:
        known: whose device it is, with its plan. Its MAC is the one that asks, empty if it is not told.
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
    attestation: str
    keys: bytes
    verdict: Verdict
    bytes_left: int | None

    def __init__(  # noqa: PLR0917 - by position, because that is quicker
        self,
        known: Known,
        method: Method,
        session_id: str,
        seconds_left: int,
        attestation: str = "",
        keys: bytes = b"",
        verdict: Verdict = NO_RULE,
        bytes_left: int | None = None,
    ) -> None:
        self.known = known
        self.method = method
        self.session_id = session_id
        self.seconds_left = seconds_left
        self.attestation = attestation
        self.keys = keys
        self.verdict = verdict
        self.bytes_left = bytes_left


Decision = Accepted | Refused
