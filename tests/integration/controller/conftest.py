"""The API on a real database, called over ASGI: what tests of the inventory share."""

import pytest

from controller.api import create_api, prepare
from controller.core.runtime import Runtime
from tests.factories.api import Api
from tests.factories.inventory import add_places


@pytest.fixture
async def api(runtime: Runtime):
    await prepare(runtime)
    await add_places(runtime.db)
    token = (runtime.data_dir / "operator.token").read_text().strip()
    opened = Api(runtime, create_api(runtime), token)
    yield opened
    await opened.http.aclose()
