import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_reply
from radius.protocol.errors import DropReason, PeerError, UntrustedError
from radius.protocol.packet import encode_packet, parse_packet
from radius.protocol.requester import PendingRequest

SECRET = b"s3cret"
RANDOM = bytes(range(16))


def pending(code=Code.ACCESS_REQUEST, attributes=(), **options):
    return PendingRequest(code, 7, list(attributes), SECRET, random_authenticator=RANDOM, **options)


def answer(request, code, attributes=(), secret=SECRET):
    return sign_reply(code, parse_packet(request.data), attributes, secret)


@pytest.mark.parametrize(
    ("ask", "reply"),
    [
        (Code.ACCESS_REQUEST, Code.ACCESS_ACCEPT),
        (Code.ACCESS_REQUEST, Code.ACCESS_REJECT),
        (Code.ACCOUNTING_REQUEST, Code.ACCOUNTING_RESPONSE),
        (Code.STATUS_SERVER, Code.ACCOUNTING_RESPONSE),
        (Code.COA_REQUEST, Code.COA_NAK),
        (Code.DISCONNECT_REQUEST, Code.DISCONNECT_ACK),
    ],
)
def test_genuine_answers_are_returned(ask, reply):
    request = pending(ask)
    assert request.receive(answer(request, reply)).code == reply


def test_untrusted_answers_say_why():
    request = pending()
    with pytest.raises(UntrustedError) as caught:
        request.receive(answer(request, Code.ACCESS_ACCEPT, secret=b"other"))
    assert caught.value.reason is DropReason.BAD_AUTHENTICATOR
    with pytest.raises(UntrustedError) as caught:
        request.receive(answer(request, Code.COA_ACK))
    assert caught.value.reason is DropReason.UNEXPECTED_REPLY
    with pytest.raises(UntrustedError) as caught:
        request.receive(answer(request, Code.ACCESS_ACCEPT, [(33, b"not sent")]))
    assert caught.value.reason is DropReason.PROXY_STATE


def test_an_accept_without_message_authenticator_is_dropped_unless_excused():
    import hashlib

    bare = encode_packet(2, 7, RANDOM, [])
    bare = bare[:4] + hashlib.md5(bare + SECRET).digest()
    with pytest.raises(UntrustedError) as caught:
        pending().receive(bare)
    assert caught.value.reason is DropReason.NO_MESSAGE_AUTHENTICATOR
    assert pending(require_message_authenticator=False).receive(bare).code == 2


def test_proxy_state_that_was_sent_must_come_back():
    request = pending(attributes=[(33, b"mine")])
    assert request.receive(answer(request, Code.ACCESS_ACCEPT, [(33, b"mine")])).code == 2
    with pytest.raises(UntrustedError):
        request.receive(answer(request, Code.ACCESS_ACCEPT))


@given(st.binary(max_size=100))
def test_any_octets_are_refused(data):
    with pytest.raises(PeerError):
        pending().receive(data)


def test_accounting_goes_without_message_authenticator():
    for code, first in ((Code.ACCOUNTING_REQUEST, 1), (Code.ACCESS_REQUEST, 80), (Code.COA_REQUEST, 80)):
        pending = PendingRequest(code, 1, [(1, b"u")], SECRET, random_authenticator=RANDOM)
        assert parse_packet(pending.data).attributes[0][0] == first
