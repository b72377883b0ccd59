"""Errors of a real application as problem JSON: nothing leaks."""

import httpx
import sqlalchemy as sa
from fastapi import FastAPI

from controller import migrations
from controller.api import create_api, prepare, problems
from controller.core.db import Database
from controller.core.errors import ConflictError
from controller.core.runtime import open_runtime
from controller.core.settings import CoreSettings
from tests.factories.api import Api


async def ask(path: str) -> httpx.Response:
    app = FastAPI()
    problems.install(app)

    @app.get("/conflict")
    async def conflict():
        raise ConflictError("taken", hint="choose another", wlan="a")

    @app.get("/away")
    async def away():
        raise ConnectionRefusedError("10.0.0.5:5432 says no")

    @app.get("/bug")
    async def bug():
        raise RuntimeError("the secret is 42")

    @app.get("/number/{number}")
    async def number(number: int):
        return number

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://kolco") as http:
        return await http.get(path)


async def test_ours_keep_message_hint_and_data():
    answer = await ask("/conflict")
    assert (answer.status_code, answer.headers["Content-Type"]) == (409, "application/problem+json")
    said = {"code": "conflict", "message": "taken", "hint": "choose another"}
    assert answer.json() == said | {"status": 409, "data": {"wlan": "a"}}


async def test_a_database_away_is_unavailable():
    answer = await ask("/away")
    assert answer.status_code == 503
    assert "10.0.0.5" not in answer.text


async def test_a_bug_says_nothing_of_itself():
    answer = await ask("/bug")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "42" not in answer.text


async def test_wrong_parameters_are_named_but_not_repeated():
    answer = await ask("/number/secret-value")
    assert answer.status_code == 422
    assert answer.json()["data"]["faults"][0]["where"] == "path.number"
    assert "secret-value" not in answer.text


async def test_a_clash_the_checks_did_not_see_is_a_conflict(api, monkeypatch):
    async def sees_nothing(_tx, _district_id):
        return False

    monkeypatch.setattr("controller.sites.repository.has_district", sees_nothing)
    body = {"id": "arbat", "name": "Арбат"}
    assert "at the same moment" in (await api.call("POST", "/districts", 409, json=body))["message"]


async def test_a_database_that_goes_away_is_unavailable(postgres_url, tmp_path):
    name = postgres_url.rsplit("/", 1)[1]
    settings = CoreSettings(data_dir=tmp_path, database_url=postgres_url)
    db = Database(postgres_url)
    await migrations.upgrade(db)
    await db.close()
    async with open_runtime(settings) as runtime:
        await prepare(runtime)
        api = Api(runtime, create_api(runtime), (tmp_path / "operator.token").read_text().strip())
        await api.call("GET", "/whoami")
        admin = Database(postgres_url.replace(f"/{name}", "/postgres"))
        async with admin.transaction() as tx:
            await tx.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
            await tx.execute(
                sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                {"name": name},
            )
        await admin.close()
        problem = await api.call("GET", "/whoami", 503)
        assert problem["code"] == "unavailable"
        await api.http.aclose()
