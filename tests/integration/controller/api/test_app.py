"""The application on both databases: tokens, roles, problems, the first start."""

import stat

import pytest
import sqlalchemy as sa

from controller.api import create_api, prepare
from controller.models import Operator, Zone


async def test_first_start_makes_rings_and_a_private_token(runtime):
    await prepare(runtime)
    await prepare(runtime)
    path = runtime.data_dir / "operator.token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    async with runtime.db.reading() as tx:
        assert set(await tx.scalars(sa.select(Zone.id))) == {"garden-ring", "third-ring"}
        operators = list(await tx.scalars(sa.select(Operator)))
    assert [(o.name, o.role) for o in operators] == [("local", "admin")]
    assert path.read_text().strip().encode() not in operators[0].token_digest


async def test_a_deleted_token_file_is_replaced_and_the_old_token_ends(api):
    (api.runtime.data_dir / "operator.token").unlink()
    await prepare(api.runtime)
    problem = await api.call("GET", "/whoami", 401)
    assert problem["code"] == "unauthenticated"


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer nope"}, {"Authorization": "Basic YTpi"}])
async def test_no_token_no_answer(api, header):
    api.http.headers.pop("Authorization")
    answer = await api.http.get("/access-points", headers=header)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["hint"]


async def test_every_route_asks_for_a_token(runtime):
    app = create_api(runtime)
    description = app.openapi()
    routes = [(path, method) for path, item in description["paths"].items() for method in item]
    assert len(routes) > 30
    for path, method in routes:
        assert description["paths"][path][method].get("security") == [{"HTTPBearer": []}], (path, method)


async def test_roles_reach_as_far_as_they_say(api):
    viewer, engineer = await api.as_role("viewer"), await api.as_role("engineer")
    assert (await viewer.call("GET", "/whoami"))["role"] == "viewer"
    district = {"id": "presnya", "name": "Пресня"}
    assert (await viewer.call("POST", "/districts", 403, json=district))["code"] == "role"
    await engineer.call("POST", "/districts", 201, json=district)
    assert (await engineer.call("GET", "/operators", 403))["code"] == "role"
    assert (await engineer.call("GET", "/audit", 403))["code"] == "role"


async def test_problems_have_one_shape(api):
    missing = await api.call("GET", "/sites/nowhere", 404)
    assert missing == {
        "status": 404,
        "code": "not_found",
        "message": "there is no site nowhere",
        "hint": "kolco site list",
        "data": {},
    }
    wrong = await api.call("POST", "/districts", 422, json={"id": "x", "name": 5, "more": 1})
    assert wrong["code"] == "invalid_input"
    assert {fault["where"] for fault in wrong["data"]["faults"]} == {"body.name", "body.more"}
    assert (await api.call("GET", "/nothing", 404))["code"] == "not_found"
    assert (await api.call("PUT", "/sites", 405))["code"] == "method_not_allowed"


@pytest.mark.parametrize("path", ["/sites/a%00b", "/access-points?text=%00", "/audit?operator=%00"])
async def test_nul_is_refused_everywhere(api, path):
    assert "U+0000" in (await api.call("GET", path, 422))["message"]
    await api.call("PATCH", "/sites/arbat-1", 422, json={"address": "a\0b"})
    await api.call("POST", "/accounts/search", 422, json={"phone": "\0"})
