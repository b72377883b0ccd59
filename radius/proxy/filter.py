"""What a home server may tell our access points. A pure module.

Whoever lets a visitor in does not say into which VLAN or past which filter: that is the city's. From a
home server that is not trusted only what is listed here passes; from a trusted one all.
"""

from typing import Final

from radius.protocol import attributes as a
from radius.protocol.attributes import Code
from radius.proxy.roaming import KEPT_FOR_ACCOUNTING, WBA_IDENTITY_PROVIDER

MICROSOFT: Final = 311
MS_CHAP_MPPE_KEYS: Final = 12
MS_MPPE_SEND_KEY: Final = 16
MS_MPPE_RECV_KEY: Final = 17
EAP_KEY_NAME: Final = 102
TUNNEL_PASSWORD: Final = 69

_PASSED: Final = frozenset(
    {
        a.USER_NAME,
        a.STATE,
        a.CLASS,
        a.SESSION_TIMEOUT,
        a.IDLE_TIMEOUT,
        a.TERMINATION_ACTION,
        a.EAP_MESSAGE,
        a.ACCT_INTERIM_INTERVAL,
        a.CHARGEABLE_USER_IDENTITY,
        a.ERROR_CAUSE,
        EAP_KEY_NAME,
    }
)
_PASSED_IN_REJECT: Final = frozenset({a.REPLY_MESSAGE})
"""A visitor's home says why; WBA puts a reason code there for us."""
_VENDOR_PASSED: Final = {
    MICROSOFT: frozenset({2, 7, 8, MS_CHAP_MPPE_KEYS, MS_MPPE_SEND_KEY, MS_MPPE_RECV_KEY, 26}),
    a.VENDOR_WISPR: frozenset({5, 6, 7, 8, 9, 10, *KEPT_FOR_ACCOUNTING, WBA_IDENTITY_PROVIDER}),
}
"""Of Microsoft MS-CHAP's success, error and keys; of WISPr rates and ends, and WBA's."""
_NEVER: Final = frozenset({a.MESSAGE_AUTHENTICATOR, a.PROXY_STATE})
"""These belong to one hop: ours are put there by whoever sends the reply."""


def passes(code: int, kind: int, *, trusted: bool) -> bool:
    """Tell whether an attribute of a reply with this code passes; not for Vendor-Specific."""
    if kind in _NEVER:
        return False
    return trusted or kind in _PASSED or (code == Code.ACCESS_REJECT and kind in _PASSED_IN_REJECT)


def vendor_passes(vendor: int, kind: int, *, trusted: bool) -> bool:
    """Tell whether a vendor's attribute passes."""
    return trusted or kind in _VENDOR_PASSED.get(vendor, ())
