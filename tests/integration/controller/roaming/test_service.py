"""Home servers and realms in both databases."""

import pytest

from controller.core.errors import ConflictError, InvalidInputError, NotFoundError
from controller.roaming import repository, service
from controller.roaming.types import HOME_SECRET, NewHome

SECRET = "a shared secret for tests"


async def test_realms_name_home_servers(runtime):
    async with runtime.db.transaction() as tx:
        await service.add_home(tx, runtime.secrets, NewHome("a", "udp", "192.0.2.1", secret=SECRET))
        radsec = await service.add_home(tx, runtime.secrets, NewHome("b", "radsec", "B.example"))
        await service.set_realm(tx, "*.Example.net", ["a", "b"], balance=True)
    assert (radsec.auth_port, radsec.acct_port) == (2083, 2083)
    async with runtime.db.transaction() as tx:
        (realm,) = await service.list_realms(tx)
        assert (realm.pattern, realm.homes, realm.balance) == ("*.example.net", ("a", "b"), True)
        first, second = await repository.list_homes(tx)
        assert SECRET.encode() not in first.secret_sealed
        assert runtime.secrets.unseal(HOME_SECRET, first.secret_sealed) == SECRET
        assert second.secret_sealed is None
        with pytest.raises(ConflictError):
            await service.remove_home(tx, "a")
        await service.set_realm(tx, "*.example.net", ["b"])
        await service.remove_home(tx, "a")
        await service.remove_realm(tx, "*.example.net")
        assert await service.list_realms(tx) == []


async def test_mistakes_are_explained(runtime):
    async with runtime.db.transaction() as tx:
        await service.add_home(tx, runtime.secrets, NewHome("a", "radsec", "192.0.2.1"))
        with pytest.raises(ConflictError):
            await service.add_home(tx, runtime.secrets, NewHome("a", "radsec", "192.0.2.2"))
        with pytest.raises(NotFoundError):
            await service.set_realm(tx, "example.net", ["nobody"])
        with pytest.raises(InvalidInputError):
            await service.set_realm(tx, "example.net", ["a", "a"])
        with pytest.raises(NotFoundError):
            await service.remove_realm(tx, "example.net")
        with pytest.raises(NotFoundError):
            await service.remove_home(tx, "nobody")
