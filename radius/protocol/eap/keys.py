"""What keys come out of a TLS method, and how RADIUS carries them to the NAS (RFC 2548 §2.4)."""

from collections.abc import Callable, Iterable
from hashlib import md5
from struct import Struct
from typing import Final

from radius.protocol.eap.packet import EapType
from radius.protocol.packet import Attribute, encode_vendor, iter_vendor

MSK_LENGTH: Final = 64
SALT_LENGTH: Final = 2
_MATERIAL_LENGTH: Final = 128
_MICROSOFT: Final = 311
_SEND_KEY: Final = 16
_RECV_KEY: Final = 17
_BLOCK: Final = 16
_SALT = Struct("!H")

_TLS13_LABEL: Final = b"EXPORTER_EAP_TLS_Key_Material"
_LABELS: Final = {
    EapType.TLS: b"client EAP encryption",
    EapType.PEAP: b"client EAP encryption",
    EapType.TTLS: b"ttls keying material",
}
"""RFC 5216 §2.3, draft-josefsson-pppext-eap-tls-eap, RFC 5281 §8."""

Export = Callable[[bytes, int, bytes | None], bytes]
"""TLS's exporter (RFC 5705): label, length, context."""


def derive_msk(kind: EapType, export: Export, *, tls13: bool) -> bytes:
    """Return a method's master session key.

    With TLS 1.3 the label is the same for all methods and the context is the type (RFC 9190 §2.3,
    RFC 9427 §2.1); 128 octets are exported, of which the MSK is the first half. With TLS 1.2 so many octets
    more change nothing in the first ones (RFC 5705 §4).
    """
    if tls13:
        return export(_TLS13_LABEL, _MATERIAL_LENGTH, bytes((kind,)))[:MSK_LENGTH]
    return export(_LABELS[kind], MSK_LENGTH, None)


def encode_mppe_keys(
    keys: bytes, secret: bytes, request_authenticator: bytes, random_salts: bytes
) -> list[Attribute]:
    """Return MS-MPPE-Recv-Key and MS-MPPE-Send-Key, the halves of the keys; four octets make the salts."""
    half = len(keys) // 2
    first = _SALT.unpack_from(random_salts, 0)[0] | 0x8000
    second = _SALT.unpack_from(random_salts, SALT_LENGTH)[0] | 0x8000
    if first == second:  # salts must differ within a packet
        second ^= 1
    return [
        encode_vendor(_MICROSOFT, kind, hide_key(key, secret, request_authenticator, _SALT.pack(salt)))
        for kind, key, salt in (
            (_RECV_KEY, keys[:half], first),
            (_SEND_KEY, keys[half:], second),
        )
    ]


def encode_mppe_key(key: bytes, secret: bytes, request_authenticator: bytes, salt: bytes) -> Attribute:
    """Return a MS-MPPE-Recv-Key alone; some access points are told a network key by it."""
    return encode_vendor(_MICROSOFT, _RECV_KEY, hide_key(key, secret, request_authenticator, salt))


def read_mppe_keys(attributes: Iterable[Attribute], secret: bytes, request_authenticator: bytes) -> bytes:
    """Return the MSK as the NAS reads it from an Accept; a key that is missing is empty."""
    values = {kind: value for vendor, kind, value in iter_vendor(attributes) if vendor == _MICROSOFT}
    return b"".join(
        reveal_key(values.get(kind, b""), secret, request_authenticator) for kind in (_RECV_KEY, _SEND_KEY)
    )


def reveal_key(value: bytes, secret: bytes, request_authenticator: bytes) -> bytes:
    """Return what `hide_key` hid; empty if the value is of no possible length."""
    if len(value) % _BLOCK != SALT_LENGTH:
        return b""
    previous = request_authenticator + value[:SALT_LENGTH]
    plain = bytearray()
    for at in range(SALT_LENGTH, len(value), _BLOCK):
        block = value[at : at + _BLOCK]
        plain += _xor(block, md5(secret + previous, usedforsecurity=False).digest())
        previous = block
    return bytes(plain[1 : 1 + plain[0]]) if plain else b""


def hide_key(key: bytes, secret: bytes, request_authenticator: bytes, salt: bytes) -> bytes:
    """Return the value of an MS-MPPE key attribute: the salt, then the length and key encrypted."""
    plain = bytes((len(key),)) + key
    plain = plain.ljust(-(-len(plain) // _BLOCK) * _BLOCK, b"\0")
    previous = request_authenticator + salt
    hidden = bytearray(salt)
    for at in range(0, len(plain), _BLOCK):
        previous = _xor(plain[at : at + _BLOCK], md5(secret + previous, usedforsecurity=False).digest())
        hidden += previous
    return bytes(hidden)


def _xor(left: bytes, right: bytes) -> bytes:
    return (int.from_bytes(left, "big") ^ int.from_bytes(right, "big")).to_bytes(_BLOCK, "big")
