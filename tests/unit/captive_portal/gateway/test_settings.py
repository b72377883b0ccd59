import pytest
from pydantic import ValidationError

from captive_portal.gateway.settings import GatewaySettings


def test_ranges_follow_from_the_lan():
    settings = GatewaySettings(lan_address="10.77.0.1/16")
    assert [str(address) for address in settings.dhcp_range] == ["10.77.1.0", "10.77.255.254"]
    small = GatewaySettings(lan_address="192.0.2.1/28")
    assert [str(address) for address in small.dhcp_range] == ["192.0.2.4", "192.0.2.14"]
    assert str(settings.lan) == "10.77.0.0/16"


def test_the_portals_parts():
    settings = GatewaySettings(id="gw-7", portal_url="https://portal.test:8443")
    assert settings.portal_host == "portal.test"
    assert settings.portal_ports == (80, 443, 8443)
    assert settings.capport_uri == "https://portal.test:8443/capport/gw-7"


@pytest.mark.parametrize(
    "wrong",
    [
        {"lan_interface": 'lan" drop'},
        {"table": "Kolco; flush ruleset"},
        {"portal_url": "https://portal.test/path"},
        {"id": "Шлюз"},
        {"dhcp_first": "10.78.0.1"},
        {"lan_address": "10.77.0.1/32"},
    ],
)
def test_refuses_what_could_not_work(wrong):
    with pytest.raises(ValidationError):
        GatewaySettings(**wrong)
