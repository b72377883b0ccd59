"""Debian's FreeRADIUS as a proxy before us, over UDP: our server is the home server here."""

import pytest

from tests.eventually import eventually
from tests.integration.radius.asking import SECRET, acct, radclient
from tests.integration.radius.eap.supplicant import TLS12, eapol_test, succeeded
from tests.peers.freeradius import FreeRadiusPlan, freeradius

PROXY = """
proxy server {{ default_fallback = no }}
home_server city {{
  type = auth
  ipaddr = 127.0.0.1
  port = {auth}
  secret = "{secret}"
  status_check = status-server
}}
home_server books {{
  type = acct
  ipaddr = 127.0.0.1
  port = {acct}
  secret = "{secret}"
  status_check = status-server
}}
home_server_pool city {{ type = fail-over
  home_server = city }}
home_server_pool books {{ type = fail-over
  home_server = books }}
realm city.example {{
  auth_pool = city
  acct_pool = books
}}
"""


@pytest.fixture
def before(city):
    plan = FreeRadiusPlan(
        secret=SECRET,
        proxy=PROXY.format(auth=city.auth_port, acct=city.acct_port, secret=SECRET),
        authorize="suffix",
        preacct="suffix",
    )
    with freeradius(plan) as server:
        yield server


async def test_it_hands_logins_on_to_us(city, before, device):
    await city.in_step()
    _, username, password = device
    asked = f'User-Name="{username}@city.example",User-Password="{password}",Message-Authenticator=0x00\n'
    output = await radclient(before.auth_port, "auth", asked)
    assert "Received Access-Accept" in output, before.log[-3000:]
    wrong = await radclient(before.auth_port, "auth", asked.replace(password, "wrong"))
    assert "Received Access-Reject" in wrong
    told = acct("Start", User_Name=f'"{username}@city.example"')
    assert "Received Accounting-Response" in await radclient(before.acct_port, "acct", told)
    await eventually(city.applied)


async def test_eap_comes_through_it(city, before, device, tmp_path):
    await city.in_step()
    _, username, password = device
    network = {
        "eap": "TTLS",
        "anonymous_identity": '"anonymous@city.example"',
        "identity": f'"{username}"',
        "password": f'"{password}"',
        "phase2": '"auth=PAP"',
        "phase1": f'"{TLS12}"',
        "ca_cert": f'"{city.runtime.data_dir / "pki" / "ca.crt"}"',
    }
    output = await eapol_test(before.auth_port, tmp_path, network)
    assert succeeded(output), output[-3000:] + before.log[-3000:]
