"""Debian's radsecproxy before us and behind us."""

import datetime as dt

import pytest

from controller.models import AccessPoint, District, Site
from tests.eventually import eventually
from tests.factories.authority import Authority
from tests.integration.radius.asking import acct, mab, radclient
from tests.integration.radius.city import NAME, running_city
from tests.integration.radius.eap.supplicant import TLS13, eapol_test, succeeded
from tests.integration.radius.proxy.conftest import PASSWORD, VISITOR, metro_plan, written
from tests.peers.freeradius import freeradius
from tests.peers.radsecproxy import SECRET, Target, radsecproxy

METRO = "proxy.metro.example"
SERIAL = "001122334455"


@pytest.fixture
def database_url(tmp_path):
    """An empty database, on SQLite only."""
    return f"sqlite+aiosqlite:///{tmp_path / 'kolco.db'}"


@pytest.fixture
def partner(tmp_path):
    authority = Authority("Metro CA")
    (tmp_path / "metro.crt").write_bytes(authority.certificate_pem)
    (tmp_path / "metro.crl").write_bytes(authority.crl())
    return authority


@pytest.fixture
async def city(runtime, partner, tmp_path):
    files = {"radsec_ca": (tmp_path / "metro.crt",), "radsec_crl": (tmp_path / "metro.crl",)}
    async with running_city(runtime, **files) as running:
        yield running


def before(city, issued, tls="TLS1_2:TLS1_3"):
    """A radsecproxy that hands everything on to the city over TLS."""
    target = Target(city.radsec_port, tls=True, name=NAME)
    return radsecproxy(target, authority_pem=city.authority.certificate_pem, issued=issued, tls=tls)


async def add_metro(city):
    await city.add_nas("metro", cidr="", radsec_name=METRO)

    async def known():
        return city.metric('kolco_radius_radsec_peers{kind="nas"}') == 1

    await eventually(known)


@pytest.mark.parametrize("tls", ["TLS1_2", "TLS1_3"])
async def test_an_operators_proxy_comes_over_tls(city, device, partner, tls):
    await add_metro(city)
    with before(city, partner.issue(METRO), tls) as proxy:
        assert "Received Access-Accept" in await radclient(proxy.udp_port, "auth", mab(), secret=SECRET)
        wrong = mab("02:00:00:00:00:99")
        assert "Received Access-Reject" in await radclient(proxy.udp_port, "auth", wrong, secret=SECRET)
        told = await radclient(proxy.udp_port, "acct", acct("Start"), secret=SECRET)
        assert "Received Accounting-Response" in told
        assert city.metric('kolco_radius_requests_total{kind="access",nas="metro"}') == 2
        assert city.metric('kolco_radius_replies_total{nas="metro",outcome="accept"}') == 1
        await eventually(city.applied)


async def test_an_unknown_or_revoked_proxy_is_refused(city, device, partner, tmp_path):
    issued = partner.issue(METRO)

    async def refused():
        return city.radsec_ended("unknown-peer") > 0

    async def revoked():
        return city.radsec_ended("revoked") > 0

    with before(city, issued) as proxy:
        await eventually(refused)
        assert "No reply" in await radclient(proxy.udp_port, "auth", mab(), secret=SECRET, silent=True)
    # It becomes known with no restart of ours, and its certificate is taken back with none.
    await add_metro(city)
    with before(city, issued) as proxy:
        assert "Received Access-Accept" in await radclient(proxy.udp_port, "auth", mab(), secret=SECRET)
        (tmp_path / "metro.crl").write_bytes(partner.crl(issued.certificate))
        await eventually(revoked)
        assert "No reply" in await radclient(proxy.udp_port, "auth", mab(), secret=SECRET, silent=True)
        assert city.metric("kolco_radius_radsec_connections") == 0


async def test_eap_comes_over_tls(city, device, partner, tmp_path):
    await add_metro(city)
    await city.in_step()
    _, username, password = device
    network = {
        "eap": "PEAP",
        "anonymous_identity": '"anonymous@kolco.test"',
        "identity": f'"{username}"',
        "password": f'"{password}"',
        "phase2": '"auth=MSCHAPV2"',
        "phase1": f'"{TLS13}"',
        "ca_cert": f'"{city.runtime.data_dir / "pki" / "ca.crt"}"',
    }
    with before(city, partner.issue(METRO)) as proxy:
        output = await eapol_test(proxy.udp_port, tmp_path, network, "-s", SECRET)
    assert succeeded(output), output[-3000:]


@pytest.mark.parametrize("tls", ["TLS1_2", "TLS1_3"])
async def test_visitors_are_known_behind_an_operators_proxy(city, partner, tls):
    """Us over TLS to radsecproxy, and from it over UDP to FreeRADIUS."""
    with freeradius(metro_plan()) as metro:
        target = Target(metro.auth_port, tls=False, secret=metro.secret, acct_port=metro.acct_port)
        issued = partner.issue("aaa.metro.example", names=("aaa.metro.example",))
        with radsecproxy(
            target, authority_pem=city.authority.certificate_pem, issued=issued, client=NAME, tls=tls
        ) as proxy:
            await city.add_home(
                "metro", protocol="radsec", auth_port=proxy.tls_port, server_name="aaa.metro.example"
            )
            await city.set_realm("*.example", "metro")
            asked = f'User-Name="{VISITOR}",User-Password="{PASSWORD}",Message-Authenticator=0x00\n'
            assert "Received Access-Accept" in await city.ask("auth", asked)
            wrong = asked.replace(PASSWORD, "wrong")
            assert "Received Access-Reject" in await city.ask("auth", wrong)
            assert "Received Accounting-Response" in await city.ask(
                "acct", acct("Start", User_Name=f'"{VISITOR}"')
            )

            async def delivered():
                return city.forwarded("delivered") == 1

            await eventually(delivered)
            assert len(written(metro)) == 3
            tls_port = proxy.tls_port
        await eventually(lambda: city.is_down("metro"))
        assert "Received Access-Reject" in await city.ask("auth", asked)
        with radsecproxy(
            target,
            authority_pem=city.authority.certificate_pem,
            issued=issued,
            client=NAME,
            tls=tls,
            tls_port=tls_port,
        ):
            await eventually(lambda: city.is_up("metro"))
            assert "Received Access-Accept" in await city.ask("auth", asked)


async def test_an_access_point_comes_with_its_own_certificate(city, device):
    """Zero touch: the certificate that it was given on adoption is all it needs."""
    async with city.runtime.db.transaction() as tx:
        tx.add(District(id="centre", name="Центр"))
        await tx.flush()
        tx.add(Site(id="square", name="Square", district_id="centre", latitude=55.0, longitude=37.0))
        await tx.flush()
        tx.add(
            AccessPoint(
                serial=SERIAL, name="AP", mac="00:11:22:33:44:55", model="x", site_id="square", latitude=55.0,
                longitude=37.0, state="adopted", created_at=dt.datetime.now(dt.UTC),
            )
        )  # fmt: skip

    async def known():
        return city.metric('kolco_radius_radsec_peers{kind="access-point"}') == 1

    await eventually(known)
    with before(city, city.authority.issue_client(SERIAL, now=dt.datetime.now(dt.UTC))) as proxy:
        assert "Received Access-Accept" in await radclient(proxy.udp_port, "auth", mab(), secret=SECRET)
        assert city.metric('kolco_radius_radsec_accepted_total{nas="radsec-aps"}') == 2
