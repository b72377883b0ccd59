"""A real authenticator and a real supplicant: hostapd and wpa_supplicant on the two ends of a veth pair."""

import asyncio
import os
from contextlib import asynccontextmanager

import pytest

from controller.models import AccountingRecord, NetSession
from tests.eventually import eventually
from tests.integration.radius.asking import MAC, SECRET, rows

HOSTAPD = """
interface={interface}
driver=wired
logger_stdout=-1
logger_stdout_level=2
ieee8021x=1
eap_reauth_period=0
use_pae_group_addr=1
own_ip_addr=127.0.0.1
nas_identifier=hostapd
auth_server_addr=127.0.0.1
auth_server_port={auth}
auth_server_shared_secret={secret}
acct_server_addr=127.0.0.1
acct_server_port={acct}
acct_server_shared_secret={secret}
"""
SUPPLICANT = """
ap_scan=0
network={{
  key_mgmt=IEEE8021X
  eapol_flags=0
  eap={outer}
  anonymous_identity="anonymous@kolco.test"
  identity="{username}"
  password="{password}"
  phase2="{phase2}"
  ca_cert="{ca}"
}}
"""


async def ip(*arguments):
    process = await asyncio.create_subprocess_exec("ip", *arguments)
    assert await process.wait() == 0


@pytest.fixture
async def wire():
    """A cable into a namespace of the device's; the names of both ends and of the namespace."""
    here, there, space = (f"{name}{os.getpid()}" for name in ("kwh", "kwt", "kolco-wired-"))
    await ip("netns", "add", space)
    try:
        await ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", space)
        await ip("-n", space, "link", "set", there, "address", MAC, "up")
        await ip("link", "set", here, "up")
        yield here, there, space
    finally:
        await ip("netns", "delete", space)


@asynccontextmanager
async def running(*command):
    """A program, and a function that waits for a word in what it says."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said = []

    async def wait_for(word):
        async with asyncio.timeout(45):
            while word not in "".join(said):
                line = await process.stdout.readline()
                assert line, f"{command[0]} ended without {word}: " + "".join(said)
                said.append(line.decode())

    try:
        yield wait_for
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


METHODS = {"radius-ttls": ("TTLS", "auth=PAP"), "radius-peap": ("PEAP", "auth=MSCHAPV2")}


def configure(device, radius, interface, directory, method):
    """The files of hostapd and wpa_supplicant."""
    hostapd, supplicant = directory / "hostapd.conf", directory / "supplicant.conf"
    ports = {"auth": radius.auth_port, "acct": radius.acct_port}
    hostapd.write_text(HOSTAPD.format(interface=interface, secret=SECRET, **ports))
    outer, phase2 = METHODS[method]
    _, username, password = device
    ca = radius.runtime.data_dir / "pki" / "ca.crt"
    supplicant.write_text(
        SUPPLICANT.format(outer=outer, phase2=phase2, username=username, password=password, ca=ca)
    )
    return str(hostapd), str(supplicant)


@pytest.mark.parametrize("method", METHODS)
async def test_a_device_behind_hostapd(device, radius, wire, tmp_path, method):
    here, there, space = wire
    hostapd, supplicant = configure(device, radius, here, tmp_path, method)
    connect = ("ip", "netns", "exec", space, "wpa_supplicant", "-D", "wired", "-i", there, "-c", supplicant)
    async with running("hostapd", hostapd) as authenticator_said:
        await authenticator_said("AP-ENABLED")
        async with running(*connect) as device_said:
            await device_said("CTRL-EVENT-CONNECTED")
            await authenticator_said("starting accounting session")
            (session,) = await eventually(lambda: rows(radius.runtime, NetSession), within_s=20)
    assert (session.method, session.mac, session.device_id) == (method, MAC, device[0].device_id)
    assert [record.kind for record in await rows(radius.runtime, AccountingRecord)][:1] == ["start"]
