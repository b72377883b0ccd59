import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.errors import MalformedError
from radius.protocol.packet import Packet
from radius.question import Chap, Method, Question, Refusal, Refused
from radius.reading import read_question
from radius.stations import CalledStation
from tests.factories.radius import AUTHENTICATOR, SECRET, request

MAC = "02:00:00:00:00:01"


def read(**values):
    return read_question(request(**values).packet, SECRET)


def test_a_credential_is_pap():
    question = read(
        User_Name="дом",
        password="пароль",
        Calling_Station_Id="02-00-00-00-00-01",
        Called_Station_Id="00-10-A4-23-19-C0:City",
    )
    assert question == Question(Method.PAP, "дом", "пароль", MAC, CalledStation("00:10:a4:23:19:c0", "City"))


def test_chap_answers_a_challenge_or_the_authenticator():
    bare = read(User_Name="u", CHAP_Password="0x01" + "ab" * 16)
    assert (bare.method, bare.chap) == (Method.CHAP, Chap(b"\1" + b"\xab" * 16, AUTHENTICATOR))
    challenged = read(User_Name="u", CHAP_Password="0x01" + "ab" * 16, CHAP_Challenge="0x0102")
    assert challenged.chap.challenge == b"\1\2"


@pytest.mark.parametrize("username", ["020000000001", "02-00-00-00-00-01", "0200.0000.0001", MAC.upper()])
@pytest.mark.parametrize("password", ["020000000001", MAC])
def test_a_mac_as_name_and_password_is_mab(username, password):
    question = read(User_Name=username, password=password)
    assert question == Question(Method.MAB, MAC, "", MAC, CalledStation(None, ""))


def test_call_check_needs_no_password():
    assert read(User_Name="020000000001", Service_Type="Call-Check").method is Method.MAB
    assert read(User_Name="020000000001", Service_Type="Call-Check", password="x").method is Method.MAB


def test_a_mac_with_another_password_is_a_credential():
    assert read(User_Name="020000000001", password="secret").method is Method.PAP


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({}, Refusal.NO_USER_NAME),
        ({"User_Name": "x"}, Refusal.NO_PASSWORD),
        ({"User_Name": "x", "Service_Type": "Call-Check"}, Refusal.NOT_A_MAC),
        ({"User_Name": "x", "EAP_Message": "0x0201"}, Refusal.UNSUPPORTED_METHOD),
        (
            {"User_Name": MAC, "password": MAC, "Calling_Station_Id": "02-00-00-00-00-02"},
            Refusal.STATION_MISMATCH,
        ),
    ],
)
def test_what_is_refused_at_sight(values, reason):
    assert read(**values) == Refused(reason)


@given(st.lists(st.tuples(st.integers(1, 110), st.binary(max_size=40)), max_size=10))
def test_any_attributes_are_read(attributes):
    packet = Packet(1, 1, AUTHENTICATOR, tuple(attributes))
    try:
        assert isinstance(read_question(packet, SECRET), Question | Refused)
    except MalformedError:
        assert packet.find(2) is not None or packet.find(3) is not None
