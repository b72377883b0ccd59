"""What is kept of a decision so that its steps can be told later. A pure module; names no person.

Only what cannot be looked up any more is kept: where it was asked, by which revision of the policy it was
judged, what was sent. The text is made when somebody asks.
"""

from typing import Final

import msgspec

from radius.policy.rules import Facts


class Trace(msgspec.Struct, frozen=True, array_like=True):
    """See the module.

    Attributes:
        facts: what the policy looked at; of a refusal before that: what was known.
        revision: of the policy; 0: there was none.
        address: the NAS's IP address.
        signed: the request had a Message-Authenticator.
        secret: which of the NAS's secrets it was signed with, 0 for the current one.
        vendor: whose attributes were sent.
        seconds_left: how long the session may last; 0 if refused.
        bytes_left: volume left, as told to the NAS; None: not told.
        attributes: what was sent, encoded, without Class, identity and keys.
        bssid: the request told a BSS.
        station: the request told the device's MAC.
    """

    facts: Facts
    revision: int
    address: str
    signed: bool
    secret: int
    vendor: str = "generic"
    seconds_left: int = 0
    bytes_left: int | None = None
    attributes: bytes = b""
    bssid: bool = False
    station: bool = False


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Trace)


def encode_trace(trace: Trace) -> bytes:
    """Return the octets that are kept."""
    return _ENCODER.encode(trace)


def decode_trace(octets: bytes) -> Trace:
    """Return what was kept.

    Raises:
        ValueError: the octets are of another program, or damaged.
    """
    try:
        return _DECODER.decode(octets)
    except msgspec.MsgspecError as error:
        raise ValueError("no trace of a decision") from error
