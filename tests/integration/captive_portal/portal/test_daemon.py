"""The daemon as a whole: certificates, listeners, metrics, the SMS centre, a namespace of its own."""

import asyncio
import re
import socket
import ssl
import subprocess
import uuid
from contextlib import asynccontextmanager

import httpx
import pytest
import sqlalchemy as sa

from captive_portal.portal.daemon import make_code, serve
from captive_portal.portal.settings import PortalSettings
from controller.core.errors import ConflictError, InvalidInputError
from controller.core.pki import CertificateAuthority, client_context
from controller.directory.service import Directory
from controller.models import SmsChallenge
from tests.conftest import free_port
from tests.factories.portal import GATEWAY, MAC, PHONE, lease, seed
from tests.fakes.sms_centre import Centre


def test_codes_are_six_digits_and_differ() -> None:
    codes = {make_code() for _ in range(200)}
    assert len(codes) > 190
    assert all(re.fullmatch(r"\d{6}", code) for code in codes)


async def test_it_is_ready_once_everything_answers(portal) -> None:
    async with httpx.AsyncClient(base_url=portal.admin_url, trust_env=False) as http:
        assert (await http.get("/healthz")).status_code == 200
        assert "kolco_portal_logins" in (await http.get("/metrics")).text


async def test_the_certificate_is_for_the_portals_names(portal) -> None:
    context = ssl.create_default_context(cadata=portal.ca_pem.decode())
    port = int(portal.url.rpartition(":")[2])
    for name in ("localhost", "127.0.0.1"):
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
        writer.close()
        await writer.wait_closed()


async def test_no_personal_data_in_the_metrics(portal) -> None:
    async with portal.browser(follow_redirects=True) as http:
        page = (await http.get("/")).text
        token = re.search(r'name="csrf" value="([^"]*)"', page)[1]
        await http.post("/sms", data={"csrf": token, "phone": PHONE})
    async with httpx.AsyncClient(base_url=portal.admin_url, trust_env=False) as http:
        text = (await http.get("/metrics")).text
    assert 'kolco_portal_codes_sent_total{outcome="sent"} 1.0' in text
    for secret in (MAC, PHONE[1:], "127.0.0.1", GATEWAY, portal.last_code()):
        assert secret not in text


def ports(**more) -> dict:
    return {"port": free_port(), "http_port": free_port(), "admin_port": free_port()} | more


@asynccontextmanager
async def serving(runtime, settings: PortalSettings):
    ready = asyncio.Event()
    task = asyncio.create_task(serve(runtime, settings, ready=ready.set))
    waiting = asyncio.create_task(ready.wait())
    try:
        await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED, timeout=10)
        if task.done():
            task.result()
        yield
    finally:
        task.cancel()
        waiting.cancel()
        await asyncio.gather(task, waiting, return_exceptions=True)


async def test_a_certificate_of_ones_own(runtime, tmp_path) -> None:
    authority = CertificateAuthority.open(tmp_path / "ca")
    certificate, key = authority.issue_server(["wifi.example"], now=runtime.clock.now()).write(
        tmp_path, "own"
    )
    settings = PortalSettings(**ports(certificate=certificate, private_key=key))
    context = ssl.create_default_context(cadata=authority.certificate_pem.decode())
    async with serving(runtime, settings):
        _, writer = await asyncio.open_connection(
            "127.0.0.1", settings.port, ssl=context, server_hostname="wifi.example"
        )
        writer.close()
        await writer.wait_closed()


async def test_a_certificate_that_cannot_be_read_stops_the_start(runtime, tmp_path) -> None:
    (tmp_path / "x.pem").write_text("not a certificate")
    settings = PortalSettings(**ports(certificate=tmp_path / "x.pem", private_key=tmp_path / "x.pem"))
    with pytest.raises(InvalidInputError, match="certificate"):
        await serve(runtime, settings, ready=lambda: None)


async def test_a_password_too_long_for_smpp_stops_the_start(runtime) -> None:
    settings = PortalSettings(
        **ports(sms_sender="smpp", smpp_system_id="kolco", smpp_password="much-too-long")
    )
    with pytest.raises(InvalidInputError, match="SMPP"):
        await serve(runtime, settings, ready=lambda: None)


async def test_a_taken_port_is_said_so(runtime) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = PortalSettings(**ports(http_port=taken.getsockname()[1]))
        with pytest.raises(ConflictError, match="cannot listen"):
            await serve(runtime, settings, ready=lambda: None)


async def test_a_code_goes_out_through_an_sms_centre(runtime) -> None:
    await seed(runtime.db, Directory(runtime.secrets), now=runtime.clock.now())
    await lease(runtime.db, ip="127.0.0.1", now=runtime.clock.now())
    centre = Centre()
    await centre.start()
    settings = PortalSettings(
        **ports(sms_sender="smpp", smpp_port=centre.port, smpp_system_id="kolco", smpp_password="secret12")
    )
    async with serving(runtime, settings):
        ca_pem = CertificateAuthority.open(runtime.data_dir / "pki").certificate_pem
        async with httpx.AsyncClient(
            base_url=f"https://localhost:{settings.port}", verify=client_context(ca_pem), trust_env=False
        ) as http:
            page = (await http.get("/", headers={"accept-language": "ru"})).text
            token = re.search(r'name="csrf" value="([^"]*)"', page)[1]
            fields = {"csrf": token, "phone": "8 916 123-45-67"}
            answer = await http.post("/sms", params={"lang": "ru"}, data=fields)
            assert answer.status_code == 303
            [message] = centre.messages()
            assert message.destination_addr == PHONE[1:].encode()
            assert re.search(r"\d{6}", message.short_message.decode("utf-16-be"))
            centre.submit_statuses = [0x0B]
            async with runtime.db.transaction() as tx:
                await tx.execute(sa.delete(SmsChallenge))
            refused = await http.post("/sms", params={"lang": "ru"}, data=fields)
            assert refused.status_code == 503
            assert "SMS сейчас не отправляется" in refused.text
    await centre.stop()


@pytest.fixture
def namespace():
    name = f"kolco-portal-{uuid.uuid4().hex[:6]}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
    yield name
    subprocess.run(["ip", "netns", "del", name], check=True)


async def test_public_listeners_in_a_network_namespace(runtime, namespace) -> None:
    settings = PortalSettings(
        **ports(public_host="127.0.0.1", public_port=443, public_http_port=80, netns=namespace)
    )
    authority = CertificateAuthority.open(runtime.data_dir / "pki")
    ca_file = runtime.data_dir / "test-ca.pem"
    ca_file.write_bytes(authority.certificate_pem)
    command = ["ip", "netns", "exec", namespace, "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"]
    async with serving(runtime, settings):
        for arguments, expected in (
            (["--cacert", str(ca_file), "https://localhost/about"], b"200"),
            (["http://localhost/about"], b"308"),
        ):
            process = await asyncio.create_subprocess_exec(
                *command, *arguments, stdout=asyncio.subprocess.PIPE
            )
            output, _ = await process.communicate()
            assert output == expected
