"""Visitors: Debian's FreeRADIUS is their home server."""

import signal
import time

import pytest

from tests.eventually import eventually
from tests.integration.radius.asking import SECRET, acct, mab
from tests.integration.radius.eap.supplicant import TLS12, TLS13, eapol_test, succeeded
from tests.integration.radius.proxy.conftest import PASSWORD, VISITOR, metro_plan, written
from tests.peers.freeradius import freeradius


def pap(name=VISITOR, password=PASSWORD, *more):
    return (
        ",".join((f'User-Name="{name}"', f'User-Password="{password}"', "Message-Authenticator=0x00", *more))
        + "\n"
    )


async def join(city, server, home="metro", pattern="metro.example", **values):
    await city.add_home(
        home, auth_port=server.auth_port, acct_port=server.acct_port, secret=server.secret, **values
    )
    await city.set_realm(pattern, home)


async def test_a_visitor_is_let_in_by_the_home_server(city, metro):
    await join(city, metro)
    output = await city.ask("auth", pap())
    assert "Received Access-Accept" in output
    for line in ("Session-Timeout = 1800", "WISPr-Bandwidth-Max-Down = 2000000", "Chargeable-User-Identity"):
        assert line in output
    for word in ("Tunnel", "Filter-Id", "Cisco"):
        assert word not in output
    assert "Received Access-Reject" in await city.ask("auth", pap(password="wrong"))
    assert (city.proxied("metro", "accept"), city.proxied("metro", "reject")) == (1, 1)
    assert city.refused("home-refused") == 1


async def test_a_trusted_home_server_may_say_everything(city, metro):
    await join(city, metro, trusted=True)
    output = await city.ask("auth", pap())
    for word in ("Tunnel-Private-Group-Id", "Filter-Id", "Cisco-AVPair"):
        assert word in output


async def test_chap_and_mschap_are_right_there_too(city, metro):
    await join(city, metro)
    for method in ("CHAP-Password", "MS-CHAP-Password"):
        asked = f'User-Name="{VISITOR}",{method}="{PASSWORD}",Message-Authenticator=0x00\n'
        assert "Received Access-Accept" in await city.ask("auth", asked), method
        wrong = f'User-Name="{VISITOR}",{method}="wrong",Message-Authenticator=0x00\n'
        assert "Received Access-Reject" in await city.ask("auth", wrong), method


async def test_the_home_server_hears_who_we_are(city, metro):
    await join(city, metro)
    await city.ask("auth", pap(VISITOR, PASSWORD, "Proxy-State=0x6e6173"))
    (asked,) = written(metro)
    assert 'Operator-Name = "4CITY:RU"' in asked
    assert "Chargeable-User-Identity = 0x00" in asked
    assert "Attr-26.14122.12 = 0x4f70656e526f616d696e672042726f6e7a65" in asked or any(
        "Offered-Service" in line or "14122" in line for line in asked
    )
    states = [line for line in asked if line.startswith("Proxy-State")]
    assert states[0] == "Proxy-State = 0x6e6173"
    assert len(states) == 2


async def test_accounting_brings_the_homes_classes_back_in_order_and_not_ours(city, metro):
    await join(city, metro)
    accepted = await city.ask("auth", pap())
    classes = [line.split("=")[1].strip() for line in accepted.splitlines() if "Class = " in line]
    assert len(classes) == 4
    # The NAS sends all of them back, with the name the home server may have changed.
    lines = acct("Start", User_Name='"somebody"').strip() + "".join(f",Class={value}" for value in classes)
    assert "Received Accounting-Response" in await city.ask("acct", lines + "\n")

    async def delivered():
        return city.forwarded("delivered") == 1

    await eventually(delivered)
    (told,) = [request for request in written(metro) if any("Acct-Status-Type" in line for line in request)]
    assert [line for line in told if line.startswith("Class")] == [
        f"Class = {value}" for value in classes[:3]
    ]
    assert 'Operator-Name = "4CITY:RU"' in told
    assert any("Chargeable-User-Identity" in line and "706572736f6e2d37" in line for line in told)


async def test_citizens_are_answered_here(city, metro, device):
    await join(city, metro, pattern="DEFAULT")
    assert "Received Access-Accept" in await city.ask("auth", mab())
    _, username, password = device
    assert "Received Access-Accept" in await city.ask("auth", pap(username, password))
    assert written(metro) == []
    await city.set_realm("ours.example")
    assert "Received Access-Reject" in await city.ask("auth", pap("u@ours.example"))
    assert written(metro) == []
    assert "Received Access-Reject" in await city.ask("auth", pap("u@elsewhere.example"))
    assert len(written(metro)) == 1


@pytest.mark.parametrize("tls", [TLS12, TLS13], ids=["tls1.2", "tls1.3"])
async def test_eap_goes_through_with_its_keys(city, metro_eap, tmp_path, tls):
    await join(city, metro_eap)
    await city.in_step()
    output = await eapol_test(
        city.auth_port,
        tmp_path,
        {
            "eap": "TTLS",
            "anonymous_identity": '"anonymous@metro.example"',
            "identity": '"visitor"',
            "password": f'"{PASSWORD}"',
            "phase2": '"auth=PAP"',
            "phase1": f'"{tls}"',
            "ca_cert": f'"{tmp_path / "metro-pki" / "ca.crt"}"',
        },
    )
    assert succeeded(output), output[-4000:]
    assert city.proxied("metro", "challenge") > 3
    assert city.proxied("metro", "accept") == 1


async def test_another_home_server_steps_in_and_the_first_comes_back(city, metro):
    with freeradius(metro_plan()) as second:
        await join(city, metro, "first")
        await city.add_home(
            "second", auth_port=second.auth_port, acct_port=second.acct_port, secret=second.secret
        )
        await city.set_realm("metro.example", "first", "second")
        assert "Received Access-Accept" in await city.ask("auth", pap())
        metro.process.send_signal(signal.SIGSTOP)
        try:
            begun = time.monotonic()
            assert "Received Access-Accept" in await city.ask("auth", pap())
            assert time.monotonic() - begun < 3
            assert await city.is_down("first")
            begun = time.monotonic()
            for _ in range(5):  # nobody waits for it any more
                assert "Received Access-Accept" in await city.ask("auth", pap())
            assert time.monotonic() - begun < 1.5
            assert city.proxied("second", "accept") == 6
        finally:
            metro.process.send_signal(signal.SIGCONT)
        await eventually(lambda: city.is_up("first"))
        assert "Received Access-Accept" in await city.ask("auth", pap())
        assert city.proxied("first", "accept") == 2


async def test_who_cannot_be_asked_about_is_refused_in_time(city, metro, tmp_path):
    await join(city, metro)
    metro.process.send_signal(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        assert "Received Access-Reject" in await city.ask("auth", pap())
        assert time.monotonic() - begun < 6
        assert city.refused("home-unreachable") == 1
        output = await eapol_test(
            city.auth_port,
            tmp_path,
            {"eap": "TTLS", "identity": f'"{VISITOR}"', "password": '"x"', "phase2": '"auth=PAP"'},
        )
        assert output.splitlines()[-1] == "FAILURE"
        assert "EAP: Received EAP-Failure" in output
    finally:
        metro.process.send_signal(signal.SIGCONT)


async def test_accounting_waits_for_a_home_server_that_is_away(city, metro):
    await join(city, metro)
    metro.process.send_signal(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        told = acct("Start", User_Name=f'"{VISITOR}"')
        assert "Received Accounting-Response" in await city.ask("acct", told)
        assert time.monotonic() - begun < 1.5
        await eventually(lambda: not city.metric('kolco_radius_home_up{home="metro",kind="accounting"}'))
        assert city.metric("kolco_radius_proxied_accounting_waiting") == 1
    finally:
        metro.process.send_signal(signal.SIGCONT)

    async def delivered():
        return city.forwarded("delivered") == 1

    await eventually(delivered)


async def test_a_loop_ends_at_once(city):
    await city.add_home("us", auth_port=city.auth_port, acct_port=city.acct_port, secret=SECRET)
    await city.set_realm("loop.example", "us")
    begun = time.monotonic()
    assert "Received Access-Reject" in await city.ask("auth", pap("u@loop.example"))
    assert time.monotonic() - begun < 1
    assert city.refused("proxy-loop") == 1
    assert "Received Accounting-Response" in await city.ask(
        "acct", acct("Start", User_Name='"u@loop.example"')
    )

    async def seen():
        return city.forwarded("loop") == 1

    await eventually(seen)


async def test_realms_change_with_no_restart(city, metro):
    assert "Received Access-Reject" in await city.ask("auth", pap())
    await join(city, metro)
    assert "Received Access-Accept" in await city.ask("auth", pap())
    await city.set_realm("metro.example")
    assert "Received Access-Reject" in await city.ask("auth", pap())
    await city.set_realm("*.EXAMPLE", "metro")
    await city.set_realm("metro.example", "metro")
    assert "Received Access-Accept" in await city.ask("auth", pap())
