from datetime import timedelta

import pytest

from controller.core import outbox
from controller.core.errors import ConflictError, InvalidInputError, NotFoundError
from controller.core.secrets import SecretStore
from controller.nas import repository, service
from controller.nas.types import NasChanges, NewNas


@pytest.fixture
def secrets(tmp_path):
    return SecretStore(tmp_path / "secrets")


async def test_a_nas_is_added_with_a_sealed_secret_and_announced(database, secrets):
    async with database.transaction() as tx:
        added = await service.add(tx, secrets, NewNas("ap-1", "Point 1", "192.0.2.1"))
    assert len(added.secret) >= 32
    async with database.reading() as tx:
        assert await service.list_all(tx) == [added.nas]
        stored = await repository.find(tx, "ap-1")
        assert added.secret.encode() not in stored.secret_sealed
        assert await service.read_secret(tx, secrets, "ap-1") == added.secret.encode()
        assert [row.topic for row in await outbox.newer(tx, 0, 10)] == ["nas.changed"]


async def test_clashes_are_refused(database, secrets):
    async with database.transaction() as tx:
        await service.add(tx, secrets, NewNas("ap-1", "1", "192.0.2.0/24"))
        with pytest.raises(ConflictError):
            await service.add(tx, secrets, NewNas("ap-1", "1", "192.0.3.0/24"))
        with pytest.raises(ConflictError):
            await service.add(tx, secrets, NewNas("ap-2", "2", "192.0.2.0/24"))


async def test_a_nas_is_disabled_and_removed(database, secrets):
    async with database.transaction() as tx:
        await service.add(tx, secrets, NewNas("ap-1", "1", "192.0.2.0/24"))
        assert not (await service.change(tx, "ap-1", NasChanges(enabled=False))).enabled
        await service.remove(tx, "ap-1")
        with pytest.raises(NotFoundError):
            await service.remove(tx, "ap-1")
        assert await service.list_all(tx) == []


async def test_a_rotated_secret_leaves_the_old_one_for_a_while(database, secrets, clock):
    async with database.transaction() as tx:
        old = await service.add(tx, secrets, NewNas("ap-1", "1", "192.0.2.0/24"))
        new = await service.rotate(tx, secrets, "ap-1", now=clock.now(), window=timedelta(hours=1))
        assert new.secret != old.secret
        assert await service.read_secret(tx, secrets, "ap-1") == new.secret.encode()
        stored = await repository.find(tx, "ap-1")
        assert secrets.unseal("nas-secret", stored.previous_secret_sealed) == old.secret
        assert stored.previous_until == clock.now() + timedelta(hours=1)
        for wrong in ({"secret": "short"}, {"window": timedelta(seconds=-1)}):
            with pytest.raises(InvalidInputError):
                await service.rotate(
                    tx, secrets, "ap-1", **({"now": clock.now(), "window": timedelta()} | wrong)
                )
