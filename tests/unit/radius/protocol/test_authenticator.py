import hashlib
import hmac

import pytest

from radius.protocol.attributes import Code
from radius.protocol.authenticator import (
    is_message_authentic,
    is_reply_authentic,
    is_request_authentic,
    sign_reply,
    sign_request,
    trim,
)
from radius.protocol.packet import parse_packet

SECRET = b"a shared secret"
RANDOM = bytes(range(16))
HASHED = [Code.ACCOUNTING_REQUEST, Code.COA_REQUEST, Code.DISCONNECT_REQUEST]


@pytest.mark.parametrize("code", [Code.ACCESS_REQUEST, Code.STATUS_SERVER, *HASHED])
def test_requests_are_signed_with_message_authenticator_first(code):
    data = sign_request(code, 9, [(1, b"user")], SECRET, random_authenticator=RANDOM)
    packet = parse_packet(data)
    assert packet.attributes[0][0] == 80
    assert packet.attributes[1] == (1, b"user")
    assert is_request_authentic(packet, data, SECRET)
    assert is_message_authentic(packet, data, SECRET)
    assert not is_message_authentic(packet, data, b"other")
    assert (packet.authenticator == RANDOM) is (code not in HASHED)


@pytest.mark.parametrize("code", HASHED)
def test_a_hashed_request_authenticator_shows_the_secret(code):
    data = sign_request(code, 9, [(1, b"user")], SECRET, random_authenticator=RANDOM)
    assert not is_request_authentic(parse_packet(data), data, b"other")
    changed = data[:-1] + b"X"
    assert not is_request_authentic(parse_packet(changed), changed, SECRET)


def test_request_authenticator_is_that_of_rfc_2866():
    data = sign_request(Code.ACCOUNTING_REQUEST, 1, [], SECRET, random_authenticator=RANDOM)
    assert data[4:20] == hashlib.md5(data[:4] + bytes(16) + data[20:] + SECRET).digest()


@pytest.mark.parametrize("code", [Code.ACCESS_ACCEPT, Code.ACCESS_REJECT, Code.ACCESS_CHALLENGE])
@pytest.mark.parametrize("signed", [True, False])
def test_access_replies_begin_with_message_authenticator(code, signed):
    data = sign_request(Code.ACCESS_REQUEST, 9, [], SECRET, random_authenticator=RANDOM)
    request = parse_packet(data if signed else data[:2] + b"\0\x14" + data[4:20])
    reply = sign_reply(code, request, [(27, b"\0\0\0\1")], SECRET)
    packet = parse_packet(reply)
    assert reply[20:22] == bytes((80, 18))
    assert is_reply_authentic(reply, request.authenticator, SECRET)
    assert is_message_authentic(packet, reply, SECRET, request_authenticator=request.authenticator)
    zeroed = reply[:4] + request.authenticator + reply[20:22] + bytes(16) + reply[38:]
    assert packet.attributes[0][1] == hmac.digest(SECRET, zeroed, "md5")
    assert not is_reply_authentic(reply, request.authenticator, b"other")


def test_accounting_response_has_none_but_status_server_gets_one():
    ask = parse_packet(sign_request(Code.ACCOUNTING_REQUEST, 1, [], SECRET, random_authenticator=RANDOM))
    assert len(sign_reply(Code.ACCOUNTING_RESPONSE, ask, [], SECRET)) == 20
    probe = parse_packet(sign_request(Code.STATUS_SERVER, 1, [], SECRET, random_authenticator=RANDOM))
    assert len(sign_reply(Code.ACCOUNTING_RESPONSE, probe, [], SECRET)) == 38


def test_trim_takes_the_padding_away():
    data = sign_request(Code.ACCOUNTING_REQUEST, 1, [], SECRET, random_authenticator=RANDOM)
    assert trim(data + b"padding") == data
    assert trim(data) is data
