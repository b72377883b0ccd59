import secrets
from itertools import repeat

import pytest

from radius.load.judge import find_fault
from radius.load.requests import Login, Session, Station, accounting_requests, pap_requests
from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_reply
from radius.protocol.errors import DropReason
from radius.protocol.packet import parse_packet

SECRET = b"a shared secret for tests"
(LOGIN,) = pap_requests(repeat(Login("u", "p")), 1, SECRET, Station(), secrets.token_bytes)
(START, _) = accounting_requests([Session("s")], 0, SECRET, Station())


def answer(request, code, secret=SECRET):
    return sign_reply(code, parse_packet(request), [(25, b"class")], secret)


@pytest.mark.parametrize("code", [Code.ACCESS_ACCEPT, Code.ACCESS_REJECT, Code.ACCESS_CHALLENGE])
def test_genuine_answers_of_a_login(code):
    assert find_fault(LOGIN, answer(LOGIN, code), SECRET, require=True) is None


def test_a_genuine_acknowledgement():
    assert find_fault(START, answer(START, Code.ACCOUNTING_RESPONSE), SECRET, require=True) is None


def damaged(data, at):
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


ACCEPT = answer(LOGIN, Code.ACCESS_ACCEPT)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", DropReason.SHORT),
        (answer(LOGIN, Code.ACCOUNTING_RESPONSE), DropReason.UNEXPECTED_REPLY),
        (LOGIN, DropReason.UNEXPECTED_REPLY),
        (damaged(ACCEPT, 4), DropReason.BAD_AUTHENTICATOR),
        (damaged(ACCEPT, 22), DropReason.BAD_MESSAGE_AUTHENTICATOR),
        (damaged(ACCEPT, len(ACCEPT) - 1), DropReason.BAD_MESSAGE_AUTHENTICATOR),
        (answer(LOGIN, Code.ACCESS_ACCEPT, b"another secret"), DropReason.BAD_MESSAGE_AUTHENTICATOR),
    ],
    ids=["empty", "accounting", "request", "authenticator", "message-authenticator", "class", "secret"],
)
def test_what_is_not_genuine(data, reason):
    assert find_fault(LOGIN, data, SECRET, require=True) == reason


def test_an_unsigned_accept_is_believed_only_where_it_may_be():
    bare = sign_reply(Code.ACCOUNTING_RESPONSE, parse_packet(LOGIN), [], SECRET)
    from hashlib import md5

    head = bytes((Code.ACCESS_ACCEPT,)) + bare[1:4]
    unsigned = head + md5(head + LOGIN[4:20] + SECRET, usedforsecurity=False).digest()
    assert find_fault(LOGIN, unsigned, SECRET, require=True) == DropReason.NO_MESSAGE_AUTHENTICATOR
    assert find_fault(LOGIN, unsigned, SECRET, require=False) is None
