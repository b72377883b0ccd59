"""What access points ask: logins by PAP and the accounting of sessions, signed before the clock starts.

Packet n has identifier n modulo 256: whoever sends packets in that order on a socket, no more than 256 at a
time, never has two of the same identifier under way.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from radius.protocol import attributes as a
from radius.protocol.attributes import AcctStatusType, Code
from radius.protocol.authenticator import sign_request
from radius.protocol.packet import AUTHENTICATOR_LENGTH, Attribute, encode_integer, encode_text
from radius.protocol.password import hide_password

IDENTIFIERS: Final = 256
RandomBytes = Callable[[int], bytes]
"""Returns that many random octets."""

_WIRELESS_802_11: Final = 19
_USER_REQUEST: Final = 1
_GIGAWORD: Final = 1 << 32
_INTERIM_S: Final = 300
_UP_PER_INTERIM: Final = 3_000_000
_DOWN_PER_INTERIM: Final = 1_500_000_000
"""Octets; the fourth report passes 2^32 and needs Acct-Output-Gigawords."""


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who logs in.

    Attributes:
        username: name.
        password: password.
        mac: the device, as the access point writes it, or empty.
    """

    username: str
    password: str
    mac: str = ""


@dataclass(frozen=True, slots=True)
class Station:
    """The access point that asks: its name, and Called-Station-Id (empty: none)."""

    nas_identifier: str = "kolco-load"
    called: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A session to account for.

    Attributes:
        session_id: Acct-Session-Id, the NAS's own.
        username: User-Name, or empty.
        mac: Calling-Station-Id, or empty.
        classes: Class values of the Access-Accept, echoed unchanged (RFC 2865 §5.25).
    """

    session_id: str
    username: str = ""
    mac: str = ""
    classes: tuple[bytes, ...] = ()


def pap_requests(
    logins: Iterator[Login], count: int, secret: bytes, station: Station, random_bytes: RandomBytes
) -> Iterator[bytes]:
    """Yield signed Access-Requests."""
    same = _of_station(station)
    for number, login in zip(range(count), logins, strict=False):
        authenticator = random_bytes(AUTHENTICATOR_LENGTH)
        attributes = [
            encode_text(a.USER_NAME, login.username),
            (a.USER_PASSWORD, hide_password(login.password.encode(), secret, authenticator)),
            *same,
        ]
        if login.mac:
            attributes.append(encode_text(a.CALLING_STATION_ID, login.mac))
        yield sign_request(
            Code.ACCESS_REQUEST, number % IDENTIFIERS, attributes, secret, random_authenticator=authenticator
        )


def accounting_requests(
    sessions: Sequence[Session], interims: int, secret: bytes, station: Station
) -> Iterator[bytes]:
    """Yield signed Accounting-Requests: the Start of every session, each round of interims, every Stop.

    Counters grow from report to report and go over into Gigawords.
    """
    same = _of_station(station)
    number = 0
    for report in range(interims + 2):
        for session in sessions:
            attributes = [*life(session, report, interims), *same]
            yield sign_request(
                Code.ACCOUNTING_REQUEST,
                number % IDENTIFIERS,
                attributes,
                secret,
                random_authenticator=bytes(AUTHENTICATOR_LENGTH),
            )
            number += 1


def life(session: Session, report: int, interims: int) -> list[Attribute]:
    """Return what a session's report number 0 (Start) to `interims` + 1 (Stop) says."""
    if report == 0:
        kind = AcctStatusType.START
    else:
        kind = AcctStatusType.STOP if report > interims else AcctStatusType.INTERIM_UPDATE
    attributes = [
        encode_integer(a.ACCT_STATUS_TYPE, kind),
        encode_text(a.ACCT_SESSION_ID, session.session_id),
    ]
    if session.username:
        attributes.append(encode_text(a.USER_NAME, session.username))
    if session.mac:
        attributes.append(encode_text(a.CALLING_STATION_ID, session.mac))
    attributes += [(a.CLASS, value) for value in session.classes]
    if report:
        up, down = report * _UP_PER_INTERIM, report * _DOWN_PER_INTERIM
        attributes += [
            encode_integer(a.ACCT_SESSION_TIME, report * _INTERIM_S),
            encode_integer(a.ACCT_INPUT_OCTETS, up % _GIGAWORD),
            encode_integer(a.ACCT_OUTPUT_OCTETS, down % _GIGAWORD),
            encode_integer(a.ACCT_INPUT_GIGAWORDS, up // _GIGAWORD),
            encode_integer(a.ACCT_OUTPUT_GIGAWORDS, down // _GIGAWORD),
        ]
    if kind == AcctStatusType.STOP:
        attributes.append(encode_integer(a.ACCT_TERMINATE_CAUSE, _USER_REQUEST))
    return attributes


def _of_station(station: Station) -> list[Attribute]:
    attributes = [
        encode_text(a.NAS_IDENTIFIER, station.nas_identifier),
        encode_integer(a.NAS_PORT_TYPE, _WIRELESS_802_11),
    ]
    if station.called:
        attributes.append(encode_text(a.CALLED_STATION_ID, station.called))
    return attributes
