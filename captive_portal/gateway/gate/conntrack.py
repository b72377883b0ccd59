"""Deleting connections of one client, as netlink bytes.

Pure. When a client is let in, its connections that were bent to the redirector must go, or the
browser's kept-alive ones still meet the portal; when it is cut off, all of them go, so that its
next packet is judged anew. The kernel filters by itself from 6.11 on; before that it answers
EINVAL and the caller falls back on the `conntrack` program. Numbers from
linux/netfilter/nfnetlink_conntrack.h.
"""

from ipaddress import IPv4Address
from struct import Struct

from captive_portal.gateway.gate.netlink import (
    NLM_F_ACK,
    NLM_F_REQUEST,
    encode_attribute,
    encode_message,
    encode_nested,
)

_IPCTNL_MSG_CT_DELETE = 1 << 8 | 2
_AF_INET = 2
_CTA_TUPLE_ORIG, _CTA_STATUS, _CTA_FILTER, _CTA_STATUS_MASK = 1, 3, 25, 26
_CTA_TUPLE_IP, _CTA_IP_V4_SRC = 1, 1
_CTA_FILTER_ORIG_FLAGS = 1
_FILTER_IP_SRC = 1
_IPS_DST_NAT = 1 << 5

_NFGEN = Struct(">BBH")
_U32 = Struct("<I")
_BE32 = Struct(">I")


def encode_delete(ip: str, sequence: int, *, only_redirected: bool) -> bytes:
    """Ask the kernel to delete the connections that `ip` began; all, or those with a changed target."""
    parts = [
        encode_nested(
            _CTA_TUPLE_ORIG,
            encode_nested(_CTA_TUPLE_IP, encode_attribute(_CTA_IP_V4_SRC, IPv4Address(ip).packed)),
        ),
        encode_nested(_CTA_FILTER, encode_attribute(_CTA_FILTER_ORIG_FLAGS, _U32.pack(_FILTER_IP_SRC))),
    ]
    if only_redirected:
        parts.append(encode_attribute(_CTA_STATUS, _BE32.pack(_IPS_DST_NAT)))
        parts.append(encode_attribute(_CTA_STATUS_MASK, _BE32.pack(_IPS_DST_NAT)))
    # Version 1 of the header: the kernel looks at the family only then.
    body = _NFGEN.pack(_AF_INET, 1, 0) + b"".join(parts)
    return encode_message(_IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST | NLM_F_ACK, sequence, body)


def fallback_arguments(ip: str, *, only_redirected: bool) -> list[str]:
    """Arguments of the `conntrack` program for the same."""
    return ["--delete", "--orig-src", ip, *(["--dst-nat"] if only_redirected else [])]
