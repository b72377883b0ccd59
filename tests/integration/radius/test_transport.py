"""RadSec and the proxy in worker processes, as a city runs them: several, on uvloop, on shared ports."""

import pytest

from controller.roaming import service
from tests.eventually import eventually
from tests.factories.authority import Authority
from tests.integration.radius.asking import SECRET, acct, mab, radclient
from tests.integration.radius.city import NAME, running_city
from tests.integration.radius.proxy.conftest import PASSWORD, VISITOR, metro_plan
from tests.peers.freeradius import freeradius
from tests.peers.radsecproxy import SECRET as PROXY_SECRET
from tests.peers.radsecproxy import Target, radsecproxy

METRO = "proxy.metro.example"


@pytest.fixture
def database_url(tmp_path):
    """An empty database, on SQLite only."""
    return f"sqlite+aiosqlite:///{tmp_path / 'kolco.db'}"


async def test_workers_share_the_port_and_hear_of_realms(runtime, device, tmp_path):
    partner = Authority("Metro CA")
    (tmp_path / "metro.crt").write_bytes(partner.certificate_pem)
    async with running_city(runtime, workers=2, radsec_ca=(tmp_path / "metro.crt",)) as city:
        await city.add_nas("metro", cidr="", radsec_name=METRO)
        await eventually(city.knows_radsec_nas)
        target = Target(city.radsec_port, tls=True, name=NAME)
        authority_pem = city.authority.certificate_pem
        with radsecproxy(target, authority_pem=authority_pem, issued=partner.issue(METRO)) as proxy:

            async def is_let_in():  # the account index hears of the device
                output = await radclient(proxy.udp_port, "auth", mab(), secret=PROXY_SECRET, silent=True)
                return "Received Access-Accept" in output

            await eventually(is_let_in, within_s=30)
            told = await radclient(proxy.udp_port, "acct", acct("Start"), secret=PROXY_SECRET)
            assert "Received Accounting-Response" in told
        asked = f'User-Name="{VISITOR}",User-Password="{PASSWORD}",Message-Authenticator=0x00\n'
        with freeradius(metro_plan()) as metro:
            await city.add_home(
                "metro", auth_port=metro.auth_port, acct_port=metro.acct_port, secret=metro.secret
            )
            issued = partner.issue("aaa.metro.example", names=("aaa.metro.example",))
            behind = Target(metro.auth_port, tls=False, secret=metro.secret, acct_port=metro.acct_port)
            with radsecproxy(behind, authority_pem=authority_pem, issued=issued, client=NAME) as proxy:
                await city.add_home(
                    "tls", protocol="radsec", auth_port=proxy.tls_port, server_name="aaa.metro.example"
                )
                for home in ("metro", "tls"):

                    async def accepted(home=home):
                        await radclient(city.auth_port, "auth", asked, secret=SECRET, silent=True)
                        counted = f'kolco_radius_proxied_total{{home="{home}",outcome="accept"}}'
                        return counted in await city.scrape()

                    async with runtime.db.transaction() as tx:
                        await service.set_realm(tx, "metro.example", [home])
                    await eventually(accepted, within_s=30)
        assert 'kolco_radius_radsec_accepted_total{nas="metro"}' in await city.scrape()
