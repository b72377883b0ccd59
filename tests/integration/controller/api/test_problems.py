"""Errors of a real application as problem JSON: nothing leaks."""

import httpx
from fastapi import FastAPI

from controller.api import problems
from controller.core.errors import ConflictError


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
