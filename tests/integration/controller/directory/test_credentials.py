"""Device credentials as operators handle them, on both databases."""

import pytest

from controller.core.errors import NotFoundError
from controller.core.secrets import SecretStore
from controller.directory import credentials
from controller.directory.service import Directory
from tests.factories.people import MAC, make_citizen


@pytest.fixture
def directory(tmp_path):
    return Directory(SecretStore(tmp_path / "secrets"))


async def test_issued_listed_and_revoked(database, directory, clock):
    login = await make_citizen(database, directory, now=clock.now())
    now = clock.now()
    async with database.transaction() as tx:
        first = await credentials.issue(tx, directory, mac=MAC, now=now, valid_s=100)
        second = await credentials.issue(tx, directory, mac=MAC, now=now, valid_s=100)
        found = await directory.find_credentials(tx, usernames=[first.username, second.username], now=now)
        assert {one.known.device_id for one in found.values()} == {login.device_id}
        assert len(found) == 2
    async with database.transaction() as tx:
        await credentials.revoke(tx, username=first.username, now=now)
    clock.advance(10)
    async with database.transaction() as tx:
        await credentials.revoke(tx, username=first.username, now=clock.now())
        listed = await credentials.list_of(tx, mac=MAC)
        found = await directory.find_credentials(tx, usernames=[first.username, second.username], now=now)
    assert {(one.username, one.revoked_at) for one in listed} == {
        (second.username, None),
        (first.username, now),
    }
    assert set(found) == {second.username}


async def test_unknown_ones_are_told(database, directory, clock):
    async with database.transaction() as tx:
        with pytest.raises(NotFoundError):
            await credentials.issue(tx, directory, mac=MAC, now=clock.now(), valid_s=100)
        with pytest.raises(NotFoundError):
            await credentials.list_of(tx, mac=MAC)
        with pytest.raises(NotFoundError):
            await credentials.revoke(tx, username="d-none", now=clock.now())
