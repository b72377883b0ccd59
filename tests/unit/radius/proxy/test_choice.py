from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.packet import Packet
from radius.proxy.choice import StateHolders, device_key, order
from radius.proxy.types import Home


@dataclass
class FakeLink:
    home: Home
    up: bool = True


def links(*names, down=()):
    return [
        FakeLink(Home(name, "udp", "h", 1, 2, b"s", "", True, False, True), name not in down)
        for name in names
    ]


def asked(found):
    return [link.home.id for link in found]


def test_the_first_that_is_up_serves_all():
    assert asked(order(links("a", "b", "c"), balance=False, key=b"k", holder=None)) == ["a", "b", "c"]
    found = order(links("a", "b", "c", down=("a",)), balance=False, key=b"k", holder=None)
    assert asked(found) == ["b", "c", "a"]


def test_who_knows_the_conversation_is_asked_unless_it_is_down():
    assert asked(order(links("a", "b"), balance=False, key=b"", holder="b")) == ["b", "a"]
    assert asked(order(links("a", "b", down=("b",)), balance=False, key=b"", holder="b")) == ["a", "b"]
    assert asked(order(links("a", "b"), balance=False, key=b"", holder="gone")) == ["a", "b"]


def test_devices_are_shared_evenly_and_always_alike():
    firsts = [asked(order(links("a", "b"), balance=True, key=b"%d" % n, holder=None))[0] for n in range(400)]
    assert 150 < firsts.count("a") < 250
    again = [asked(order(links("b", "a"), balance=True, key=b"%d" % n, holder=None))[0] for n in range(400)]
    assert again == firsts


@given(st.binary(max_size=20))
def test_only_the_devices_of_a_lost_server_move(key):
    first, *others = asked(order(links("a", "b", "c"), balance=True, key=key, holder=None))
    found = asked(order(links("a", "b", "c", down=(first,)), balance=True, key=key, holder=None))
    assert found == [*others, first]


def test_a_device_is_known_by_its_address_or_else_its_name():
    assert device_key(Packet(1, 0, bytes(16), ((1, b"u"), (31, b"02-00")))) == b"02-00"
    assert device_key(Packet(1, 0, bytes(16), ((1, b"u"),))) == b"u"
    assert device_key(Packet(1, 0, bytes(16), ())) == b""


def test_states_are_remembered_up_to_a_limit():
    holders = StateHolders(2)
    for number in range(3):
        holders.note("r", b"%d" % number, f"home-{number}")
    assert len(holders) == 2
    assert holders.find("r", b"0") is None
    assert holders.find("r", b"2") == "home-2"
    assert holders.find("other", b"2") is None
    assert holders.find("r", None) is None
