import asyncio
from datetime import UTC, datetime

import pytest

from controller.core.errors import InvalidInputError, NotFoundError
from controller.core.mac import Mac
from controller.core.secrets import SecretStore
from controller.directory import network_keys
from controller.directory.service import Directory
from controller.models import NetworkKey, Plan

MAC = Mac("02:00:00:00:00:01")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def secrets(tmp_path):
    return SecretStore(tmp_path)


@pytest.fixture
def directory(secrets):
    return Directory(secrets)


@pytest.fixture
async def known(database, directory):
    async with database.transaction() as tx:
        tx.add(Plan(id="city", name="City"))
        await tx.flush()
        await directory.login_phone(tx, phone="+79161234567", mac=MAC, now=NOW)


async def issue(database, directory, secrets, ssid="Home", *, any_device=False):
    async with database.transaction() as tx:
        return await network_keys.issue(
            tx, directory, secrets, mac=MAC, ssid=ssid, any_device=any_device, now=NOW, valid_s=3600
        )


async def test_issued_listed_opened_and_revoked(database, directory, secrets, known):
    issued = await issue(database, directory, secrets)
    assert len(issued.passphrase) == 24
    async with database.transaction() as tx:
        row = await tx.get(NetworkKey, issued.username)
        assert issued.passphrase.encode() not in row.sealed + row.pmk_sealed
        (opened,) = await network_keys.page(tx, secrets, after="", limit=10, now=NOW)
        assert (opened.passphrase, opened.mac) == (issued.passphrase, MAC)
        assert opened.pmk == network_keys.derive_pmk(issued.passphrase, "Home")
        (shown,) = await network_keys.list_of(tx, mac=MAC, ssid=None)
        assert (shown.username, shown.ssid, shown.revoked_at) == (issued.username, "Home", None)
        assert await network_keys.list_of(tx, mac=None, ssid="another") == []
        await network_keys.revoke(tx, username=issued.username, now=NOW)
        assert await network_keys.find(tx, secrets, username=issued.username, now=NOW) is None
        (shown,) = await network_keys.list_of(tx, mac=None, ssid="Home")
        assert shown.revoked_at == NOW


async def test_for_any_device(database, directory, secrets, known):
    issued = await issue(database, directory, secrets, any_device=True)
    async with database.transaction() as tx:
        opened = await network_keys.find(tx, secrets, username=issued.username, now=NOW)
    assert opened.mac is None


@pytest.mark.parametrize("ssid", ["", "x" * 33, "ж" * 17])
async def test_no_ssid_is_so_long(database, directory, secrets, known, ssid):
    with pytest.raises(InvalidInputError):
        await issue(database, directory, secrets, ssid)


async def test_only_network_keys_are_revoked_as_such(database, directory, secrets, known):
    async with database.transaction() as tx:
        device = await directory.find_known_device(tx, mac=MAC, now=NOW)
        other = await directory.issue_credential(tx, device_id=device.device_id, now=NOW, valid_s=60)
        for username in (other.username, "d-none"):
            with pytest.raises(NotFoundError):
                await network_keys.revoke(tx, username=username, now=NOW)


@pytest.mark.parametrize(
    ("passphrase", "ssid", "pmk"),
    [
        ("password", "IEEE", "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"),
        (
            "ThisIsAPassword",
            "ThisIsASSID",
            "0dc0d6eb90555ed6419756b9a15ec3e3209b63df707dd508d14581f8982721af",
        ),
    ],
)
def test_the_vectors_of_ieee_802_11(passphrase, ssid, pmk):
    assert network_keys.derive_pmk(passphrase, ssid).hex() == pmk


async def test_wpa_passphrase_comes_to_the_same():
    process = await asyncio.create_subprocess_exec(
        "wpa_passphrase", "Город Wi-Fi", "abcd-efgh-jkmn", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert f"psk={network_keys.derive_pmk('abcd-efgh-jkmn', 'Город Wi-Fi').hex()}" in output.decode()
