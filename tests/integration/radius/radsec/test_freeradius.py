"""Debian's FreeRADIUS as a RadSec server: another maker's TLS at the other end of our connections."""

import asyncio

import pytest

from tests.eventually import eventually
from tests.factories.authority import Authority
from tests.integration.radius.asking import acct
from tests.integration.radius.city import running_city
from tests.integration.radius.proxy.conftest import PASSWORD, VISITOR, metro_plan, written
from tests.peers.freeradius import freeradius
from tests.peers.process import free_port

LISTENER = """
listen {{
  ipaddr = 127.0.0.1
  port = {port}
  type = auth+acct
  proto = tcp
  virtual_server = default
  clients = radsec
  limit {{ max_connections = 16
    lifetime = 0
    idle_timeout = 3 }}
  tls {{
    private_key_file = {directory}/metro.key
    certificate_file = {directory}/metro.crt
    ca_file = {directory}/city.crt
    require_client_cert = yes
    fragment_size = 8192
    cipher_list = "DEFAULT"
    tls_min_version = "{tls}"
    tls_max_version = "{tls}"
    cache {{ enable = no }}
  }}
}}
clients radsec {{
  client city {{ ipaddr = 127.0.0.1
    proto = tls
    secret = radsec }}
}}
"""


@pytest.fixture
def database_url(tmp_path):
    """An empty database, on SQLite only."""
    return f"sqlite+aiosqlite:///{tmp_path / 'kolco.db'}"


@pytest.mark.parametrize("tls", ["1.2", "1.3"])
async def test_visitors_are_known_behind_it(runtime, tmp_path, tls):
    partner = Authority("Metro CA")
    (tmp_path / "partner.crt").write_bytes(partner.certificate_pem)
    async with running_city(runtime, radsec_ca=(tmp_path / "partner.crt",), proxy_watchdog_s=1.0) as city:
        (tmp_path / "city.crt").write_bytes(city.authority.certificate_pem)
        partner.issue("aaa.metro.example", names=("aaa.metro.example",)).write(tmp_path, "metro")
        port = free_port()
        listener = LISTENER.format(port=port, directory=tmp_path, tls=tls)
        with freeradius(metro_plan(sites={"radsec": listener})) as metro:
            await city.add_home("metro", protocol="radsec", auth_port=port, server_name="aaa.metro.example")
            await city.set_realm("metro.example", "metro")
            asked = f'User-Name="{VISITOR}",User-Password="{PASSWORD}",Message-Authenticator=0x00\n'
            assert "Received Access-Accept" in await city.ask("auth", asked)
            assert "Received Access-Reject" in await city.ask("auth", asked.replace(PASSWORD, "wrong"))
            told = acct("Start", User_Name=f'"{VISITOR}"')
            assert "Received Accounting-Response" in await city.ask("acct", told)

            async def delivered():
                return city.forwarded("delivered") == 1

            await eventually(delivered)
            assert len(written(metro)) == 3
            await asyncio.sleep(4)  # it hangs up after three silent seconds; ours are never silent as long
            assert "Received Access-Accept" in await city.ask("auth", asked)
