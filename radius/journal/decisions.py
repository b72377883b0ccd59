"""Decision records: why a device was let in or refused, for explaining it days later. A pure module.

Only keyed digests of a person's MAC address and user name are kept: whoever asks for one finds its
decisions, nobody can read them out.
"""

from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from controller.core.mac import Mac

_STATION: Final = "radius-station"
_USERNAME: Final = "radius-username"
LONGEST_TRACE: Final = 4_096


class DecisionRecord(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """A decision; what is not known is None or empty. The fields are the columns of `radius_decisions`.

    `trace` is opaque here, up to `LONGEST_TRACE` octets.
    """

    nas_id: str
    outcome: str
    trace: bytes = b""
    station: bytes | None = None
    username: bytes | None = None
    method: str = ""
    reason: str = ""
    account_id: str | None = None
    plan_id: str | None = None
    rule: str = ""
    session_id: str | None = None
    ap_serial: str | None = None
    site_id: str | None = None
    ssid: str = ""


class Keys(Protocol):
    """Gives keyed digests; a `SecretStore` does."""

    def digester(self, purpose: str) -> Callable[[bytes], bytes]:
        """Return what gives the keyed digest of octets for a purpose."""


class Digests:
    """By what the decisions about a device or a user name are found.

    Args:
        keys: the data directory's secrets.
    """

    def __init__(self, keys: Keys) -> None:
        self._station = keys.digester(_STATION)
        self._username = keys.digester(_USERNAME)

    def station(self, mac: Mac) -> bytes:
        """Return the 32 octets of a device's MAC address."""
        return self._station(mac.encode())

    def username(self, name: str) -> bytes:
        """Return the 32 octets of a user name."""
        return self._username(name.encode())


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(DecisionRecord)


def encode_decision_body(decision: DecisionRecord) -> bytes:
    """Return a decision's octets for the journal; a trace that is too long is left out."""
    if len(decision.trace) > LONGEST_TRACE:
        decision = msgspec.structs.replace(decision, trace=b"")
    return _ENCODER.encode(decision)


def decode_decision_body(body: bytes) -> DecisionRecord:
    """Return the decision.

    Raises:
        ValueError: it is none.
    """
    try:
        return _DECODER.decode(body)
    except msgspec.MsgspecError as error:
        raise ValueError("no decision record") from error
