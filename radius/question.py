"""What an Access-Request asks: who, by which method, from where. A pure module; decides nothing more.

Methods: PAP and CHAP with a device's own credential, and MAC authentication (MAB). The portal's
password is never asked for on the air. EAP takes many packets to ask its question: `eap.responder`.
"""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from controller.core.mac import Mac
from radius.policy.rules import NO_RULE, Verdict
from radius.protocol import attributes as a
from radius.protocol.eap.steps import EapFailure, Proof
from radius.protocol.packet import Packet
from radius.protocol.password import check_chap, unhide_password
from radius.stations import CalledStation, find_mac, parse_called_station


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
    TOO_MANY = "too-many-devices"
    """The plan's number of devices is online, and the plan lets no other take their place."""


@dataclass(frozen=True, slots=True)
class Chap:
    """CHAP's response and the challenge it answers (RFC 2865 §5.3, §5.40)."""

    response: bytes
    challenge: bytes


class Question(msgspec.Struct, frozen=True):
    """What an Access-Request asks. A Struct because one is made for each login.

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
    chap: Chap | None = None
    proof: Proof | None = None
    nas_id: str = ""


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


def read_question(packet: Packet, secret: bytes, nas_id: str = "") -> Question | Refused:
    """Read an Access-Request whose hidden values use `secret`.

    MAB is Service-Type Call-Check (RFC 2865 §5.6), or a User-Name that is a MAC with the same MAC,
    in any notation, as password: what access points send.

    Raises:
        MalformedError: a User-Password or CHAP-Password of impossible length.
    """
    username = packet.find_text(a.USER_NAME)
    if not username:
        return Refused(Refusal.NO_USER_NAME)
    if packet.find(a.EAP_MESSAGE) is not None:
        return Refused(Refusal.UNSUPPORTED_METHOD)
    hidden = packet.find(a.USER_PASSWORD)
    password = None
    if hidden is not None:
        password = unhide_password(hidden, secret, packet.authenticator).decode("utf-8", "replace")
    station = find_mac(packet.find_text(a.CALLING_STATION_ID))
    called = parse_called_station(packet.find_text(a.CALLED_STATION_ID))
    mac = find_mac(username)
    call_check = packet.find_integer(a.SERVICE_TYPE) == a.ServiceType.CALL_CHECK
    if call_check or (password is not None and mac is not None and find_mac(password) == mac):
        return _mac_question(mac, station, called, nas_id)
    response = packet.find(a.CHAP_PASSWORD)
    if response is not None:
        check_chap(response)
        chap = Chap(response, packet.find(a.CHAP_CHALLENGE) or packet.authenticator)
        return Question(Method.CHAP, username, "", station, called, chap, None, nas_id)
    if password is None:
        return Refused(Refusal.NO_PASSWORD)
    return Question(Method.PAP, username, password, station, called, None, None, nas_id)


def _mac_question(
    mac: Mac | None, station: Mac | None, called: CalledStation, nas_id: str
) -> Question | Refused:
    if mac is None:
        return Refused(Refusal.NOT_A_MAC)
    if station not in {None, mac}:
        return Refused(Refusal.STATION_MISMATCH)
    return Question(Method.MAB, mac, "", mac, called, nas_id=nas_id)
