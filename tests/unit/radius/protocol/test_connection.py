import pytest
from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.attributes import Code
from radius.protocol.authenticator import sign_request
from radius.protocol.connection import (
    ACCT_CODES,
    AUTH_CODES,
    Client,
    Connection,
    Dropped,
    DuplicateReceived,
    RequestReceived,
)
from radius.protocol.errors import DropReason
from radius.protocol.packet import encode_packet, parse_packet

SECRET = b"s3cret"
RANDOM = bytes(range(16))
SOURCE = ("192.0.2.1", 40000)
STRICT = Client("nas-1", (SECRET,))
LAX = Client("nas-1", (SECRET,), require_message_authenticator=False)
PROXY = Client("nas-1", (SECRET,), require_message_authenticator=False, limit_proxy_state=False)


def connection(client=STRICT, codes=AUTH_CODES, **options):
    return Connection({"192.0.2.1": client}.get, codes, **options)


def access(attributes=(), identifier=1, random=RANDOM, secret=SECRET):
    return sign_request(
        Code.ACCESS_REQUEST, identifier, list(attributes), secret, random_authenticator=random
    )


def unsigned(attributes=()):
    return encode_packet(1, 1, RANDOM, attributes)


def reason(event):
    assert isinstance(event, Dropped)
    return event.reason


def test_a_signed_request_is_received():
    event = connection().receive(access([(1, b"u")]), SOURCE, 5.0)
    assert isinstance(event, RequestReceived)
    assert event.client is STRICT
    assert event.source == SOURCE
    assert event.secret == SECRET
    assert event.received_at == 5.0


def test_unknown_sources_are_dropped_before_anything_else():
    event = connection().receive(b"", ("198.51.100.1", 1), 0.0)
    assert event == Dropped(None, DropReason.UNKNOWN_NAS)


def test_wrong_secret_is_dropped():
    assert (
        reason(connection().receive(access(secret=b"no"), SOURCE, 0)) is DropReason.BAD_MESSAGE_AUTHENTICATOR
    )
    data = sign_request(Code.ACCOUNTING_REQUEST, 1, [], b"no", random_authenticator=RANDOM)
    assert reason(connection(codes=ACCT_CODES).receive(data, SOURCE, 0)) is DropReason.BAD_AUTHENTICATOR


def test_either_secret_of_a_rotation_is_good():
    client = Client("n", (b"new", b"old"))
    for secret in client.secrets:
        event = connection(client).receive(access(secret=secret), SOURCE, 0)
        assert event.secret == secret


@pytest.mark.parametrize(
    ("client", "attributes", "expected"),
    [
        (STRICT, [], DropReason.NO_MESSAGE_AUTHENTICATOR),
        (LAX, [], None),
        (LAX, [(79, b"eap")], DropReason.NO_MESSAGE_AUTHENTICATOR),
        (LAX, [(33, b"state")], DropReason.PROXY_STATE),
        (PROXY, [(33, b"state")], None),
        (LAX, [(1, b"u"), (80, bytes(16))], DropReason.BAD_MESSAGE_AUTHENTICATOR),
    ],
)
def test_rules_for_requests_without_message_authenticator(client, attributes, expected):
    event = connection(client).receive(unsigned(attributes), SOURCE, 0)
    assert (event.reason if isinstance(event, Dropped) else None) is expected


def test_message_authenticator_may_stand_anywhere_in_a_request():
    data = bytearray(unsigned([(1, b"u"), (80, bytes(16))]))
    import hmac

    data[-16:] = hmac.digest(SECRET, bytes(data), "md5")
    assert isinstance(connection().receive(bytes(data), SOURCE, 0), RequestReceived)


def test_status_server_must_be_signed():
    data = encode_packet(Code.STATUS_SERVER, 1, RANDOM, [])
    assert reason(connection(LAX).receive(data, SOURCE, 0)) is DropReason.NO_MESSAGE_AUTHENTICATOR
    assert reason(connection(LAX, ACCT_CODES).receive(data, SOURCE, 0)) is DropReason.NO_MESSAGE_AUTHENTICATOR


@pytest.mark.parametrize(
    ("codes", "code"), [(AUTH_CODES, Code.ACCOUNTING_REQUEST), (ACCT_CODES, 1), (AUTH_CODES, 2)]
)
def test_codes_of_another_port_are_dropped(codes, code):
    data = encode_packet(code, 1, RANDOM, [])
    assert reason(connection(PROXY, codes).receive(data, SOURCE, 0)) is DropReason.WRONG_CODE


def test_duplicates_are_answered_with_the_same_octets():
    port = connection()
    data = access()
    request = port.receive(data, SOURCE, 0)
    assert reason(port.receive(data, SOURCE, 1)) is DropReason.DUPLICATE_IN_PROGRESS
    answer = port.reply(request, Code.ACCESS_REJECT, [])
    assert port.receive(data, SOURCE, 2) == DuplicateReceived(STRICT, answer)
    assert isinstance(port.receive(data, ("192.0.2.1", 40001), 2), RequestReceived)


@pytest.mark.parametrize("began", [0, 9])
def test_answers_are_kept_as_long_as_they_should_and_not_twice_as_long(began):
    port = connection(remember_s=10)
    port.receive(access(identifier=9), SOURCE, 0)
    request = port.receive(access(), SOURCE, began)
    answer = port.reply(request, Code.ACCESS_REJECT, [])
    port.receive(access(identifier=2), SOURCE, began + 9)
    assert port.receive(access(), SOURCE, began + 10) == DuplicateReceived(STRICT, answer)
    port.receive(access(identifier=3), SOURCE, 20)
    assert isinstance(port.receive(access(), SOURCE, began + 20), RequestReceived)


def test_after_a_long_silence_nothing_is_kept():
    port = connection(remember_s=10)
    port.reply(port.receive(access(), SOURCE, 0), Code.ACCESS_REJECT, [])
    port.receive(access(identifier=2), SOURCE, 1000)
    assert port.remembered == 1
    assert isinstance(port.receive(access(), SOURCE, 1000), RequestReceived)


def test_an_answer_that_comes_late_is_kept_from_then_on():
    port = connection(remember_s=10)
    request = port.receive(access(), SOURCE, 0)
    port.receive(access(identifier=2), SOURCE, 11)
    answer = port.reply(request, Code.ACCESS_REJECT, [])
    assert port.receive(access(), SOURCE, 20) == DuplicateReceived(STRICT, answer)


def test_the_cache_is_bounded():
    port = connection(max_remembered=10)
    for number in range(100):
        port.receive(access(identifier=number), SOURCE, 0)
    assert port.remembered <= 10


def test_an_identifier_used_again_supersedes_the_old_request():
    port = connection()
    old = port.receive(access(), SOURCE, 0)
    new = port.receive(access(random=bytes(16)), SOURCE, 1)
    assert port.reply(old, Code.ACCESS_REJECT, []) is None
    assert port.reply(new, Code.ACCESS_REJECT, []) is not None


def test_a_forgotten_request_is_worked_on_anew():
    port = connection()
    request = port.receive(access(), SOURCE, 0)
    port.forget(request)
    assert isinstance(port.receive(access(), SOURCE, 1), RequestReceived)
    port.forget(request)
    assert port.remembered == 0
    port.forget(request)


def test_proxy_states_are_copied_in_order_after_the_rest():
    port = connection()
    request = port.receive(access([(33, b"b"), (1, b"u"), (33, b"a")]), SOURCE, 0)
    packet = parse_packet(port.reply(request, Code.ACCESS_ACCEPT, [(25, b"c")]))
    assert [kind for kind, _ in packet.attributes] == [80, 25, 33, 33]
    assert packet.find_all(33) == [b"b", b"a"]


@given(
    st.binary(max_size=120), st.sampled_from([STRICT, LAX, PROXY]), st.sampled_from([AUTH_CODES, ACCT_CODES])
)
def test_any_octets_are_an_event(data, client, codes):
    event = connection(client, codes).receive(data, SOURCE, 0)
    assert isinstance(event, Dropped | RequestReceived)


@given(st.integers(0, 60), st.integers(1, 255))
def test_any_flipped_octet_of_a_signed_request_is_noticed(position, flip):
    data = bytearray(access([(1, b"somebody"), (31, b"02-00-00-00-00-01")]))
    data[position % len(data)] ^= flip
    assert isinstance(connection().receive(bytes(data), SOURCE, 0), Dropped)
