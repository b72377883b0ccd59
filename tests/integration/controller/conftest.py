"""The API on a real database, called over ASGI: what tests of the inventory share."""

import httpx
import pytest

from controller.api import create_api, prepare
from controller.core.runtime import Runtime
from tests.factories.inventory import add_places


class Api:
    """A client with the local operator's token; `as_role` makes one of another role."""

    def __init__(self, runtime: Runtime, app, token: str) -> None:
        self.runtime = runtime
        self.app = app
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://kolco/api/v1",
            headers={"Authorization": f"Bearer {token}"},
        )

    async def call(self, method: str, path: str, status: int = 200, **options):
        """Send a request, assert the status, return the JSON."""
        answer = await self.http.request(method, path, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def as_role(self, role: str) -> "Api":
        row = await self.call("POST", "/operators", 201, json={"name": f"a-{role}", "role": role})
        return Api(self.runtime, self.app, row["token"])


@pytest.fixture
async def api(runtime: Runtime):
    await prepare(runtime)
    await add_places(runtime.db)
    token = (runtime.data_dir / "operator.token").read_text().strip()
    opened = Api(runtime, create_api(runtime), token)
    yield opened
    await opened.http.aclose()
