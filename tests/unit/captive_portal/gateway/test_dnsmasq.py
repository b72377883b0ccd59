from ipaddress import IPv4Address, IPv4Interface
from pathlib import PurePath

import pytest

from captive_portal.gateway.dnsmasq import DnsmasqSettings, render_config, render_hook


def settings(**changes):
    values = {
        "lan_interface": "lan",
        "lan_address": IPv4Interface("10.77.0.1/16"),
        "dhcp_range": (IPv4Address("10.77.1.0"), IPv4Address("10.77.255.254")),
        "lease_s": 3600,
        "capport_uri": "https://portal.test/capport/gw-1",
        "portal_host": "portal.test",
        "portal_addresses": [IPv4Address("203.0.113.10")],
        "upstream": [IPv4Address("203.0.113.53")],
        "directory": PurePath("/var/lib/kolco/gw"),
    }
    return DnsmasqSettings(**{**values, **changes})


def test_tells_clients_of_the_captive_portal_api():
    config = render_config(settings()).splitlines()
    assert 'dhcp-option=tag:clients,114,"https://portal.test/capport/gw-1"' in config
    assert "dhcp-range=set:clients,10.77.1.0,10.77.255.254,255.255.0.0,3600" in config


def test_answers_only_for_its_own_name_and_denies_the_canary():
    config = render_config(settings()).splitlines()
    assert "host-record=portal.test,203.0.113.10,60" in config
    assert "address=/use-application-dns.net/" in config
    assert [line for line in config if line.startswith("address=")] == ["address=/use-application-dns.net/"]


def test_asks_the_given_resolvers_or_those_of_the_machine():
    assert "server=203.0.113.53" in render_config(settings())
    assert "no-resolv" in render_config(settings())
    assert "no-resolv" not in render_config(settings(upstream=[]))


def test_refuses_a_uri_that_does_not_fit():
    with pytest.raises(ValueError, match="255"):
        render_config(settings(capport_uri="https://portal.test/" + "a" * 250))


def test_the_hook_never_waits_for_a_reader():
    assert 'exec 3<>"/var/lib/kolco/gw/leases.fifo"' in render_hook(settings())
