"""Network keys of WPA2-Personal in RADIUS: what access points tell of a handshake, how they are told keys.

A pure module; who has which key is `radius.mpsk`'s matter.

An access point that asks before the handshake tells nothing but MAC and SSID. One that asks in the middle
of it tells ANonce and the device's first EAPOL-Key frame, whose MIC only the right key makes:

- hostapd (`wpa_psk_radius=3`): FreeRADIUS-802.1X-Anonce and -EAPoL-Key-Msg in Extended-Vendor-Specific-5;
- Ruckus: Ruckus-DPSK-Params, with Ruckus-BSSID and Ruckus-SSID.

Of key derivations PSK and PSK-SHA256 are known (IEEE 802.11-2020 §12.7.1.3), FT is not: its keys come of
more than what is told.
"""

import hmac
from dataclasses import dataclass
from struct import Struct
from typing import Final

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from radius.protocol.eap.keys import encode_mppe_key, hide_key
from radius.protocol.errors import DropReason, MalformedError
from radius.protocol.packet import Attribute, Packet, encode_vendor

SALT_LENGTH: Final = 2
MAC_LENGTH: Final = 6
NONCE_LENGTH: Final = 32

_TUNNEL_PASSWORD: Final = 69
_EXTENDED_5: Final = 245
_EXTENDED_VENDOR: Final = 26
_LONG_HEADER: Final = 2
_EVS_HEADER = Struct("!IB")
_FREERADIUS: Final = 11_344
_ANONCE: Final = 1
_KEY_FRAME: Final = 2

_RUCKUS: Final = 25_053
_RUCKUS_SSID: Final = 3
_RUCKUS_BSSID: Final = 14
_RUCKUS_DPSK: Final = 142
_RUCKUS_PARAMS: Final = 153
_RUCKUS_ANONCE: Final = 3
_RUCKUS_FRAME: Final = 4

_CISCO: Final = 9
_CISCO_AVPAIR: Final = 1
_ARUBA: Final = 14_823
_ARUBA_PASSPHRASE: Final = 44
_MIKROTIK: Final = 14_988
_MIKROTIK_PSK: Final = 16

_FRAME = Struct("!BBHBHHQ32s16x8x8x16sH")
"""802.1X header, then the key descriptor (IEEE 802.11-2020 §12.7.2)."""
_MIC_AT: Final = _FRAME.size - 18
_MIC_LENGTH: Final = 16
_KEY_TYPE: Final = 3
_RSN_DESCRIPTOR: Final = 2
_VERSION_MASK: Final = 7
_SHA1_VERSION: Final = 2
_SHA256_VERSION: Final = 3
_PAIRWISE_AND_MIC: Final = 0x0108
_LABEL: Final = b"Pairwise key expansion"
_KCK: Final = 16
_PTK_BITS: Final = 384


@dataclass(frozen=True, slots=True)
class Handshake:
    """A device's first frame of the 4-way handshake, and what its MIC is made of.

    Attributes:
        seed: what the pairwise key is expanded from, beside the master key.
        frame: the EAPOL frame, its MIC zeroed.
        mic: 16 octets.
        sha256: whether it is of PSK-SHA256, not PSK.
    """

    seed: bytes
    frame: bytes
    mic: bytes
    sha256: bool

    def is_of(self, pmk: bytes) -> bool:
        """Tell whether this pairwise master key made the MIC; some microseconds."""
        if self.sha256:
            expanded = hmac.digest(pmk, b"\1\0" + self.seed + _PTK_BITS.to_bytes(2, "little"), "sha256")
            cmac = CMAC(AES(expanded[:_KCK]))
            cmac.update(self.frame)
            return hmac.compare_digest(cmac.finalize(), self.mic)
        kck = hmac.digest(pmk, self.seed, "sha1")[:_KCK]
        return hmac.compare_digest(hmac.digest(kck, self.frame, "sha1")[:_MIC_LENGTH], self.mic)


@dataclass(frozen=True, slots=True)
class NetworkKey:
    """A passphrase and the pairwise master key that comes of it in one network."""

    passphrase: str
    pmk: bytes


def find_bss(packet: Packet) -> tuple[bytes | None, str | None]:
    """Return BSSID and SSID where an access point of Ruckus tells them; None where it does not."""
    bssid, ssid = packet.find_vendor(_RUCKUS, _RUCKUS_BSSID), packet.find_vendor(_RUCKUS, _RUCKUS_SSID)
    octets = _read_bssid(bssid) if bssid else None
    return octets, None if ssid is None else ssid.decode("utf-8", "replace")


def find_handshake(packet: Packet, bssid: bytes, station: bytes) -> Handshake | None:
    """Return the handshake an access point tells of; None if it tells of none.

    Raises:
        MalformedError: it cannot be one, or is of a kind that is not known.
    """
    params = packet.find_vendor(_RUCKUS, _RUCKUS_PARAMS)
    told = _read_tlvs(params) if params is not None else _read_extended(packet.find_all(_EXTENDED_5))
    if params is None:
        anonce, frame = told.get(_ANONCE), told.get(_KEY_FRAME)
    else:
        anonce, frame = told.get(_RUCKUS_ANONCE), told.get(_RUCKUS_FRAME)
    if anonce is None and frame is None:
        return None
    if anonce is None or frame is None:
        raise MalformedError(DropReason.BAD_ATTRIBUTE)
    return parse_handshake(anonce, frame, bssid, station)


def parse_handshake(anonce: bytes, frame: bytes, bssid: bytes, station: bytes) -> Handshake:
    """Return a handshake from the access point's nonce, the device's EAPOL frame and both MACs.

    Raises:
        MalformedError: it cannot be one, or is of a kind that is not known.
    """
    if len(anonce) != NONCE_LENGTH or len(frame) < _FRAME.size:
        raise MalformedError(DropReason.BAD_ATTRIBUTE)
    _, kind, length, descriptor, info, _, _, snonce, mic, data_length = _FRAME.unpack_from(frame)
    frame = frame[: 4 + length]
    version = info & _VERSION_MASK
    if (
        kind != _KEY_TYPE
        or descriptor != _RSN_DESCRIPTOR
        or info & _PAIRWISE_AND_MIC != _PAIRWISE_AND_MIC
        or version not in {_SHA1_VERSION, _SHA256_VERSION}
        or len(frame) != _FRAME.size + data_length
    ):
        raise MalformedError(DropReason.BAD_ATTRIBUTE)
    seed = min(bssid, station) + max(bssid, station) + min(anonce, snonce) + max(anonce, snonce)
    sha256 = version == _SHA256_VERSION
    zeroed = frame[:_MIC_AT] + bytes(_MIC_LENGTH) + frame[_MIC_AT + _MIC_LENGTH :]
    # PRF has an octet between label and seed and a counter at the end (§12.7.1.2), KDF has neither.
    seed = _LABEL + seed if sha256 else _LABEL + b"\0" + seed + b"\0"
    return Handshake(seed, zeroed, mic, sha256)


def encode_network_key(
    vendor: str, key: NetworkKey, secret: bytes, authenticator: bytes, random_salt: bytes
) -> list[Attribute]:
    """Return what tells an access point of that maker (`radius.vendors`) the key.

    Hidden as RFC 2868 §3.5 and RFC 2548 §2.4.2 say; Cisco and MikroTik read it in clear only, so their way to
    RADIUS must be a trusted one. `random_salt` are two random octets.
    """
    passphrase = key.passphrase.encode()
    salt = bytes((random_salt[0] | 0x80, random_salt[1]))
    if vendor == "aruba":
        return [encode_vendor(_ARUBA, _ARUBA_PASSPHRASE, hide_key(passphrase, secret, authenticator, salt))]
    if vendor == "cisco":
        pairs = (b"psk-mode=ascii", b"psk=" + passphrase)
        return [encode_vendor(_CISCO, _CISCO_AVPAIR, pair) for pair in pairs]
    if vendor == "ruckus":  # SmartZone reads the first, Unleashed the second
        return [
            encode_vendor(_RUCKUS, _RUCKUS_DPSK, b"\0" + key.pmk),
            encode_mppe_key(key.pmk, secret, authenticator, salt),
        ]
    if vendor == "mikrotik":
        return [encode_vendor(_MIKROTIK, _MIKROTIK_PSK, passphrase)]
    return [(_TUNNEL_PASSWORD, b"\0" + hide_key(passphrase, secret, authenticator, salt))]


def _read_bssid(value: bytes) -> bytes | None:
    """Read a BSSID, which is told in octets or in text."""
    if len(value) == MAC_LENGTH:
        return value
    try:
        octets = bytes.fromhex(value.decode("ascii").replace(":", "").replace("-", ""))
    except ValueError:
        return None
    return octets if len(octets) == MAC_LENGTH else None


def _read_tlvs(value: bytes) -> dict[int, bytes]:
    tlvs = {}
    at = 0
    while at + 2 <= len(value):
        end = at + value[at + 1]
        if not at + 2 <= end <= len(value):
            raise MalformedError(DropReason.BAD_ATTRIBUTE)
        tlvs[value[at]] = value[at + 2 : end]
        at = end
    return tlvs


def _read_extended(values: list[bytes]) -> dict[int, bytes]:
    """Read FreeRADIUS's attributes in Extended-Vendor-Specific-5 (RFC 6929 §2.2, §2.4)."""
    told: dict[int, bytes] = {}
    rest = b""
    for value in values:
        if len(value) < _LONG_HEADER or value[0] != _EXTENDED_VENDOR:
            continue
        rest += value[_LONG_HEADER:]
        if value[1] & 0x80:  # more of it follows in the next
            continue
        if len(rest) >= _EVS_HEADER.size:
            vendor, kind = _EVS_HEADER.unpack_from(rest)
            if vendor == _FREERADIUS:
                told[kind] = rest[_EVS_HEADER.size :]
        rest = b""
    return told
