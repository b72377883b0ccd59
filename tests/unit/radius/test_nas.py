import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from radius.nas import Heard, NasEntry, NasRegistry, NasTable
from radius.protocol.attributes import EAP_MESSAGE, Code
from radius.protocol.connection import Client, RequestReceived
from radius.protocol.packet import Packet
from tests.factories.radius import request


def entry(cidr, name=None):
    return NasEntry(ipaddress.ip_network(cidr), Client(name or cidr, (b"s",)))


def found(table, source):
    client = table.find(source)
    return None if client is None else client.id


def test_the_longest_prefix_wins():
    table = NasTable(
        [entry("10.0.0.0/8"), entry("10.1.0.0/16"), entry("10.1.2.3/32"), entry("0.0.0.0/0", "any")]
    )
    assert found(table, "10.1.2.3") == "10.1.2.3/32"
    assert found(table, "10.1.2.4") == "10.1.0.0/16"
    assert found(table, "10.2.0.1") == "10.0.0.0/8"
    assert found(table, "192.0.2.1") == "any"
    assert len(table) == 4


def test_unknown_sources_have_none():
    table = NasTable([entry("10.0.0.0/8"), entry("2001:db8::/32")])
    assert found(table, "192.0.2.1") is None
    assert found(table, "2001:db9::1") is None
    assert found(table, "192.0.2.1") is None


def test_both_families_and_mapped_addresses():
    table = NasTable([entry("10.0.0.0/8"), entry("fe80::/10"), entry("::/0", "six")])
    assert found(table, "::ffff:10.0.0.1") == "10.0.0.0/8"
    assert found(table, "fe80::1%eth0") == "fe80::/10"
    assert found(table, "2001:db8::1") == "six"


@given(
    st.lists(st.tuples(st.ip_addresses(v=4), st.integers(0, 32)), max_size=12),
    st.ip_addresses(v=4),
)
def test_it_agrees_with_a_plain_search(networks, source):
    entries = [
        entry(str(ipaddress.ip_network((address, length), strict=False))) for address, length in networks
    ]
    matching = [one for one in entries if source in one.network]
    expected = max(matching, key=lambda one: one.network.prefixlen, default=None)
    assert found(NasTable(entries), str(source)) == (None if expected is None else expected.client.id)


def test_memory_of_look_ups_is_bounded():
    table = NasTable([entry("10.0.0.0/8")])
    for number in range(70_000):
        table.find(str(ipaddress.IPv4Address(number)))
    assert len(table._remembered) <= 65_536


class NoDatabase:
    """Nothing is read here."""


def heard(*requests):
    registry = NasRegistry(NoDatabase(), None, None)
    for one in requests:
        registry.hear(one)
    return registry.take_heard()


def access(at=0, **values):
    """An Access-Request of the NAS nas-1, with its Message-Authenticator at an offset, 0 for none."""
    asked = request(**values)
    packet = Packet(asked.packet.code, 1, asked.packet.authenticator, asked.packet.attributes, at)
    return RequestReceived(packet, asked.client, asked.source, asked.secret, 0.0)


def test_signing_is_learnt_but_eap_proves_nothing():
    assert heard(access(20)) == Heard({"nas-1"}, {"nas-1"}, set())
    assert heard(access(20, extra=[(EAP_MESSAGE, b"x")])) == Heard({"nas-1"}, set(), set())
    assert heard(access(0)) == Heard({"nas-1"}, set(), {"nas-1"})
    assert heard(access(20), access(0)) == Heard({"nas-1"}, {"nas-1"}, {"nas-1"})
    assert heard(request(Code.ACCOUNTING_REQUEST)) == Heard({"nas-1"}, set(), set())


def test_what_was_heard_is_taken_once_and_can_be_put_back():
    registry = NasRegistry(NoDatabase(), None, None)
    registry.mark_seen("a")
    taken = registry.take_heard()
    assert registry.take_heard() == Heard()
    registry.mark_unsigned("b")
    registry.add_heard(taken)
    assert registry.take_heard() == Heard({"a"}, set(), {"b"})
