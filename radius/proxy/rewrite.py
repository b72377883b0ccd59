"""A NAS's request as a home server gets it, and the home's reply as the NAS gets it. A pure module.

Every attribute goes through in its order but those that belong to one hop: Message-Authenticator is made
anew by whoever signs, hidden values are hidden anew, and our Proxy-State stands last, behind those of
the proxies before us, and goes away on the way back (RFC 2865 §5.33).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from radius.protocol import attributes as a
from radius.protocol.attributes import Code
from radius.protocol.connection import RequestReceived
from radius.protocol.packet import (
    Attribute,
    Packet,
    encode_integer,
    encode_vendor,
    iter_vendor,
)
from radius.proxy import filter as rules
from radius.proxy.hidden import Key, rehide, rehide_salted
from radius.proxy.roaming import Operator, without_present
from radius.proxy.route_class import Routed

HOPS_MAX: Final = 8
"""Proxies before us; more is taken for a loop through servers that hide their mark."""
MARK_LENGTH: Final = 8


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A request to be handed on: what is the same for every home server.

    Attributes:
        code: Access-Request or Accounting-Request.
        attributes: as the home server gets them, hidden values still as the NAS hid them.
        key: what the NAS hid them with.
    """

    code: Code
    attributes: tuple[Attribute, ...]
    key: Key

    def for_home(self, key: Key) -> list[Attribute]:
        """Return the attributes with hidden values hidden for the home server.

        Raises:
            MalformedError: a hidden value of impossible length.
        """
        return [
            (kind, rehide(value, self.key, key) if kind == a.USER_PASSWORD else value)
            for kind, value in self.attributes
        ]

    def later(self, seconds: int) -> "Forwarded":
        """Return an accounting request as it is sent again: with more Acct-Delay-Time (RFC 2866 §5.2)."""
        told = next((value for kind, value in self.attributes if kind == a.ACCT_DELAY_TIME), b"")
        delay = encode_integer(a.ACCT_DELAY_TIME, int.from_bytes(told, "big") + seconds)
        others = tuple(one for one in self.attributes if one[0] != a.ACCT_DELAY_TIME)
        return Forwarded(self.code, (delay, *others), self.key)


def is_loop(packet: Packet, mark: bytes) -> bool:
    """Tell whether a request was here before, or in more places than is reasonable."""
    states = packet.find_all(a.PROXY_STATE)
    return len(states) >= HOPS_MAX or any(state.startswith(mark) for state in states)


def forward_access(request: RequestReceived, operator: Operator, state: bytes) -> Forwarded:
    """Return an Access-Request for home servers; `state` is our Proxy-State, with our mark first."""
    packet = request.packet
    attributes = [one for one in packet.attributes if one[0] != a.MESSAGE_AUTHENTICATOR]
    kinds = {kind for kind, _ in attributes}
    if a.CHAP_PASSWORD in kinds and a.CHAP_CHALLENGE not in kinds:
        attributes.append((a.CHAP_CHALLENGE, packet.authenticator))  # ours is another one
    attributes += operator.additions(attributes, access=True)
    attributes.append((a.PROXY_STATE, state))
    return Forwarded(Code.ACCESS_REQUEST, tuple(attributes), _key(request))


def forward_accounting(
    request: RequestReceived,
    operator: Operator,
    state: bytes,
    routed: Routed | None,
    classes: Sequence[bytes],
) -> Forwarded:
    """Return an Accounting-Request for home servers.

    Args:
        request: the NAS's.
        operator: what is added.
        state: our Proxy-State.
        routed: what our Class says; what the home wanted back is added where the NAS did not.
        classes: all other Class values: the home server's.
    """
    theirs = set(classes)
    attributes = [
        (kind, value)
        for kind, value in request.packet.attributes
        if kind != a.MESSAGE_AUTHENTICATOR and (kind != a.CLASS or value in theirs)
    ]
    present = tuple(attributes)
    kinds = {kind for kind, _ in present}
    kept = routed.kept if routed is not None else ()
    attributes += without_present([one for one in kept if one[0] == a.VENDOR_SPECIFIC], present)
    attributes += [one for one in kept if one[0] not in kinds | {a.VENDOR_SPECIFIC}]
    attributes += operator.additions(attributes, access=False)
    attributes.append((a.PROXY_STATE, state))
    return Forwarded(Code.ACCOUNTING_REQUEST, tuple(attributes), _key(request))


def read_reply(reply: Packet, key: Key, request: RequestReceived, *, trusted: bool) -> list[Attribute]:
    """Return what of a home server's genuine Access-* reply the NAS gets, hidden values hidden for it.

    Args:
        reply: the reply.
        key: what the home server hid values with.
        request: the NAS's request.
        trusted: the home server may say everything.

    Raises:
        MalformedError: a hidden value of impossible length.
    """
    ours = _key(request)
    attributes: list[Attribute] = []
    for kind, value in reply.attributes:
        if kind == a.VENDOR_SPECIFIC:
            attributes += _read_vendor((kind, value), key, ours, trusted=trusted)
        elif rules.passes(reply.code, kind, trusted=trusted):
            if kind == rules.TUNNEL_PASSWORD:
                attributes.append((kind, rehide_salted(value, key, ours, tagged=True)))
            else:
                attributes.append((kind, value))
    return attributes


def _read_vendor(attribute: Attribute, key: Key, ours: Key, *, trusted: bool) -> list[Attribute]:
    parts = list(iter_vendor([attribute]))
    if not parts or (trusted and parts[0][0] != rules.MICROSOFT):
        return [attribute] if trusted else []
    passed: list[Attribute] = []
    for vendor, kind, value in parts:
        if not rules.vendor_passes(vendor, kind, trusted=trusted):
            continue
        shown = value
        if vendor == rules.MICROSOFT and kind in {rules.MS_MPPE_SEND_KEY, rules.MS_MPPE_RECV_KEY}:
            shown = rehide_salted(value, key, ours)
        elif vendor == rules.MICROSOFT and kind == rules.MS_CHAP_MPPE_KEYS:
            shown = rehide(value, key, ours)
        passed.append(encode_vendor(vendor, kind, shown))
    return passed


def _key(request: RequestReceived) -> Key:
    return Key(request.secret, request.packet.authenticator)
