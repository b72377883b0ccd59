import pytest

from radius.protocol.eap.inner import Ask, encode_mschapv2
from radius.protocol.eap.mschapv2 import attest, respond
from radius.protocol.eap.packet import EapType
from radius.protocol.eap.peer_inside import DeviceEap, PeapDevice, SilentDevice, TtlsPapDevice
from radius.protocol.errors import MalformedError, UntrustedError

CHALLENGE = bytes(range(16))


def challenged():
    eap = DeviceEap(EapType.MSCHAPV2, "user", "password", bytes(16))
    request = encode_mschapv2(1, b"\x10" + CHALLENGE + b"server")
    assert eap.answer(EapType.MSCHAPV2, request.data).data[:1] == b"\x02"
    return eap


def success(text):
    return encode_mschapv2(3, text.encode()).data


def test_a_server_that_knows_the_password():
    proof = respond("user", CHALLENGE, bytes(16), "password")
    said = success(f"{attest(proof, 'password').attestation} M=OK")
    assert challenged().answer(EapType.MSCHAPV2, said) == Ask(EapType.MSCHAPV2, b"\x03")


def test_a_server_that_only_says_so():
    with pytest.raises(UntrustedError):
        challenged().answer(EapType.MSCHAPV2, success("S=" + "0" * 40))


def test_failure_is_acknowledged():
    assert challenged().answer(EapType.MSCHAPV2, b"\x04") == Ask(EapType.MSCHAPV2, b"\x04")


def test_success_before_a_challenge():
    eap = DeviceEap(EapType.MSCHAPV2, "user", "password", bytes(16))
    with pytest.raises(MalformedError):
        eap.answer(EapType.MSCHAPV2, b"\x03")


def test_another_method_is_refused():
    eap = DeviceEap(EapType.GTC, "user", "password", bytes(16))
    assert eap.answer(EapType.MSCHAPV2, b"\x01") == Ask(EapType.NAK, b"\x06")


def test_there_is_only_to_acknowledge():
    assert SilentDevice().answer(b"\0") == b""
    assert TtlsPapDevice("user", "password").answer(b"") == b""
    assert PeapDevice(DeviceEap(EapType.GTC, "user", "password", bytes(16))).answer(b"") == b""
