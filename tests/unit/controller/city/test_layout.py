from ipaddress import ip_address, ip_network

from controller.city import layout
from controller.city.layout import Layout
from controller.core.mac import is_randomised, parse_mac


def test_every_namespace_carries_the_prefix_and_the_phones_are_counted_from_one():
    city = Layout("kc12", 2)
    assert city.namespaces == ["kc12-inet", "kc12-gw", "kc12-aps", "kc12-phone-1", "kc12-phone-2"]


def test_the_internet_side_holds_every_name_and_only_documentation_addresses():
    held = layout.internet_addresses()
    assert set(layout.host_records().values()) <= set(held)
    assert layout.DNS_ADDRESS in held
    assert len(held) == len(set(held))
    assert all(ip_address(address) in ip_network("203.0.113.0/24") for address in held)


def test_the_gateway_has_one_bridge_port_for_each_phone():
    ports = [line for line in layout.gateway_commands(Layout("kc12", 3)) if "master lan" in line]
    assert ports == [f"link set ap-{number} master lan up" for number in (1, 2, 3)]


def test_an_access_point_bridges_its_phone_to_the_gateway():
    lines = layout.access_point_commands(Layout("kc12", 1))
    assert "link set up-1 master br-1 up" in lines
    assert "link add sta-1 type veth peer name wlan0 netns kc12-phone-1" in lines
    assert "link set sta-1 master br-1 up" in lines


def test_the_internet_side_finds_phones_behind_the_gateway():
    assert "route add 10.77.0.0/16 via 198.51.100.2" in layout.internet_commands()


def test_phones_have_addresses_of_their_own_that_are_locally_administered():
    macs = [layout.phone_mac(7, number) for number in range(1, layout.MAX_PHONES + 1)]
    assert len(set(macs)) == layout.MAX_PHONES
    assert all(is_randomised(parse_mac(mac)) for mac in macs)


def test_a_phone_gets_its_address_before_it_may_join():
    assert layout.phone_commands("0a:6b:00:00:00:01") == [
        "link set lo up",
        "link set wlan0 address 0a:6b:00:00:00:01",
    ]
