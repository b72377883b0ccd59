import pytest

from radius.dynamic import (
    Change,
    Replays,
    Target,
    change_to_send,
    check_fresh,
    find_target,
    only,
    read_change,
    refuse,
)
from radius.protocol.attributes import Code, ErrorCause
from radius.protocol.connection import Client
from radius.protocol.errors import DropReason, UntrustedError
from radius.session_class import ClassCodec, SessionClass
from tests.factories.radius import request

CODEC = ClassCodec(bytes(32))
MAC = "02:00:00:00:00:01"
SESSION, DEVICE = "01M835DGNN10MY2SGGB6V84DQD", "01M835DGNS6T32D4YP1F6AFCM2"


def packet(extra=(), **values):
    return request(Code.DISCONNECT_REQUEST, extra=extra, **values).packet


def test_a_session_is_named_by_our_class_or_by_its_device():
    value = CODEC.encode(SessionClass(SESSION, DEVICE, "radius-mab"))
    assert find_target(packet([(25, value)], Calling_Station_Id=MAC), CODEC) == Target(SESSION, None)
    assert find_target(packet(Calling_Station_Id="02-00-00-00-00-01"), CODEC) == Target(None, MAC)
    assert find_target(packet(User_Name="020000000001"), CODEC) == Target(None, MAC)
    assert find_target(packet(User_Name="somebody"), CODEC) is None


def test_old_requests_are_not_believed():
    check_fresh(packet(), 1_800_000_000)
    check_fresh(packet(Event_Timestamp="1800000000"), 1_800_000_200)
    for now in (1_800_000_301, 1_799_999_000):
        with pytest.raises(UntrustedError) as caught:
            check_fresh(packet(Event_Timestamp="1800000000"), now)
        assert caught.value.reason is DropReason.STALE


def test_what_was_answered_is_not_answered_again_before_it_is_old():
    replays = Replays()
    asked = request(Code.DISCONNECT_REQUEST, Event_Timestamp="1800000000")
    other = request(Code.DISCONNECT_REQUEST, client=Client("nas-2", ()), Event_Timestamp="1800000000")
    timeless = request(Code.DISCONNECT_REQUEST, client=Client("nas-3", ()))
    replays.check(asked)
    for one in (asked, timeless):
        replays.note(one, 1_800_000_000)
    with pytest.raises(UntrustedError) as caught:
        replays.check(asked)
    assert caught.value.reason is DropReason.STALE
    replays.check(other)
    replays.check(timeless)
    replays.note(other, 1_800_000_600)
    replays.check(asked)


def test_a_nak_says_why():
    answer = refuse(Code.COA_NAK, ErrorCause.UNSUPPORTED_SERVICE)
    assert (answer.code, answer.outcome) == (Code.COA_NAK, "coa-nak")
    assert list(answer.attributes) == [(101, b"\0\0\1\x95")]


def test_only_named_systems_may_ask():
    clients = {"192.0.2.1": Client("proxy", (b"s",)), "192.0.2.2": Client("ap", (b"s",))}
    find = only(clients.get, frozenset({"proxy"}))
    assert find("192.0.2.1") is clients["192.0.2.1"]
    assert find("192.0.2.2") is None
    assert find("192.0.2.3") is None


def coa(extra=(), **values):
    return request(Code.COA_REQUEST, extra=extra, **values).packet


def test_what_a_change_wants():
    assert read_change(coa(Calling_Station_Id=MAC, Session_Timeout="60")) == Change(session_s=60)
    wanted = coa(Idle_Timeout="300", WISPr_Bandwidth_Max_Down="1000000", WISPr_Bandwidth_Max_Up="1")
    assert read_change(wanted) == Change(None, 300, 1_000, 1)


@pytest.mark.parametrize(
    ("packet", "cause"),
    [
        (coa(Calling_Station_Id=MAC), ErrorCause.MISSING_ATTRIBUTE),
        (coa(Service_Type="Authorize-Only", Session_Timeout="60"), ErrorCause.UNSUPPORTED_SERVICE),
        (coa(Filter_Id="x", Session_Timeout="60"), ErrorCause.UNSUPPORTED_ATTRIBUTE),
        (coa(Mikrotik_Rate_Limit="1M", Session_Timeout="60"), ErrorCause.UNSUPPORTED_ATTRIBUTE),
        (coa([(27, b"\0")]), ErrorCause.INVALID_ATTRIBUTE_VALUE),
    ],
)
def test_what_cannot_be_changed_is_refused_with_its_cause(packet, cause):
    assert read_change(packet) is cause


def test_a_change_in_the_makers_words():
    change = Change(60, None, 1_000, None)
    assert [kind for kind, _ in change_to_send("generic", change)] == [27, 26]
    assert change_to_send("mikrotik", change)[1][1].endswith(b"0/1000k")
