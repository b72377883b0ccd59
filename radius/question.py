"""What an Access-Request asks: who, by which method, from where. Reading it is `reading`'s matter.

Methods: PAP and CHAP with a device's own credential, and MAC authentication (MAB). The portal's
password is never asked for on the air. EAP takes many packets to ask its question: `eap.responder`.
"""

from dataclasses import dataclass
from enum import StrEnum

from controller.core.mac import Mac
from radius.policy.rules import NO_RULE, Verdict
from radius.protocol.eap.steps import EapFailure, Proof
from radius.stations import CalledStation


class Method(StrEnum):
    """How a device proved itself; the values of `sessions.method`."""

    PAP = "radius-pap"
    CHAP = "radius-chap"
    MAB = "radius-mab"
    EAP_TLS = "radius-tls"
    EAP_TTLS = "radius-ttls"
    EAP_PEAP = "radius-peap"
    MSCHAPV2 = "radius-mschapv2"
    MPSK = "radius-mpsk"
    """By a network key of its own (`radius.mpsk`)."""


class Refusal(StrEnum):
    """Why a device was refused; a closed set, because it is a metric label."""

    NO_USER_NAME = "no-user-name"
    NO_PASSWORD = "no-password"  # noqa: S105 - a reason, no password
    UNSUPPORTED_METHOD = "unsupported-method"
    """EAP, where none is offered."""
    NOT_A_MAC = "not-a-mac"
    """MAC authentication was asked for, but User-Name is no MAC."""
    STATION_MISMATCH = "station-mismatch"
    """User-Name and Calling-Station-Id name different devices."""
    UNKNOWN_DEVICE = "unknown-device"
    """The device is not remembered, or its account is blocked."""
    WRONG_CREDENTIAL = "wrong-credential"
    """No valid device credential of that name and password, or of the certificate's name."""
    NO_NETWORK_KEY = "no-network-key"
    """No network key is issued to the device for that SSID, or the passphrase it has is none of them."""
    POLICY = "policy"
    """A rule of the policy denies it."""
    QUOTA_SPENT = "quota-spent"
    """The account's volume of the day or month is used up."""
    TOO_MANY = "too-many-devices"
    """The plan's number of devices is online, and the plan lets no other take their place."""


@dataclass(frozen=True, slots=True)
class Chap:
    """CHAP's response and the challenge it answers (RFC 2865 §5.3, §5.40)."""

    response: bytes
    challenge: bytes


@dataclass(slots=True, init=False)
class Question:
    """What an Access-Request asks. Not to be changed; one is made for each login, so it is not frozen.

    Attributes:
        method: how the device wants to prove itself.
        username: for MAB the canonical MAC.
        password: of PAP, in the clear or in a tunnel; else empty.
        station: the device's MAC, from Calling-Station-Id or, for MAB, from User-Name.
        called: the BSS it joined.
        chap: what CHAP sends instead of a password.
        proof: what EAP's inner method sends.
        nas_id: who asks for the device.
    """

    method: Method
    username: str
    password: str
    station: Mac | None
    called: CalledStation
    chap: Chap | None
    proof: Proof | None
    nas_id: str

    def __init__(  # noqa: PLR0917 - by position, because that is quicker
        self,
        method: Method,
        username: str,
        password: str,
        station: Mac | None,
        called: CalledStation,
        chap: Chap | None = None,
        proof: Proof | None = None,
        nas_id: str = "",
    ) -> None:
        self.method = method
        self.username = username
        self.password = password
        self.station = station
        self.called = called
        self.chap = chap
        self.proof = proof
        self.nas_id = nas_id


@dataclass(frozen=True, slots=True)
class Refused:
    """Not let in, and why.

    Attributes:
        reason: why.
        verdict: the policy's if it was asked.
        account_id: who proved who they are, before the policy was asked; else empty.
        plan_id: the plan of that account.
    """

    reason: Refusal | EapFailure
    verdict: Verdict = NO_RULE
    account_id: str = ""
    plan_id: str = ""
