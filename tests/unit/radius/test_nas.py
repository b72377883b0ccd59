import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from radius.nas import NasEntry, NasTable
from radius.protocol.connection import Client


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
