"""What a device says inside a tunnel: the counterpart of `ttls`, `peap` and `inner`."""

from typing import Final, Protocol

from radius.protocol.attributes import EAP_MESSAGE, USER_NAME, USER_PASSWORD
from radius.protocol.eap.avp import Avp, encode_avp, parse_avps
from radius.protocol.eap.binding import NONCE_LENGTH, REQUEST, RESPONSE, bind, bind_resumed
from radius.protocol.eap.binding import TLV as BINDING
from radius.protocol.eap.inner import (
    MS_CHALLENGE,
    MS_FAILURE,
    MS_RESPONSE,
    MS_SUCCESS,
    MS_VALUE_AT,
    Ask,
    encode_mschapv2,
    encode_response,
)
from radius.protocol.eap.mschapv2 import CHALLENGE_LENGTH, attest, respond
from radius.protocol.eap.packet import EapCode, EapType, encode_eap, parse_eap
from radius.protocol.eap.peap import RESULT, read_tlvs, tunnel_key_of
from radius.protocol.eap.steps import MsChapV2Proof
from radius.protocol.eap.tls import TlsEngine
from radius.protocol.errors import DropReason, MalformedError, UntrustedError

_MICROSOFT: Final = 311
_CHAP_CHALLENGE: Final = 11
_CHAP2_RESPONSE: Final = 25
_CHAP2_SUCCESS: Final = 26
_ATTESTATION_LENGTH: Final = 42
_PASSWORD_BLOCK: Final = 16


class DeviceInside(Protocol):
    """What a device says inside a tunnel."""

    def begin(self, engine: TlsEngine) -> bytes:
        """Return what the device says first; empty if it waits."""

    def answer(self, plain: bytes) -> bytes:
        """Return the answer to what the server says; empty if there is only to acknowledge.

        Raises:
            MalformedError: it cannot be read.
            UntrustedError: the server does not know the password, or not the tunnel it was said in.
        """

    def msk(self) -> bytes:
        """Return the keys agreed on inside; empty: those of the tunnel."""


class TunnelKeys:
    """An inside that agrees on no keys."""

    def msk(self) -> bytes:
        """Leave it at those of the tunnel."""
        return b""


class SilentDevice(TunnelKeys):
    """EAP-TLS: the certificate has said it all."""

    def begin(self, engine: TlsEngine) -> bytes:
        """Say nothing."""
        del engine
        return b""

    def answer(self, plain: bytes) -> bytes:
        """Acknowledge."""
        del plain
        return b""


class DeviceEap:
    """The device's side of EAP inside a tunnel.

    Args:
        kind: the method it wants.
        username: its name.
        password: its password.
        challenge: 16 random octets, for MSCHAPv2.
    """

    def __init__(self, kind: EapType, username: str, password: str, challenge: bytes) -> None:
        self._kind = kind
        self._username = username
        self._password = password
        self._challenge = challenge
        self._proof: MsChapV2Proof | None = None

    def answer(self, kind: int, data: bytes) -> Ask:
        """Return the type and data of the response to a request.

        Raises:
            MalformedError: it cannot be read.
            UntrustedError: the server does not know the password.
        """
        if kind == EapType.IDENTITY:
            return Ask(EapType.IDENTITY, self._username.encode())
        if kind != self._kind:
            return Ask(EapType.NAK, bytes((self._kind,)))
        if kind == EapType.GTC:
            return Ask(EapType.GTC, self._password.encode())
        return self._answer_mschapv2(data)

    def keys(self) -> bytes:
        """Return the 32 octets of keys that MSCHAPv2 has made; empty with another method."""
        return b"" if self._proof is None else attest(self._proof, self._password).keys

    def _answer_mschapv2(self, data: bytes) -> Ask:
        operation = data[:1]
        if operation == bytes((MS_CHALLENGE,)):
            challenge = data[MS_VALUE_AT:][:CHALLENGE_LENGTH]
            proof = self._proof = respond(self._username, challenge, self._challenge, self._password)
            value = encode_response(proof) + b"\0"
            return encode_mschapv2(MS_RESPONSE, bytes((len(value),)) + value + self._username.encode())
        if operation == bytes((MS_FAILURE,)):
            return Ask(EapType.MSCHAPV2, operation)
        if operation != bytes((MS_SUCCESS,)) or self._proof is None:
            raise MalformedError(DropReason.EAP_MALFORMED)
        check_attestation(self._proof, self._password, data[MS_VALUE_AT - 1 :])
        return Ask(EapType.MSCHAPV2, operation)


class PeapDevice:
    """The device's side inside PEAPv0.

    Args:
        eap: what it says.
        binds: whether it answers a crypto-binding.
        nonce: 32 random octets for that.
    """

    def __init__(self, eap: DeviceEap, *, binds: bool = True, nonce: bytes = bytes(NONCE_LENGTH)) -> None:
        self._eap = eap
        self._binds = binds
        self._nonce = nonce
        self._engine: TlsEngine | None = None
        self._msk = b""

    def begin(self, engine: TlsEngine) -> bytes:
        """Wait for the server."""
        self._engine = engine
        return b""

    def msk(self) -> bytes:
        """Return the keys of the crypto-binding."""
        return self._msk

    def answer(self, plain: bytes) -> bytes:
        """Answer a request, which has a header only if it is a TLV."""
        if not plain:
            return b""
        if plain[0] == EapCode.REQUEST and int.from_bytes(plain[2:4], "big") == len(plain):
            packet = parse_eap(plain)
            if packet.kind == EapType.TLV:
                said = Ask(EapType.TLV, self._answer_result(packet.data))
            else:
                said = self._eap.answer(packet.kind, packet.data)
            return encode_eap(EapCode.RESPONSE, packet.identifier, said.kind, said.data)
        said = self._eap.answer(plain[0], plain[1:])
        return bytes((said.kind,)) + said.data

    def _answer_result(self, data: bytes) -> bytes:
        """Say the same result; Failure follows if it was none."""
        tlvs = read_tlvs(data)
        result, asked = tlvs.get(RESULT, b""), tlvs.get(BINDING)
        engine = self._engine
        if asked is None or engine is None or not self._binds:
            return result
        tunnel_key = tunnel_key_of(engine)
        resumed = engine.resumed is not None
        binding = bind_resumed(tunnel_key) if resumed else bind(tunnel_key, self._eap.keys())
        if not binding.is_right(asked, REQUEST):
            raise UntrustedError(DropReason.BAD_AUTHENTICATOR)
        self._msk = binding.msk
        return result + binding.encode(RESPONSE, self._nonce)


class TtlsEapDevice(TunnelKeys):
    """The device's side inside EAP-TTLS, with EAP."""

    def __init__(self, eap: DeviceEap) -> None:
        self._eap = eap

    def begin(self, engine: TlsEngine) -> bytes:
        """Say who it is, unasked."""
        del engine
        return self._encode(0, self._eap.answer(EapType.IDENTITY, b""))

    def answer(self, plain: bytes) -> bytes:
        """Answer the request in EAP-Message."""
        for avp in parse_avps(plain):
            if (avp.vendor, avp.code) == (0, EAP_MESSAGE):
                packet = parse_eap(avp.value)
                return self._encode(packet.identifier, self._eap.answer(packet.kind, packet.data))
        return b""

    def _encode(self, identifier: int, said: Ask) -> bytes:
        packet = encode_eap(EapCode.RESPONSE, identifier, said.kind, said.data)
        return encode_avp(Avp(EAP_MESSAGE, 0, packet))


class TtlsPapDevice(TunnelKeys):
    """The device's side inside EAP-TTLS, with PAP."""

    def __init__(self, username: str, password: str) -> None:
        self._username = username
        self._password = password

    def begin(self, engine: TlsEngine) -> bytes:
        """Say name and password."""
        del engine
        password = self._password.encode()
        padded = password + bytes(-len(password) % _PASSWORD_BLOCK)  # hides its length (RFC 5281 §11.2.5)
        return encode_avp(Avp(USER_NAME, 0, self._username.encode())) + encode_avp(
            Avp(USER_PASSWORD, 0, padded)
        )

    def answer(self, plain: bytes) -> bytes:
        """Acknowledge."""
        del plain
        return b""


class TtlsMsChapV2Device(TunnelKeys):
    """The device's side inside EAP-TTLS, with MSCHAPv2.

    Args:
        username: its name.
        password: its password.
        challenge: 16 random octets.
    """

    def __init__(self, username: str, password: str, challenge: bytes) -> None:
        self._username = username
        self._password = password
        self._challenge = challenge
        self._proof: MsChapV2Proof | None = None

    def begin(self, engine: TlsEngine) -> bytes:
        """Answer the challenge that both sides know from the tunnel (RFC 5281 §11.2.4)."""
        derived = engine.export(b"ttls challenge", CHALLENGE_LENGTH + 1, None)
        challenge, identifier = derived[:CHALLENGE_LENGTH], derived[CHALLENGE_LENGTH:]
        proof = self._proof = respond(self._username, challenge, self._challenge, self._password)
        response = identifier + b"\0" + encode_response(proof)
        return b"".join(
            encode_avp(avp)
            for avp in (
                Avp(USER_NAME, 0, self._username.encode()),
                Avp(_CHAP_CHALLENGE, _MICROSOFT, challenge),
                Avp(_CHAP2_RESPONSE, _MICROSOFT, response),
            )
        )

    def answer(self, plain: bytes) -> bytes:
        """Check that the server knows the password too."""
        for avp in parse_avps(plain):
            if (avp.vendor, avp.code) == (_MICROSOFT, _CHAP2_SUCCESS) and self._proof is not None:
                check_attestation(self._proof, self._password, avp.value[1:])
        return b""


def check_attestation(proof: MsChapV2Proof, password: str, said: bytes) -> None:
    """Check what the server says to show that it knows the password.

    Raises:
        UntrustedError: it does not.
    """
    if said[:_ATTESTATION_LENGTH] != attest(proof, password).attestation.encode():
        raise UntrustedError(DropReason.BAD_AUTHENTICATOR)
