"""Reads what an Access-Request asks, by PAP, CHAP or MAC authentication. A pure module; decides nothing."""

from typing import Final

from controller.core.mac import Mac
from radius.protocol import attributes as a
from radius.protocol.packet import Packet
from radius.protocol.password import check_chap, unhide_password
from radius.question import Chap, Method, Question, Refusal, Refused
from radius.stations import CalledStation, find_mac, parse_called_station

_PAP: Final = Method.PAP
_CALL_CHECK: Final = int(a.ServiceType.CALL_CHECK)
"""To look up a member of an enumeration costs as much as to hash a password."""


def read_question(packet: Packet, secret: bytes, nas_id: str = "") -> Question | Refused:
    """Read an Access-Request whose hidden values use `secret`.

    MAB is Service-Type Call-Check (RFC 2865 §5.6), or a User-Name that is a MAC with the same MAC,
    in any notation, as password: what access points send.

    Raises:
        MalformedError: a User-Password or CHAP-Password of impossible length.
    """
    username = packet.find_text(a.USER_NAME)
    if not username:
        return Refused(Refusal.NO_USER_NAME)
    if packet.find(a.EAP_MESSAGE) is not None:
        return Refused(Refusal.UNSUPPORTED_METHOD)
    hidden = packet.find(a.USER_PASSWORD)
    password = None
    if hidden is not None:
        password = unhide_password(hidden, secret, packet.authenticator).decode("utf-8", "replace")
    station = find_mac(packet.find_text(a.CALLING_STATION_ID))
    called = parse_called_station(packet.find_text(a.CALLED_STATION_ID))
    mac = find_mac(username)
    call_check = packet.find_integer(a.SERVICE_TYPE) == _CALL_CHECK
    if call_check or (password is not None and mac is not None and find_mac(password) == mac):
        return _mac_question(mac, station, called, nas_id)
    response = packet.find(a.CHAP_PASSWORD)
    if response is not None:
        check_chap(response)
        chap = Chap(response, packet.find(a.CHAP_CHALLENGE) or packet.authenticator)
        return Question(Method.CHAP, username, "", station, called, chap, None, nas_id)
    if password is None:
        return Refused(Refusal.NO_PASSWORD)
    return Question(_PAP, username, password, station, called, None, None, nas_id)


def _mac_question(
    mac: Mac | None, station: Mac | None, called: CalledStation, nas_id: str
) -> Question | Refused:
    if mac is None:
        return Refused(Refusal.NOT_A_MAC)
    if station not in {None, mac}:
        return Refused(Refusal.STATION_MISMATCH)
    return Question(Method.MAB, mac, "", mac, called, nas_id=nas_id)
