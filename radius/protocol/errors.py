"""What can be wrong with a packet. Says nothing of how it is counted or logged.

RadiusError
├── PeerError            the peer erred: the packet is dropped in silence and counted by `reason`
│   ├── MalformedError   the octets are not a RADIUS packet
│   └── UntrustedError   well formed, but not shown to come from whom it claims
└── EncodeError          we erred: the packet asked for cannot be encoded
"""

from enum import StrEnum


class DropReason(StrEnum):
    """Why a datagram was dropped; the values are metric labels, so the set is closed."""

    UNKNOWN_NAS = "unknown-nas"
    """The source address belongs to no NAS."""
    SHORT = "short"
    """Fewer octets than a header, or than the Length field says."""
    BAD_LENGTH = "bad-length"
    """The Length field is below 20 or above 4096."""
    BAD_ATTRIBUTE = "bad-attribute"
    """An attribute shorter than its header, past the end, or of an impossible size."""
    TOO_MANY_ATTRIBUTES = "too-many-attributes"
    """More attributes than any honest packet has."""
    WRONG_CODE = "wrong-code"
    """A packet code that this port does not serve."""
    NO_MESSAGE_AUTHENTICATOR = "no-message-authenticator"
    """Message-Authenticator is required here and missing (CVE-2024-3596)."""
    BAD_MESSAGE_AUTHENTICATOR = "bad-message-authenticator"
    """Message-Authenticator does not fit the shared secret: a wrong secret or a forgery."""
    BAD_AUTHENTICATOR = "bad-authenticator"
    """The Request or Response Authenticator does not fit the shared secret."""
    PROXY_STATE = "proxy-state"
    """Proxy-State with no Message-Authenticator from a NAS that is no proxy (CVE-2024-3596)."""
    DUPLICATE_IN_PROGRESS = "duplicate-in-progress"
    """A retransmission of a request that is still being worked on."""
    STALE = "stale"
    """Event-Timestamp is too far from now: it may be a replay (RFC 5176 §6.3)."""
    UNEXPECTED_REPLY = "unexpected-reply"
    """A reply to nothing that was asked."""
    EAP_MALFORMED = "eap-malformed"
    """EAP-Message holds no EAP packet, or its method's data is cut short or over-long."""
    EAP_UNEXPECTED = "eap-unexpected"
    """An EAP packet of another code, type or identifier than was asked for."""
    EAP_FRAGMENT = "eap-fragment"
    """A fragment that does not fit those before it."""
    MPSK_OVERLOAD = "mpsk-overload"
    """More network keys were tried lately than may be."""
    EAP_OVERLOAD = "eap-overload"
    """More devices are in the middle of EAP than may be."""
    NAS_RATE = "nas-rate"
    """The NAS sends more than it may."""
    QUEUE_FULL = "queue-full"
    """In a storm: too many were waiting, and this one was the least urgent."""
    WAITED_TOO_LONG = "waited-too-long"
    """In a storm: it waited until its NAS asks again or gives up."""


class RadiusError(Exception):
    """The root of this package's errors."""


class PeerError(RadiusError):
    """The peer sent something we must drop.

    Attributes:
        reason: why, as a closed set.
    """

    def __init__(self, reason: DropReason) -> None:
        """Keep the reason; the message is its value."""
        super().__init__(reason.value)
        self.reason = reason


class MalformedError(PeerError):
    """The octets are not a RADIUS packet."""


class UntrustedError(PeerError):
    """The packet is not shown to come from the NAS or server it claims to come from."""


class EncodeError(RadiusError):
    """We asked for a packet that cannot be encoded, for example a value over 253 octets."""
