from datetime import UTC, datetime, timedelta

import pytest

from controller.core.clock import SystemClock
from controller.directory import credentials, network_keys
from controller.directory.events import NetworkKeyChanged
from controller.directory.service import Directory
from radius.mpsk import keeper
from radius.mpsk.keeper import KeyRingKeeper
from radius.mpsk.ring import KeyRing
from tests.integration.radius.asking import MAC

SSID = "Home"


@pytest.fixture
def ring():
    return KeyRing(tries_max=10, tries_per_s=10)


@pytest.fixture
def kept(runtime, ring):
    return KeyRingKeeper(ring, runtime.db, runtime.secrets, SystemClock())


async def issue(runtime, *, any_device=False, valid_s=3600, issued_at=None):
    async with runtime.db.transaction() as tx:
        return await network_keys.issue(
            tx, Directory(runtime.secrets), runtime.secrets, mac=MAC, ssid=SSID, any_device=any_device,
            now=issued_at or datetime.now(UTC), valid_s=valid_s,
        )  # fmt: skip


async def test_all_that_is_good_is_read(runtime, device, ring, kept, monkeypatch):
    monkeypatch.setattr(keeper, "_PAGE", 2)
    good = [await issue(runtime, any_device=number % 2 == 1) for number in range(5)]
    await issue(runtime, issued_at=datetime.now(UTC) - timedelta(hours=2))
    revoked = await issue(runtime)
    async with runtime.db.transaction() as tx:
        await credentials.revoke(tx, username=revoked.username, now=datetime.now(UTC))
    kept.take(await kept.read())
    assert ring.names() == {key.username for key in good}
    newest = ring.find(SSID, MAC, "", None, 0)
    assert (newest.passphrase, newest.mac) == (good[4].passphrase, MAC)
    assert newest.pmk == network_keys.derive_pmk(good[4].passphrase, SSID)


async def test_one_by_one_as_they_change(runtime, device, ring, kept):
    issued = await issue(runtime)
    await kept.hear(NetworkKeyChanged(issued.username))
    assert issued.username in ring
    async with runtime.db.transaction() as tx:
        await network_keys.revoke(tx, username=issued.username, now=datetime.now(UTC))
    await kept.hear(NetworkKeyChanged(issued.username))
    assert not ring


async def test_what_is_no_longer_good_goes(runtime, device, ring, kept):
    issued = await issue(runtime)
    kept.take(await kept.read())
    async with runtime.db.transaction() as tx:
        await credentials.revoke(tx, username=issued.username, now=datetime.now(UTC))
    kept.take(await kept.read())
    assert not ring
