"""Operators in a real database."""

import pytest

from controller.core.errors import NotFoundError
from controller.core.secrets import SecretStore
from controller.operators import service
from controller.operators.errors import UnauthenticatedError
from controller.operators.types import Actor
from tests.factories.inventory import NOW

ADMIN = Actor("x", "root", "admin")


async def test_the_local_operator_follows_its_file(database, tmp_path):
    secrets = SecretStore(tmp_path)
    for token in ("kolco_one", "kolco_one", "kolco_two"):
        async with database.transaction() as tx:
            await service.ensure_local(tx, secrets, token, NOW)
    async with database.reading() as tx:
        assert (await service.authenticate(tx, secrets, "kolco_two")).role == "admin"
        with pytest.raises(UnauthenticatedError):
            await service.authenticate(tx, secrets, "kolco_one")
        assert len(await service.list_operators(tx)) == 1
        with pytest.raises(NotFoundError):
            await service.get(tx, "anna")


async def test_a_token_means_nothing_with_other_keys(database, tmp_path):
    async with database.transaction() as tx:
        _, token = await service.create(
            tx, SecretStore(tmp_path / "a"), name="anna", role="viewer", actor=ADMIN, now=NOW
        )
    async with database.reading() as tx:
        with pytest.raises(UnauthenticatedError):
            await service.authenticate(tx, SecretStore(tmp_path / "b"), token)
