"""A device's first frame of the 4-way handshake, published and made up, and how access points tell of it."""

import hmac

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from controller.directory.network_keys import derive_pmk
from radius.protocol.mpsk import _FRAME, _MIC_AT
from radius.protocol.packet import encode_vendor

# The example of hashcat's mode 22000, from a real access point and device.
SSID, PASSPHRASE = "TP-LINK_HASHCAT_TEST", "hashcat!"
AP, STATION = bytes.fromhex("6466b38ec3fc"), bytes.fromhex("225edc49b7aa")
ANONCE = bytes.fromhex("10e3be3b005a629e89de088d6a2fdc489db83ad4764f2d186b9cde15446e972e")
MIC = bytes.fromhex("024022795224bffca545276c3762686f")
_UNSIGNED = bytes.fromhex(
    "0103007502010a0000000000000000000148ce2ccba9c1fda130ff2fbbfb4fd3b063d1a93920b0f7df54a5cbf787b16171"
    + "00" * 48
    + "001630140100000fac040100000fac040100000fac028000"
)
FRAME = _UNSIGNED[:_MIC_AT] + MIC + _UNSIGNED[_MIC_AT + 16 :]


def frame_of(passphrase, ssid, *, sha256=False, ap=AP, station=STATION):
    """The frame of a device that has this passphrase; the nonces are always the same."""
    pmk = derive_pmk(passphrase, ssid)
    frame = bytearray(_UNSIGNED)
    snonce = _FRAME.unpack_from(frame)[7]
    pair = min(ap, station) + max(ap, station) + min(ANONCE, snonce) + max(ANONCE, snonce)
    label = b"Pairwise key expansion"
    if sha256:
        frame[6] = frame[6] & ~7 | 3
        kck = hmac.digest(pmk, b"\1\0" + label + pair + b"\x80\1", "sha256")[:16]
        cmac = CMAC(AES(kck))
        cmac.update(bytes(frame))
        mic = cmac.finalize()
    else:
        kck = hmac.digest(pmk, label + b"\0" + pair + b"\0", "sha1")[:16]
        mic = hmac.digest(kck, bytes(frame), "sha1")[:16]
    frame[_MIC_AT : _MIC_AT + 16] = mic
    return bytes(frame)


def ruckus(frame, *, anonce=ANONCE, ssid=SSID, ap=AP):
    """As an access point of Ruckus tells it."""
    tlvs = b"".join(
        bytes((kind, len(value) + 2)) + value
        for kind, value in ((1, b"\0\x0f\xac\2"), (2, b"\4"), (3, anonce), (4, frame))
    )
    told = [encode_vendor(25053, 153, tlvs)]
    if ssid is not None:
        told += [encode_vendor(25053, 3, ssid.encode()), encode_vendor(25053, 14, ap)]
    return told


def hostapd(frame, *, anonce=ANONCE):
    """As hostapd tells it; what does not fit into one attribute goes on in the next."""
    told = []
    for kind, value in ((1, anonce), (2, frame)):
        octets = (11344).to_bytes(4, "big") + bytes((kind,)) + value
        pieces = [octets[at : at + 200] for at in range(0, len(octets), 200)]
        told += [(245, bytes((26, 0 if piece is pieces[-1] else 0x80)) + piece) for piece in pieces]
    return told
