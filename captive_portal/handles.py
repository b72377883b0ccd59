"""The opaque handle that a gateway puts into its redirect to name the client to the portal.

A handle is authenticated encryption of (MAC, address, issue time) with a key of its own per gateway,
so it shows nothing to who reads it in a URL or a log, and nobody but our processes can make one.
It proves where a client was seen, not who the citizen is: the portal still compares the address with
the request's source and shows no personal data for it. This module reads no clock and does no IO.

Layout before base64url without padding::

    version (1 byte) | length of gateway id (1) | gateway id (UTF-8) | AES-SIV tag and ciphertext
    plaintext: issued at, Unix seconds (5, big-endian) | MAC (6) | address (4 or 16)

The version and the gateway id are associated data. AES-SIV (RFC 5297) needs no nonce, therefore no
randomness at the edge, and misuse cannot break it; the issue time makes handles differ. The key of
a gateway is HKDF-SHA256 (RFC 5869) of the master key with the gateway id as `info`.
"""

import base64
import binascii
import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from controller.core.mac import Mac, parse_mac

MAX_HANDLE_CHARS: Final = 256
DEFAULT_MAX_AGE_S: Final = 1800
_VERSION: Final = 1
_SKEW_S: Final = 60
_TIME_BYTES: Final = 5
_MAC_BYTES: Final = 6
_KEY_BYTES: Final = 64
_ADDRESS_BYTES: Final = (4, 16)
_MAX_GATEWAY_BYTES: Final = 64
_CACHED_GATEWAYS: Final = 4096


class HandleError(Exception):
    """The handle is malformed, forged or too old. `reason` is one of those three words."""

    def __init__(self, reason: str) -> None:
        """Keep `reason`: "malformed", "forged" or "expired"; it is safe to log."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Handle:
    """Where and when a gateway saw a client."""

    gateway_id: str
    """Slug of the gateway, 1 to 64 bytes of UTF-8."""
    mac: Mac
    """Canonical, lower case with colons."""
    ip: str
    """IPv4 or IPv6 address of the client on that gateway."""
    issued_at: datetime
    """UTC; kept to the second."""


class HandleCodec:
    """Makes and opens handles under one master key (32 bytes or more, secret)."""

    def __init__(self, master_key: bytes, *, max_age_s: int = DEFAULT_MAX_AGE_S) -> None:
        """Accept handles for `max_age_s` seconds after their issue."""
        self._master_key = master_key
        self._max_age = timedelta(seconds=max_age_s)
        self._ciphers: dict[bytes, AESSIV] = {}

    def encode(self, handle: Handle) -> str:
        """Return the handle as 60 to 200 URL-safe characters.

        Raises:
            HandleError: the gateway id is empty or longer than 64 bytes, or the address is not one.
        """
        gateway = handle.gateway_id.encode()
        if not 0 < len(gateway) <= _MAX_GATEWAY_BYTES:
            raise HandleError("malformed")
        try:
            address = ipaddress.ip_address(handle.ip).packed
        except ValueError as error:
            raise HandleError("malformed") from error
        seconds = int(handle.issued_at.timestamp())
        plain = seconds.to_bytes(_TIME_BYTES, "big") + bytes.fromhex(handle.mac.replace(":", "")) + address
        header = bytes((_VERSION, len(gateway))) + gateway
        sealed = self._cipher(gateway).encrypt(plain, [header])
        return base64.urlsafe_b64encode(header + sealed).rstrip(b"=").decode("ascii")

    def decode(self, text: str, now: datetime) -> Handle:
        """Open a handle received from anybody.

        Raises:
            HandleError: "malformed", "forged" (also: other master key) or "expired" (older than
                the maximum age, or issued more than a minute in the future).
        """
        raw = _decode_base64(text)
        if len(raw) < 2 or raw[0] != _VERSION:  # noqa: PLR2004 - version and length bytes
            raise HandleError("malformed")
        header_end = 2 + raw[1]
        gateway = raw[2:header_end]
        if not 0 < len(gateway) <= _MAX_GATEWAY_BYTES:
            raise HandleError("malformed")
        try:
            plain = self._cipher(gateway).decrypt(raw[header_end:], [raw[:header_end]])
        except (InvalidTag, ValueError) as error:
            raise HandleError("forged") from error
        address = plain[_TIME_BYTES + _MAC_BYTES :]
        if len(address) not in _ADDRESS_BYTES:
            raise HandleError("malformed")
        handle = Handle(
            gateway_id=gateway.decode(),
            mac=parse_mac(plain[_TIME_BYTES : _TIME_BYTES + _MAC_BYTES].hex(":")),
            ip=str(ipaddress.ip_address(address)),
            issued_at=datetime.fromtimestamp(int.from_bytes(plain[:_TIME_BYTES], "big"), UTC),
        )
        age = now - handle.issued_at
        if age > self._max_age or age < timedelta(seconds=-_SKEW_S):
            raise HandleError("expired")
        return handle

    def _cipher(self, gateway: bytes) -> AESSIV:
        cipher = self._ciphers.get(gateway)
        if cipher is None:
            derived = HKDF(
                algorithm=SHA256(),
                length=_KEY_BYTES,
                salt=b"kolco portal handle",
                info=gateway,
            ).derive(self._master_key)
            cipher = AESSIV(derived)
            if len(self._ciphers) >= _CACHED_GATEWAYS:
                # The gateway id of a forged handle is the sender's choice: keep the cache bounded.
                self._ciphers.clear()
            self._ciphers[gateway] = cipher
        return cipher


def _decode_base64(text: str) -> bytes:
    """Strict base64url without padding: one spelling for one handle."""
    if not 0 < len(text) <= MAX_HANDLE_CHARS or not text.isascii():
        raise HandleError("malformed")
    if not text.replace("-", "").replace("_", "").isalnum():
        raise HandleError("malformed")
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise HandleError("malformed") from error
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != text:
        raise HandleError("malformed")
    return raw
