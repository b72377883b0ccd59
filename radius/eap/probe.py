"""A whole EAP login for people, as a device behind a NAS makes it: `kolco radius test ttls-pap`."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from OpenSSL import SSL

from controller.core.errors import InvalidInputError, UnavailableError
from radius.client import exchange, fresh_authenticator, fresh_identifier, open_line
from radius.probe import ProbeAnswer
from radius.protocol import attributes as a
from radius.protocol.attributes import Code, ServiceType
from radius.protocol.dictionary.definitions import load_dictionary
from radius.protocol.eap.conversation import MAX_ROUNDS
from radius.protocol.eap.keys import MSK_LENGTH, read_mppe_keys
from radius.protocol.eap.mschapv2 import CHALLENGE_LENGTH
from radius.protocol.eap.packet import EapCode, EapType, encode_eap, join_message, split_message
from radius.protocol.eap.peer import Device, Peer
from radius.protocol.eap.tls import TlsClient, TlsIdentity
from radius.protocol.errors import PeerError
from radius.protocol.packet import Attribute, Packet, encode_integer, encode_text
from radius.protocol.requester import PendingRequest
from radius.stations import find_mac

_NAS_IDENTIFIER: Final = "kolco-test"
_WIRELESS_802_11: Final = 19
_FRAMED_MTU: Final = 1_400
_VERSIONS: Final = {"": 0, "1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}


@dataclass(frozen=True, slots=True)
class EapProbe:
    """What to try.

    Attributes:
        method: one of `peer.METHODS`.
        ca_pem: the authority the server's certificate must be of.
        anonymous: the name said in the open.
        username: the credential's name; not for tls.
        password: its password; not for tls.
        identity: the device's certificate, for tls.
        mac: the device, any notation, or empty.
        called: Called-Station-Id, or empty.
        newest: newest version of TLS spoken: 1.2 or 1.3; empty: the newest there is.
        resume: log in twice, the second time by resuming the TLS session; what it ends with is told.
        wander: send each request from another port, as some access points do, and not all from one.
    """

    method: str
    ca_pem: bytes
    anonymous: str = "anonymous"
    username: str = ""
    password: str = ""
    identity: TlsIdentity | None = None
    mac: str = ""
    called: str = ""
    newest: str = ""
    resume: bool = False
    wander: bool = False


@dataclass(frozen=True, slots=True)
class EapProbeAnswer:
    """The last answer of a login, and how it came about.

    Attributes:
        answer: Access-Accept or Access-Reject.
        rounds: how many requests it took.
        keys_match: whether device and NAS have the same keys.
        tls: the version of TLS that was spoken, empty before there was any.
        resumed: whether the TLS session of an earlier login was resumed.
        cipher: the cipher suite, by its name in OpenSSL, empty before there was any.
        distrust: what the device finds wrong with the server's certificate; empty if nothing.
    """

    answer: ProbeAnswer
    rounds: int
    keys_match: bool
    tls: str
    resumed: bool
    cipher: str = ""
    distrust: str = ""


async def ask_eap(
    probe: EapProbe, host: str, port: int, secret: bytes, *, timeout_s: float, now: Callable[[], float]
) -> EapProbeAnswer:
    """Log in, twice if that is to be tried, and return how it ended.

    Raises:
        InvalidInputError: something in the probe cannot be used.
        UnavailableError: no genuine answer came, or one that no device understands.
    """
    async with open_line(host, port) as line:
        ask = partial(exchange, host=host, port=port) if probe.wander else line.ask
        login = _Login(_attributes(probe), probe.anonymous, partial(ask, timeout_s=timeout_s), secret, now)
        peer = _make_peer(probe)
        ended = await _log_in(peer, login)
        return await _log_in(peer.again(), login) if probe.resume and ended.answer.accepted else ended


@dataclass(frozen=True, slots=True)
class _Login:
    """What all logins of a probe have in common."""

    attributes: list[Attribute]
    anonymous: str
    ask: Callable[[PendingRequest], Awaitable[Packet]]
    secret: bytes
    now: Callable[[], float]


async def _log_in(peer: Peer, login: _Login) -> EapProbeAnswer:
    said = encode_eap(EapCode.RESPONSE, 0, EapType.IDENTITY, login.anonymous.encode())
    state: list[Attribute] = []
    started = login.now()
    for rounds in range(1, MAX_ROUNDS + 2):
        authenticator = fresh_authenticator()
        pending = PendingRequest(
            Code.ACCESS_REQUEST,
            fresh_identifier(),
            [*login.attributes, *state, *split_message(said)],
            login.secret,
            random_authenticator=authenticator,
        )
        packet = await login.ask(pending)
        answer = _hear(peer, packet)
        if packet.code != Code.ACCESS_CHALLENGE or answer is None:
            keys = read_mppe_keys(packet.attributes, login.secret, authenticator)
            match = packet.code == Code.ACCESS_ACCEPT and len(keys) == MSK_LENGTH and keys == peer.msk()
            return EapProbeAnswer(
                _describe(packet, login.now() - started),
                rounds,
                match,
                peer.tls_version,
                peer.resumed,
                peer.cipher,
                "" if peer.distrust is None else peer.distrust.value,
            )
        said = answer
        state = [(a.STATE, value) for value in packet.find_all(a.STATE)]
    raise UnavailableError("the server goes on and on", hint="no access point bears that many rounds")


def _make_peer(probe: EapProbe) -> Peer:
    try:
        client = TlsClient(probe.ca_pem, probe.identity, newest=_VERSIONS[probe.newest])
    except (ValueError, SSL.Error) as error:
        raise InvalidInputError(
            f"cannot use the certificate: {error}", hint="certificate, key and authority are PEM files"
        ) from error
    challenge = secrets.token_bytes(CHALLENGE_LENGTH)
    return Peer(Device(probe.method, probe.anonymous, probe.username, probe.password, challenge), client)


def _attributes(probe: EapProbe) -> list[Attribute]:
    attributes = [
        encode_text(a.NAS_IDENTIFIER, _NAS_IDENTIFIER),
        encode_text(a.USER_NAME, probe.anonymous),
        encode_integer(a.SERVICE_TYPE, ServiceType.FRAMED),
        encode_integer(a.NAS_PORT_TYPE, _WIRELESS_802_11),
        encode_integer(a.FRAMED_MTU, _FRAMED_MTU),
    ]
    if probe.mac:
        mac = find_mac(probe.mac)
        if mac is None:
            raise InvalidInputError("a MAC is needed, such as 02:00:00:00:00:01", field="mac")
        attributes.append(encode_text(a.CALLING_STATION_ID, mac.replace(":", "-").upper()))
    if probe.called:
        attributes.append(encode_text(a.CALLED_STATION_ID, probe.called))
    return attributes


def _hear(peer: Peer, packet: Packet) -> bytes | None:
    octets = join_message(packet.find_all(a.EAP_MESSAGE))
    try:
        return peer.receive(octets) if octets else None
    except PeerError as error:
        raise UnavailableError(
            f"the server said what no device understands: {error.reason.value}",
            hint="bad-authenticator: it does not know the password it accepts",
        ) from error


def _describe(packet: Packet, seconds: float) -> ProbeAnswer:
    shown = [attribute for attribute in packet.attributes if attribute[0] != a.EAP_MESSAGE]
    name = Code(packet.code).name.replace("_", "-").title()
    return ProbeAnswer(packet.code, name, load_dictionary().describe(shown), seconds)
