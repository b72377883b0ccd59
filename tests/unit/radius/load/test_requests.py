import secrets
from itertools import repeat

import pytest

from radius.load.requests import Login, Session, Station, accounting_requests, life, pap_requests
from radius.protocol import attributes as a
from radius.protocol.attributes import AcctStatusType, Code
from radius.protocol.authenticator import is_message_authentic, is_request_authentic
from radius.protocol.packet import Packet, parse_packet
from radius.protocol.password import unhide_password

SECRET = b"a shared secret for tests"
LOGIN = Login("d-1", "a password", "02-00-00-00-00-01")


def test_logins_are_signed_and_number_themselves():
    station = Station("ap-7", "00-10-A4-23-19-C0:City")
    datagrams = list(pap_requests(repeat(LOGIN), 300, SECRET, station, secrets.token_bytes))
    assert [data[1] for data in datagrams] == [number % 256 for number in range(300)]
    assert len({data[4:20] for data in datagrams}) == 300
    packet = parse_packet(datagrams[299])
    assert packet.attributes[0][0] == a.MESSAGE_AUTHENTICATOR
    assert is_message_authentic(packet, datagrams[299], SECRET)
    hidden = packet.find(a.USER_PASSWORD)
    assert unhide_password(hidden, SECRET, packet.authenticator) == b"a password"
    assert packet.find_text(a.USER_NAME) == "d-1"
    assert packet.find_text(a.CALLING_STATION_ID) == "02-00-00-00-00-01"
    assert packet.find_text(a.CALLED_STATION_ID) == "00-10-A4-23-19-C0:City"
    assert packet.find_text(a.NAS_IDENTIFIER) == "ap-7"


def test_who_has_no_mac_sends_none():
    (data,) = pap_requests(repeat(Login("d-1", "p")), 1, SECRET, Station(), secrets.token_bytes)
    packet = parse_packet(data)
    assert packet.find(a.CALLING_STATION_ID) is None
    assert packet.find(a.CALLED_STATION_ID) is None


def test_a_session_starts_reports_and_stops_and_all_of_them_side_by_side():
    sessions = [Session(f"s{number}", "d-1", LOGIN.mac, (b"c", b"d")) for number in range(3)]
    datagrams = list(accounting_requests(sessions, 2, SECRET, Station()))
    packets = [parse_packet(data) for data in datagrams]
    start, interim, stop = AcctStatusType.START, AcctStatusType.INTERIM_UPDATE, AcctStatusType.STOP
    kinds = [packet.find_integer(a.ACCT_STATUS_TYPE) for packet in packets]
    assert kinds == [start] * 3 + [interim] * 6 + [stop] * 3
    assert [packet.find_text(a.ACCT_SESSION_ID) for packet in packets] == ["s0", "s1", "s2"] * 4
    assert all(packet.find_all(a.CLASS) == [b"c", b"d"] for packet in packets)
    assert [packet.identifier for packet in packets] == list(range(12))
    for packet, data in zip(packets, datagrams, strict=True):
        assert packet.code == Code.ACCOUNTING_REQUEST
        assert is_request_authentic(packet, data, SECRET)


@pytest.mark.parametrize("interims", [0, 1, 9])
def test_counters_only_grow_and_pass_into_gigawords(interims):
    said = [Packet(4, 0, bytes(16), tuple(life(Session("s"), n, interims))) for n in range(interims + 2)]
    totals = [
        (packet.find_integer(a.ACCT_OUTPUT_GIGAWORDS) or 0) * 2**32
        + (packet.find_integer(a.ACCT_OUTPUT_OCTETS) or 0)
        for packet in said
    ]
    assert totals == [report * 1_500_000_000 for report in range(interims + 2)]
    assert [packet.find_integer(a.ACCT_SESSION_TIME) for packet in said] == [
        None, *(report * 300 for report in range(1, interims + 2)),
    ]  # fmt: skip
    assert [packet.find(a.ACCT_TERMINATE_CAUSE) is not None for packet in said] == [
        False, *[False] * interims, True,
    ]  # fmt: skip
    assert said[0].find(a.USER_NAME) is None
