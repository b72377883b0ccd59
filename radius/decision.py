"""What is decided on a question. Deciding is `authorize`'s matter."""

import msgspec

from controller.directory.types import Known
from radius.policy.rules import NO_RULE, Verdict
from radius.question import Method, Refused


class Accepted(msgspec.Struct, frozen=True):
    """Let in. A Struct because one is made for each login.

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
    attestation: str = ""
    keys: bytes = b""
    verdict: Verdict = NO_RULE
    bytes_left: int | None = None


Decision = Accepted | Refused
