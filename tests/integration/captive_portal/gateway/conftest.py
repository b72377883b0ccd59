import pytest

from controller.core.secrets import SecretStore
from tests.factories.gateway import Parts
from tests.factories.gateway_lab import gateway_lab


@pytest.fixture
async def lab():
    async with gateway_lab() as laid:
        yield laid


@pytest.fixture
async def parts(database, clock, tmp_path):
    made = Parts(database, clock, SecretStore(tmp_path / "secrets"))
    await made.enrol()
    return made
