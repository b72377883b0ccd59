"""PEAP's crypto-binding ([MS-PEAP] §2.2.8.1.1, §3.1.5.5): tunnel and inner method have the same two ends.

Who relays a device's inner method through a tunnel of their own cannot know the keys of both. It is offered
to every device; one that does not answer it is let in with the tunnel's keys, as devices of old are.
"""

import hmac
from dataclasses import dataclass
from struct import Struct
from typing import Final

from radius.protocol.eap.packet import EapType

NONCE_LENGTH: Final = 32
TUNNEL_KEY_LENGTH: Final = 60
TLV: Final = 12
"""Type of the TLV."""
REQUEST: Final = 0
RESPONSE: Final = 1

_TEMPORARY: Final = 40
_INNER_KEY: Final = 32
_MSK: Final = 64
_MAC: Final = 20
_HEADER = Struct("!HHBBBB")
_VALUE: Final = 4 + NONCE_LENGTH + _MAC
TLV_LENGTH: Final = 4 + _VALUE
_VERSION: Final = 0
_COMPOUND: Final = b"Inner Methods Compound Keys"
_SESSION: Final = b"Session Key Generating Function\0"


@dataclass(frozen=True, slots=True)
class Binding:
    """What binds: the key of the compound MAC, and the master session key of who has shown to know it."""

    mac_key: bytes
    msk: bytes

    def encode(self, subtype: int, nonce: bytes) -> bytes:
        """Return the TLV, 60 octets; `nonce` are 32 random octets."""
        header = _HEADER.pack(TLV, _VALUE, 0, _VERSION, _VERSION, subtype) + nonce
        return header + self._mac(header)

    def is_right(self, tlv: bytes, subtype: int) -> bool:
        """Tell whether a TLV, header included, is of the other side and shows that it knows the keys."""
        if len(tlv) != TLV_LENGTH:
            return False
        header, mac = tlv[:-_MAC], tlv[-_MAC:]
        expected = (_VALUE, _VERSION, subtype)
        _, length, _, version, _, told = _HEADER.unpack_from(header)
        return (length, version, told) == expected and hmac.compare_digest(mac, self._mac(header))

    def _mac(self, header: bytes) -> bytes:
        return hmac.digest(self.mac_key, header + bytes(_MAC) + bytes((EapType.PEAP,)), "sha1")


def bind(tunnel_key: bytes, inner_key: bytes) -> Binding:
    """Return the binding of a tunnel, by its first 60 octets of keys, and of an inner method.

    `inner_key` are 32 octets; empty, if the inner method makes no keys.
    """
    seed = _COMPOUND + inner_key.ljust(_INNER_KEY, b"\0")
    keys = _expand(tunnel_key[:_TEMPORARY], seed, TUNNEL_KEY_LENGTH)
    return Binding(keys[_TEMPORARY:], _session_key(keys[:_TEMPORARY]))


def bind_resumed(tunnel_key: bytes) -> Binding:
    """Return the binding of a tunnel that is resumed, where there is no inner method."""
    return Binding(tunnel_key[_TEMPORARY:TUNNEL_KEY_LENGTH], _session_key(tunnel_key[:_TEMPORARY]))


def _session_key(master: bytes) -> bytes:
    return _expand(master, _SESSION, _MSK)


def _expand(key: bytes, seed: bytes, length: int) -> bytes:
    """PRF+ of [MS-PEAP] §3.1.5.5.2.2."""
    block, octets, number = b"", b"", 0
    while len(octets) < length:
        number += 1
        block = hmac.digest(key, block + seed + bytes((number, 0, 0)), "sha1")
        octets += block
    return octets[:length]
