from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.attributes import Code
from radius.protocol.connection import Client, RequestReceived
from radius.protocol.eap.keys import encode_mppe_keys, hide_key, read_mppe_keys
from radius.protocol.errors import MalformedError
from radius.protocol.packet import Packet, encode_vendor, encode_vendor_integer
from radius.protocol.password import chap_response, hide_password, is_chap_right, unhide_password
from radius.proxy.hidden import Key
from radius.proxy.rewrite import forward_access, forward_accounting, is_loop, read_reply
from radius.proxy.roaming import Operator
from radius.proxy.route_class import Routed

SECRET = b"the access point's secret"
AUTHENTICATOR = bytes(range(16))
HOME = Key(b"the home server's secret", b"h" * 16)
QUIET = Operator(want_cui=False)
MARK = b"12345678"


def request(*attributes, code=Code.ACCESS_REQUEST):
    packet = Packet(code, 7, AUTHENTICATOR, attributes)
    return RequestReceived(packet, Client("ap", (SECRET,)), ("192.0.2.1", 4000), SECRET, 0.0)


def reply(*attributes, code=Code.ACCESS_ACCEPT):
    return Packet(code, 1, bytes(16), attributes)


def test_everything_goes_in_order_and_our_state_last():
    attributes = [
        (80, bytes(16)),
        (33, b"b"),
        (1, b"u@a.example"),
        (79, b"eap1"),
        (79, b"eap2"),
        (33, b"a"),
        (26, b"??"),
    ]
    forwarded = forward_access(request(*attributes), QUIET, MARK + b"1")
    assert forwarded.for_home(HOME) == [*attributes[1:], (33, MARK + b"1")]


def test_a_password_is_hidden_for_the_home_server():
    hidden = hide_password(b"correct horse", SECRET, AUTHENTICATOR)
    ((_, value), _) = forward_access(request((2, hidden)), QUIET, MARK).for_home(HOME)
    assert unhide_password(value, HOME.secret, HOME.authenticator) == b"correct horse"


def test_chap_is_right_though_the_authenticator_changes():
    response = chap_response(1, b"password", AUTHENTICATOR)
    attributes = dict(forward_access(request((3, response)), QUIET, MARK).for_home(HOME))
    assert is_chap_right(attributes[3], b"password", attributes[60])
    given = forward_access(request((3, response), (60, b"challenge")), QUIET, MARK).for_home(HOME)
    assert [value for kind, value in given if kind == 60] == [b"challenge"]


def test_loops_are_seen():
    assert not is_loop(request((33, b"x")).packet, MARK)
    assert is_loop(request((33, b"x"), (33, MARK + b"99")).packet, MARK)
    assert is_loop(request(*[(33, b"x")] * 8).packet, MARK)


def test_accounting_gives_the_home_its_classes_back_and_not_ours():
    kept = (encode_vendor(14122, 13, b"4CLEAR"), (89, b"person"))
    asked = request(
        (40, bytes(4)), (25, b"1"), (25, b"ours"), (25, b"2"), (25, b"3"), code=Code.ACCOUNTING_REQUEST
    )
    forwarded = forward_accounting(asked, QUIET, MARK, Routed("a.example", kept), [b"1", b"2", b"3"])
    sent = forwarded.for_home(HOME)
    assert [value for kind, value in sent if kind == 25] == [b"1", b"2", b"3"]
    assert sent[-3:] == [kept[0], kept[1], (33, MARK)]


def test_what_the_nas_says_itself_is_not_doubled():
    kept = (encode_vendor(14122, 13, b"4CLEAR"), (89, b"person"))
    asked = request((89, b"person"), encode_vendor(14122, 13, b"4X"), code=Code.ACCOUNTING_REQUEST)
    sent = forward_accounting(asked, QUIET, MARK, Routed("a.example", kept), []).for_home(HOME)
    assert sent == [(89, b"person"), encode_vendor(14122, 13, b"4X"), (33, MARK)]


def test_accounting_sent_later_says_so():
    forwarded = forward_accounting(request((41, b"\0\0\0\5"), code=4), QUIET, MARK, None, [])
    assert forwarded.later(30).attributes[0] == (41, b"\0\0\0\x23")
    assert [kind for kind, _ in forwarded.later(30).attributes] == [41, 33]


def test_only_what_is_the_homes_to_say_passes():
    said = reply(
        (80, bytes(16)), (33, b"x"), (25, b"1"), (25, b"2"), (25, b"3"), (64, bytes(4)), (81, b"12"),
        (11, b"open"),
        encode_vendor(9, 1, b"shell:priv-lvl=15"), encode_vendor_integer(14122, 8, 1000), (27, bytes(4)),
    )  # fmt: skip
    passed = read_reply(said, HOME, request(), trusted=False)
    assert passed == [
        (25, b"1"),
        (25, b"2"),
        (25, b"3"),
        encode_vendor_integer(14122, 8, 1000),
        (27, bytes(4)),
    ]
    assert len(read_reply(said, HOME, request(), trusted=True)) == 9


def test_keys_for_the_air_are_hidden_for_the_nas():
    msk = bytes(range(64))
    said = reply(*encode_mppe_keys(msk, HOME.secret, HOME.authenticator, b"abcd"))
    for trusted in (False, True):
        passed = read_reply(said, HOME, request(), trusted=trusted)
        assert read_mppe_keys(passed, SECRET, AUTHENTICATOR) == msk


def test_a_tunnel_password_is_hidden_for_the_nas():
    """RFC 2868 §3.5: a tag, a salt, then length and password hidden like an MS-MPPE key."""
    salted = hide_key(b"tunnel secret", HOME.secret, HOME.authenticator, b"\x80\1")
    ((kind, value),) = read_reply(reply((69, b"\1" + salted)), HOME, request(), trusted=True)
    assert (kind, value) == (69, b"\1" + hide_key(b"tunnel secret", SECRET, AUTHENTICATOR, b"\x80\1"))
    assert read_reply(reply((69, b"\1" + salted)), HOME, request(), trusted=False) == []


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=253)), max_size=10), st.booleans())
def test_any_reply_is_read_or_refused_as_malformed(attributes, trusted):
    with suppress(MalformedError):
        for kind, value in read_reply(reply(*attributes), HOME, request(), trusted=trusted):
            assert kind not in {33, 80}
            assert len(value) <= 253
