"""A client of the API over ASGI, for tests."""

import httpx

from controller.core.runtime import Runtime


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
