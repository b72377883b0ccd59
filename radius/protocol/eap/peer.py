"""A device's side of EAP: requests in, responses out. For `kolco radius test`, and to try the server with.

Speaks one method and asks for it by Nak. What it is asked for inside the tunnel is `peer_inside`'s.
"""

from dataclasses import dataclass
from typing import Final

from radius.protocol.eap.fragments import ACKNOWLEDGEMENT, START, Assembler, Fragmenter, parse_fragment
from radius.protocol.eap.keys import derive_msk
from radius.protocol.eap.mschapv2 import CHALLENGE_LENGTH
from radius.protocol.eap.packet import EapCode, EapType, encode_eap, parse_eap
from radius.protocol.eap.peer_inside import (
    DeviceEap,
    DeviceInside,
    PeapDevice,
    SilentDevice,
    TtlsEapDevice,
    TtlsMsChapV2Device,
    TtlsPapDevice,
)
from radius.protocol.eap.steps import PROTECTED_SUCCESS, EapFailure
from radius.protocol.eap.tls import TlsClient, TlsEngine, TlsFailedError
from radius.protocol.errors import DropReason, MalformedError

METHODS: Final = ("tls", "ttls-pap", "ttls-gtc", "ttls-mschapv2", "peap-mschapv2", "peap-gtc")
_DISTRUST: Final = frozenset({EapFailure.CERTIFICATE_EXPIRED, EapFailure.CERTIFICATE_UNTRUSTED})
_TYPES: Final = {"tls": EapType.TLS, "ttls": EapType.TTLS, "peap": EapType.PEAP}
_FRAGMENT: Final = 1_000


@dataclass(frozen=True, slots=True)
class Device:
    """What a device has.

    Attributes:
        method: one of `METHODS`.
        anonymous: the name it says in the open.
        username: its name inside the tunnel.
        password: its password.
        challenge: 16 random octets, for MSCHAPv2.
    """

    method: str
    anonymous: str
    username: str = ""
    password: str = ""
    challenge: bytes = bytes(CHALLENGE_LENGTH)


class Peer:
    """See the module.

    Args:
        device: what it has.
        client: its TLS.
        fragment_max: most TLS octets of one response.
        resume: TLS of a former login, which it offers to resume.
    """

    def __init__(
        self,
        device: Device,
        client: TlsClient,
        *,
        fragment_max: int = _FRAGMENT,
        resume: TlsEngine | None = None,
    ) -> None:
        outer, _, inner = device.method.partition("-")
        self._kind = _TYPES[outer]
        self._device = device
        self._client = client
        self._fragment_max = fragment_max
        self._engine: TlsEngine = client.open(resume=resume)
        self._inside = _inside(outer, inner, device)
        self._assembler = Assembler()
        self._fragmenter = Fragmenter(fragment_max)

        self.accepted: bool | None = None
        """Whether Success or Failure was said; None before."""
        self.distrust: EapFailure | None = None
        """What is wrong with the server's certificate, if that is why TLS failed."""

    def again(self) -> "Peer":
        """Return the same device at its next login; it offers to resume the TLS session."""
        return Peer(self._device, self._client, fragment_max=self._fragment_max, resume=self._engine)

    @property
    def tls_version(self) -> str:
        """The version of TLS, such as 1.3; empty before the handshake is done."""
        if not self._engine.established:
            return ""
        return "1.3" if self._engine.is_tls13 else "1.2"

    @property
    def cipher(self) -> str:
        """The cipher suite of TLS, by its name in OpenSSL; empty before the handshake is done."""
        return self._engine.cipher if self._engine.established else ""

    @property
    def resumed(self) -> bool:
        """Whether the server has resumed the session of a former login."""
        return self._engine.resumed is not None

    def msk(self) -> bytes:
        """Return the 64 octets of keys; meaningful after Success."""
        return self._inside.msk() or derive_msk(self._kind, self._engine.export, tls13=self._engine.is_tls13)

    def receive(self, octets: bytes) -> bytes | None:
        """Return the response to a request; None after Success or Failure.

        Raises:
            MalformedError: it cannot be read.
            UntrustedError: the server does not know the password.
        """
        packet = parse_eap(octets)
        if packet.code in {EapCode.SUCCESS, EapCode.FAILURE}:
            self.accepted = packet.code == EapCode.SUCCESS
            if self.accepted:
                self._engine.keep_session()
            return None
        if packet.code != EapCode.REQUEST:
            raise MalformedError(DropReason.EAP_UNEXPECTED)
        kind, data = self._answer(packet.kind, packet.data)
        return encode_eap(EapCode.RESPONSE, packet.identifier, kind, data)

    def _answer(self, kind: int, data: bytes) -> tuple[EapType, bytes]:
        if kind == EapType.IDENTITY:
            return EapType.IDENTITY, self._device.anonymous.encode()
        if kind != self._kind:
            return EapType.NAK, bytes((self._kind,))
        if data == START:
            self._engine.shake_hands()
            return self._kind, self._fragmenter.begin(self._engine.take_output())
        fragment = parse_fragment(data)
        if self._fragmenter.waiting:
            return self._kind, self._fragmenter.next()
        message = self._assembler.add(fragment)
        said = ACKNOWLEDGEMENT if message is None else self._fragmenter.begin(self._work(message))
        return self._kind, said

    def _work(self, message: bytes) -> bytes:
        engine = self._engine
        try:
            engine.feed(message)
            if not engine.established:
                if engine.shake_hands():
                    said = self._inside.begin(engine)
                    engine.write(b"" if self.resumed else said)
            else:
                plain = engine.read()
                if plain and plain != PROTECTED_SUCCESS:
                    engine.write(self._inside.answer(plain))
        except TlsFailedError as error:
            if error.reason in _DISTRUST:
                self.distrust = error.reason
            # The alert, if any, is our last word; Failure follows.
        return engine.take_output()


def _inside(outer: str, inner: str, device: Device) -> DeviceInside:
    username, password = device.username, device.password
    if outer == "tls":
        return SilentDevice()
    if outer == "ttls" and inner == "pap":
        return TtlsPapDevice(username, password)
    if outer == "ttls" and inner == "mschapv2":
        return TtlsMsChapV2Device(username, password, device.challenge)
    kind = EapType.GTC if inner == "gtc" else EapType.MSCHAPV2
    eap = DeviceEap(kind, username, password, device.challenge)
    return PeapDevice(eap) if outer == "peap" else TtlsEapDevice(eap)
