import pytest

from tests.factories.gateway_lab import gateway_lab


@pytest.fixture
async def lab():
    async with gateway_lab() as laid:
        yield laid
