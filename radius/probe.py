"""A RADIUS client for people: builds one request, sends it and names what comes back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from controller.core.errors import InvalidInputError
from radius.client import exchange, fresh_authenticator, fresh_identifier
from radius.protocol import attributes as a
from radius.protocol.attributes import Code, ServiceType
from radius.protocol.dictionary.definitions import load_dictionary
from radius.protocol.eap.mschapv2 import attest, respond
from radius.protocol.eap.steps import MsChapV2Proof
from radius.protocol.errors import EncodeError
from radius.protocol.mschap import encode_proof, find_attestation
from radius.protocol.packet import Attribute, Packet, encode_integer, encode_text
from radius.protocol.password import chap_response, hide_password
from radius.protocol.requester import PendingRequest
from radius.stations import find_mac

_NAS_IDENTIFIER: Final = "kolco-test"
_WIRELESS_802_11: Final = 19
"""NAS-Port-Type (RFC 2865 §5.41)."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What to ask.

    Attributes:
        method: pap, chap, mschapv2, mab or status.
        username: for all but mab and status.
        password: likewise.
        mac: the device, any notation; required for mab.
        called: Called-Station-Id, or empty.
        extra: further attributes, (name, value) as the dictionary writes them.
    """

    method: str
    username: str = ""
    password: str = ""
    mac: str = ""
    called: str = ""
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What came back: code, attributes in the order of the wire, and how long it took.

    `attested` says for mschapv2 whether the server has shown that it knows the password; None for others.
    """

    code: int
    name: str
    attributes: list[tuple[str, str]]
    seconds: float
    attested: bool | None = None

    @property
    def accepted(self) -> bool:
        """Whether it is an Access-Accept."""
        return self.code == Code.ACCESS_ACCEPT


def build(probe: Probe, secret: bytes, *, identifier: int, random_authenticator: bytes) -> PendingRequest:
    """Return the signed request of a probe.

    Raises:
        InvalidInputError: something in it cannot be sent.
    """
    code = Code.STATUS_SERVER if probe.method == "status" else Code.ACCESS_REQUEST
    try:
        attributes = _attributes(probe, secret, random_authenticator)
        return PendingRequest(code, identifier, attributes, secret, random_authenticator=random_authenticator)
    except EncodeError as error:
        raise InvalidInputError(str(error)) from error


async def ask(
    probe: Probe,
    host: str,
    port: int,
    secret: bytes,
    *,
    timeout_s: float,
    now: Callable[[], float],
    tries: int = 3,
) -> ProbeAnswer:
    """Send a probe, so many times at most, and return the answer.

    Raises:
        InvalidInputError: something in it cannot be sent.
        UnavailableError: no genuine answer came.
    """
    authenticator = fresh_authenticator()
    pending = build(probe, secret, identifier=fresh_identifier(), random_authenticator=authenticator)
    started = now()
    packet = await exchange(pending, host, port, timeout_s=timeout_s, tries=tries)
    seconds = now() - started
    name = Code(packet.code).name.replace("_", "-").title()
    attested = _is_attested(probe, authenticator, packet) if probe.method == "mschapv2" else None
    return ProbeAnswer(packet.code, name, load_dictionary().describe(packet.attributes), seconds, attested)


def _prove(probe: Probe, authenticator: bytes) -> MsChapV2Proof:
    """Return the proof of MSCHAPv2; both challenges are of the random octets that the request has anyway."""
    return respond(probe.username, authenticator, authenticator[::-1], probe.password)


def _is_attested(probe: Probe, authenticator: bytes, packet: Packet) -> bool:
    expected = attest(_prove(probe, authenticator), probe.password).attestation
    return find_attestation(packet) == (authenticator[0], expected)


def _attributes(probe: Probe, secret: bytes, authenticator: bytes) -> list[Attribute]:
    attributes = [encode_text(a.NAS_IDENTIFIER, _NAS_IDENTIFIER)]
    if probe.method != "status":
        mac = find_mac(probe.mac) if probe.mac else None
        if mac is None and (probe.mac or probe.method == "mab"):
            raise InvalidInputError("a MAC is needed, such as 02:00:00:00:00:01", field="mac")
        station = "" if mac is None else mac.replace(":", "-").upper()
        if probe.method == "mab":
            bare = station.replace("-", "").lower()
            username, password = bare, bare
            attributes.append(encode_integer(a.SERVICE_TYPE, ServiceType.CALL_CHECK))
        else:
            username, password = probe.username, probe.password
        attributes += [
            encode_text(a.USER_NAME, username),
            encode_integer(a.NAS_PORT_TYPE, _WIRELESS_802_11),
        ]
        if probe.method == "chap":
            # With no CHAP-Challenge the Request Authenticator is the challenge (RFC 2865 §5.3).
            response = chap_response(authenticator[0], password.encode(), authenticator)
            attributes.append((a.CHAP_PASSWORD, response))
        elif probe.method == "mschapv2":
            attributes += encode_proof(authenticator[0], _prove(probe, authenticator))
        else:
            attributes.append((a.USER_PASSWORD, hide_password(password.encode(), secret, authenticator)))
        if station:
            attributes.append(encode_text(a.CALLING_STATION_ID, station))
        if probe.called:
            attributes.append(encode_text(a.CALLED_STATION_ID, probe.called))
    dictionary = load_dictionary()
    return attributes + [dictionary.encode(name, value) for name, value in probe.extra]
