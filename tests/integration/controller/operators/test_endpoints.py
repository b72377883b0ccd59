"""Operators over HTTP, on both databases: tokens are shown once and stored as digests."""

import sqlalchemy as sa

from controller.models import Operator


async def test_a_token_works_until_it_is_replaced_or_disabled(api):
    row = await api.call("POST", "/operators", 201, json={"name": "anna", "role": "engineer"})
    token = {"Authorization": f"Bearer {row['token']}"}
    assert (await api.call("GET", "/whoami", headers=token))["name"] == "anna"
    async with api.runtime.db.reading() as tx:
        digest = await tx.scalar(sa.select(Operator.token_digest).where(Operator.name == "anna"))
    assert len(digest) == 32
    assert row["token"].encode() not in digest

    newer = await api.call("POST", "/operators/anna/token")
    await api.call("GET", "/whoami", 401, headers=token)
    token = {"Authorization": f"Bearer {newer['token']}"}
    await api.call("GET", "/whoami", headers=token)
    assert (await api.call("POST", "/operators/anna/disable"))["disabled_at"]
    await api.call("GET", "/whoami", 401, headers=token)
    assert "token" not in (await api.call("GET", "/operators"))["items"][0]
    actions = [entry["action"] for entry in (await api.call("GET", "/audit"))["items"]]
    assert actions == ["disabled", "token-replaced", "created"]


async def test_a_dry_run_shows_no_token_and_makes_nobody(api):
    row = await api.call("POST", "/operators?dry_run=true", 201, json={"name": "anna", "role": "viewer"})
    assert row["token"] is None
    assert [o["name"] for o in (await api.call("GET", "/operators"))["items"]] == ["local"]


async def test_what_is_refused(api):
    await api.call("POST", "/operators", 201, json={"name": "anna", "role": "viewer"})
    await api.call("POST", "/operators", 409, json={"name": "anna", "role": "admin"})
    await api.call("POST", "/operators", 422, json={"name": "Anna!", "role": "admin"})
    await api.call("POST", "/operators", 422, json={"name": "boris", "role": "root"})
    await api.call("POST", "/operators/local/disable", 409)
    await api.call("POST", "/operators/local/token", 409)
    await api.call("POST", "/operators/nobody/disable", 404)
