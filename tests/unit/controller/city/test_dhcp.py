from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.city import dhcp
from controller.core.errors import InvalidInputError

WRITTEN = """\
reason=BOUND
new_ip_address=10.77.57.175
new_captive_portal=https://portal.kolco.test/capport/gw-1?a=b
new_routers=10.77.0.1 10.77.0.2
new_domain_name_servers=10.77.0.1
new_dhcp_lease_time=3600
"""


def test_a_lease_is_read_with_the_portal_of_option_114():
    lease = dhcp.parse_lease(WRITTEN)
    assert lease.ip == "10.77.57.175"
    assert lease.router == "10.77.0.1"
    assert lease.dns == ("10.77.0.1",)
    assert lease.lease_s == 3600
    assert lease.captive_portal == "https://portal.kolco.test/capport/gw-1?a=b"


def test_a_lease_without_option_114_has_no_portal():
    text = "\n".join(line for line in WRITTEN.splitlines() if "captive" not in line)
    assert dhcp.parse_lease(text).captive_portal is None


@pytest.mark.parametrize("name", ["new_ip_address", "new_routers", "new_domain_name_servers"])
def test_a_lease_that_lacks_something_says_what(name):
    text = "\n".join(line for line in WRITTEN.splitlines() if not line.startswith(name))
    with pytest.raises(InvalidInputError, match=name):
        dhcp.parse_lease(text)


@given(st.text())
def test_nothing_but_an_input_error_comes_of_any_text(text):
    with suppress(InvalidInputError):
        dhcp.parse_lease(text)


def test_the_client_asks_for_option_114_under_a_name_of_ours():
    assert "option captive-portal code 114 = text;" in dhcp.CONFIGURATION
    assert dhcp.CONFIGURATION.rstrip().endswith("captive-portal;")


def test_the_script_writes_to_the_phone_and_its_namespace_only():
    script = dhcp.script(Path("/data/phone-1/lease"), Path("/etc/netns/kc-phone-1/resolv.conf"))
    assert "> '/etc/netns/kc-phone-1/resolv.conf'" in script
    assert "mv '/data/phone-1/lease.part' '/data/phone-1/lease'" in script


def test_a_path_with_a_quote_is_refused():
    with pytest.raises(InvalidInputError, match="quote"):
        dhcp.script(Path("/data/it's"), Path("/etc/resolv.conf"))
