import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.core.ids import new_id
from radius.protocol.attributes import AcctStatusType, Code
from radius.protocol.connection import RequestReceived
from radius.protocol.packet import Packet
from radius.records import Record, Totals, Unusable, above, highest, read_record
from radius.session_class import ClassCodec, SessionClass
from radius.stations import CalledStation
from tests.factories.radius import AUTHENTICATOR, CLIENT, SECRET, request

CODEC = ClassCodec(bytes(32))


def read(extra=(), **values):
    return read_record(request(Code.ACCOUNTING_REQUEST, extra=extra, **values), CODEC)


def test_a_stop_in_full():
    promised = SessionClass(new_id(), new_id(), "radius-mab")
    record = read(
        extra=[(25, b"foreign"), (25, CODEC.encode(promised))],
        Acct_Status_Type="Stop",
        Acct_Session_Id="5F3A-01",
        Calling_Station_Id="02-00-00-00-00-01",
        Called_Station_Id="00-10-A4-23-19-C0:City",
        Framed_IP_Address="10.77.0.5",
        Acct_Input_Octets="7",
        Acct_Input_Gigawords="2",
        Acct_Output_Octets="4294967295",
        Acct_Input_Packets="3",
        Acct_Output_Packets="4",
        Acct_Session_Time="60",
        Acct_Terminate_Cause="Idle-Timeout",
        Acct_Delay_Time="5",
    )
    assert record == Record(
        kind=AcctStatusType.STOP,
        nas_id="nas-1",
        address="192.0.2.1",
        acct_session_id="5F3A-01",
        session=promised,
        mac="02:00:00:00:00:01",
        ip="10.77.0.5",
        called=CalledStation("00:10:a4:23:19:c0", "City"),
        totals=Totals((2 << 32) + 7, 4294967295, 3, 4),
        session_time_s=60,
        terminate_cause=4,
        delay_s=5,
    )


def test_little_is_enough():
    record = read(Acct_Status_Type="Start", Acct_Session_Id="x")
    assert record.mac is None
    assert record.session is None
    assert record.ip == ""
    assert record.totals == Totals()


def test_a_user_name_that_is_a_mac_names_the_device():
    record = read(Acct_Status_Type="Start", Acct_Session_Id="x", User_Name="020000000001")
    assert record.mac == "02:00:00:00:00:01"
    assert record.username == "020000000001"


@pytest.mark.parametrize("status", ["Accounting-On", "Accounting-Off"])
def test_on_and_off_need_no_session(status):
    assert read(Acct_Status_Type=status).acct_session_id == ""


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, Unusable.UNKNOWN_STATUS),
        ({"Acct_Status_Type": "9", "Acct_Session_Id": "x"}, Unusable.UNKNOWN_STATUS),
        ({"Acct_Status_Type": "Start"}, Unusable.NO_SESSION_ID),
    ],
)
def test_what_holds_no_record(values, expected):
    assert read(**values) is expected


@pytest.mark.parametrize("identifier", ["0xff00", "0x0a", "0x" + "61" * 121])
def test_odd_session_ids_are_digested(identifier):
    record = read(Acct_Status_Type="Start", Acct_Session_Id="x", extra=())
    odd = read_record(
        RequestReceived(
            Packet(4, 1, AUTHENTICATOR, ((40, b"\0\0\0\1"), (44, bytes.fromhex(identifier[2:])))),
            CLIENT,
            ("192.0.2.1", 1),
            SECRET,
            0.0,
        ),
        CODEC,
    )
    assert record.acct_session_id == "x"
    assert odd.acct_session_id.startswith("sha256:")
    assert len(odd.acct_session_id) <= 128


@given(st.lists(st.tuples(st.integers(1, 110), st.binary(max_size=40)), max_size=20))
def test_any_attributes_are_read(attributes):
    packet = Packet(4, 1, AUTHENTICATOR, ((40, b"\0\0\0\3"), (44, b"x"), *attributes))
    record = read_record(RequestReceived(packet, CLIENT, ("192.0.2.1", 1), SECRET, 0.0), CODEC)
    assert isinstance(record, Record)
    assert max(record.totals.up_bytes, record.totals.down_bytes) < 2**63


def test_only_what_is_above_is_new():
    known, told = Totals(10, 20, 3, 4), Totals(15, 7, 3, 5)
    assert above(known, told) == Totals(5, 0, 0, 1)
    assert highest(known, told) == Totals(15, 20, 3, 5)


def test_a_record_names_its_leg_and_its_device():
    record = read(Acct_Status_Type="Start", Acct_Session_Id="x")
    assert record.leg == ("nas-1", "192.0.2.1", "x")
    assert record.device == ("nas-1", "192.0.2.1")
