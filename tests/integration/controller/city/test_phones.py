"""Phones, the Internet side and the browser, in real namespaces with a real dnsmasq as gateway."""

import datetime as dt

import pytest

from controller.city import internet, layout, network
from controller.city.browser import Browser
from controller.city.layout import Layout
from controller.city.phones import Messages, Phone
from controller.city.process import Child, in_namespace
from controller.core.errors import UnavailableError
from controller.core.pki import CertificateAuthority

PORTAL_URI = "https://portal.kolco.test/capport/gw-1"


@pytest.fixture
async def city(tmp_path):
    """A laid city whose gateway forwards everything, with its Internet side running."""
    plan = Layout(network.new_prefix(), 1)
    mac = layout.phone_mac(1, 1)
    authority = CertificateAuthority.open(tmp_path / "pki")
    issued = authority.issue_server([layout.SITE_HOST], now=dt.datetime.now(dt.UTC))
    children = []
    try:
        await network.lay(plan, [mac])
        children.append(
            await internet.start(plan.internet, tmp_path, issued.write(tmp_path / "pki", "sites"))
        )
        children.append(
            await Child.start(
                "dnsmasq", in_namespace(plan.gateway, dnsmasq(tmp_path)), log=tmp_path / "dns.log"
            )
        )
        phone = Phone(1, plan.phone(1), mac, tmp_path / "phone", tmp_path / "pki" / "ca.crt")
        yield phone
        await phone.leave()
    finally:
        for child in reversed(children):
            await child.stop()
        await network.tear_down(plan.namespaces)


def dnsmasq(directory):
    return [
        "dnsmasq",
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--pid-file=",
        "--user=root",
        "--no-resolv",
        "--no-hosts",
        f"--server={layout.DNS_ADDRESS}",
        "--interface=lan",
        "--bind-interfaces",
        "--no-ping",
        "--dhcp-range=10.77.1.1,10.77.200.1,1h",
        f"--dhcp-option=114,{PORTAL_URI}",
        f"--dhcp-leasefile={directory / 'leases'}",
    ]


async def test_a_phone_leases_browses_and_leaves(city):
    lease = await city.join()
    assert lease.ip.startswith("10.77.")
    assert lease.router == layout.LAN_GATEWAY
    assert lease.captive_portal == PORTAL_URI

    assert (await city.get("http://connectivitycheck.gstatic.com/generate_204")).status == 204
    assert "Success" in (await city.get("http://captive.apple.com/hotspot-detect.html")).text
    assert (await city.get(f"https://{layout.SITE_HOST}/")).status == 200
    posted = await city.get(f"http://{layout.SITE_HOST}/upload", data=b"x" * 70_000)
    assert posted.text == "70000\n"

    before = await city.traffic()
    download = await city.start_download(f"http://{layout.SITE_HOST}/file/3000000")
    assert await download.process.wait() == 0
    assert (await city.traffic()).received - before.received > 3_000_000

    browser = await Browser.start(city, trusted_host=layout.SITE_HOST)
    try:
        page = await browser.open(f"https://{layout.SITE_HOST}/")
        assert page.title == layout.SITE_HOST
        assert "The Internet" in page.text
        assert (await browser.look()).url == page.url
        with pytest.raises(UnavailableError, match="could not open"):
            await browser.open("https://nothing.test/")
    finally:
        await browser.close()

    await city.leave()
    with pytest.raises(UnavailableError):
        await city.get("http://captive.apple.com/", timeout_s=1)
    assert (await city.join()).ip == lease.ip


async def test_a_phone_trusts_only_the_city_authority(city, tmp_path):
    await city.join()
    other = CertificateAuthority.open(tmp_path / "other")
    city.ca = tmp_path / "other" / "ca.crt"
    assert other.certificate_pem
    with pytest.raises(UnavailableError, match="curl failed with 60"):
        await city.get(f"https://{layout.SITE_HOST}/")
    with pytest.raises(UnavailableError):
        await Browser.start(city, trusted_host=layout.SITE_HOST)


async def test_without_a_gateway_there_is_no_lease(tmp_path):
    plan = Layout(network.new_prefix(), 1)
    try:
        await network.lay(plan, [layout.phone_mac(1, 1)])
        phone = Phone(1, plan.phone(1), layout.phone_mac(1, 1), tmp_path / "phone", tmp_path / "ca.crt")
        with pytest.raises(UnavailableError, match="got no lease"):
            await phone.join(timeout_s=0.5)
        await phone.leave()
    finally:
        await network.tear_down(plan.namespaces)


async def test_messages_are_handed_out_once(tmp_path):
    messages = Messages(tmp_path / "sms")
    with pytest.raises(UnavailableError):
        await messages.wait("+79990000001", timeout_s=0.05)
    (tmp_path / "sms").mkdir()
    (tmp_path / "sms" / "1.json").write_text('{"to": "+79990000001", "text": "код 123456", "at": 1}')
    (tmp_path / "sms" / "2.json").write_text('{"to": "+79990000002", "text": "other", "at": 2}')
    assert (await messages.wait("+79990000001")).text == "код 123456"
    assert messages.unread("+79990000001") == []
