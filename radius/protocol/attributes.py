"""Codes and attribute numbers the server itself reasons about. All others are in the dictionary.

Numbers from the IANA registry "RADIUS Types"; vendor numbers from "Private Enterprise Numbers".
"""

from enum import IntEnum
from typing import Final


class Code(IntEnum):
    """Packet codes (RFC 2865 §3, RFC 2866 §3, RFC 5176 §2.3, RFC 5997 §3)."""

    ACCESS_REQUEST = 1
    ACCESS_ACCEPT = 2
    ACCESS_REJECT = 3
    ACCOUNTING_REQUEST = 4
    ACCOUNTING_RESPONSE = 5
    ACCESS_CHALLENGE = 11
    STATUS_SERVER = 12
    DISCONNECT_REQUEST = 40
    DISCONNECT_ACK = 41
    DISCONNECT_NAK = 42
    COA_REQUEST = 43
    COA_ACK = 44
    COA_NAK = 45


ACCESS_REPLIES: Final = frozenset({Code.ACCESS_ACCEPT, Code.ACCESS_REJECT, Code.ACCESS_CHALLENGE})

USER_NAME: Final = 1
USER_PASSWORD: Final = 2
CHAP_PASSWORD: Final = 3
NAS_IP_ADDRESS: Final = 4
NAS_PORT: Final = 5
SERVICE_TYPE: Final = 6
FRAMED_IP_ADDRESS: Final = 8
FILTER_ID: Final = 11
FRAMED_MTU: Final = 12
REPLY_MESSAGE: Final = 18
STATE: Final = 24
CLASS: Final = 25
VENDOR_SPECIFIC: Final = 26
SESSION_TIMEOUT: Final = 27
IDLE_TIMEOUT: Final = 28
TERMINATION_ACTION: Final = 29
CALLED_STATION_ID: Final = 30
CALLING_STATION_ID: Final = 31
NAS_IDENTIFIER: Final = 32
PROXY_STATE: Final = 33
ACCT_STATUS_TYPE: Final = 40
ACCT_DELAY_TIME: Final = 41
ACCT_INPUT_OCTETS: Final = 42
ACCT_OUTPUT_OCTETS: Final = 43
ACCT_SESSION_ID: Final = 44
ACCT_SESSION_TIME: Final = 46
ACCT_INPUT_PACKETS: Final = 47
ACCT_OUTPUT_PACKETS: Final = 48
ACCT_TERMINATE_CAUSE: Final = 49
ACCT_MULTI_SESSION_ID: Final = 50
ACCT_INPUT_GIGAWORDS: Final = 52
ACCT_OUTPUT_GIGAWORDS: Final = 53
EVENT_TIMESTAMP: Final = 55
CHAP_CHALLENGE: Final = 60
NAS_PORT_TYPE: Final = 61
TUNNEL_TYPE: Final = 64
TUNNEL_MEDIUM_TYPE: Final = 65
EAP_MESSAGE: Final = 79
MESSAGE_AUTHENTICATOR: Final = 80
TUNNEL_PRIVATE_GROUP_ID: Final = 81
ACCT_INTERIM_INTERVAL: Final = 85
CHARGEABLE_USER_IDENTITY: Final = 89
ERROR_CAUSE: Final = 101
OPERATOR_NAME: Final = 126

VENDOR_WISPR: Final = 14122
WISPR_BANDWIDTH_MAX_UP: Final = 7
WISPR_BANDWIDTH_MAX_DOWN: Final = 8


class ServiceType(IntEnum):
    """The values of Service-Type that decide something here (RFC 2865 §5.6)."""

    LOGIN = 1
    FRAMED = 2
    CALL_CHECK = 10


class AcctStatusType(IntEnum):
    """Acct-Status-Type (RFC 2866 §5.1)."""

    START = 1
    STOP = 2
    INTERIM_UPDATE = 3
    ACCOUNTING_ON = 7
    ACCOUNTING_OFF = 8


class ErrorCause(IntEnum):
    """Error-Cause (RFC 5176 §3.5), those that we send."""

    MISSING_ATTRIBUTE = 402
    UNSUPPORTED_SERVICE = 405
    ADMINISTRATIVELY_PROHIBITED = 501
    SESSION_CONTEXT_NOT_FOUND = 503
