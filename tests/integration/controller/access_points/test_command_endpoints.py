"""Commands and configuration status over HTTP, on both databases."""

import json

import pytest
import sqlalchemy as sa

from controller.core.outbox import OutboxRow
from tests.factories.inventory import add_ap, add_config


async def events(api, topic):
    async with api.runtime.db.reading() as tx:
        rows = await tx.scalars(sa.select(OutboxRow.payload).where(OutboxRow.topic == topic))
        return [json.loads(row) for row in rows]


@pytest.mark.parametrize(
    ("path", "body", "command", "params"),
    [
        ("reboot", None, "reboot", {}),
        ("locate", {"duration_s": 5}, "leds", {"pattern": "blink", "duration": 5}),
        ("request", {"message": "healthcheck"}, "request", {"message": "healthcheck"}),
    ],
)
async def test_a_connected_ap_is_told(api, path, body, command, params):
    serial = await add_ap(api.runtime.db, 1, connected=True)
    await api.call("POST", f"/access-points/{serial}/{path}?dry_run=true", 202, json=body)
    assert await events(api, "access_point.command_requested") == []
    await api.call("POST", f"/access-points/{serial}/{path}", 202, json=body)
    [event] = await events(api, "access_point.command_requested")
    assert (event["serial"], event["command"]) == (serial, command)
    assert params.items() <= event["params"].items()
    if path == "request":
        assert event["params"]["request_uuid"]
    assert (await api.call("GET", "/audit"))["items"][0]["object_id"] == serial


async def test_an_absent_ap_cannot_be_told(api):
    serial = await add_ap(api.runtime.db, 1, connected=False)
    problem = await api.call("POST", f"/access-points/{serial}/reboot", 503)
    assert "not connected" in problem["message"]
    assert await events(api, "access_point.command_requested") == []


async def test_config_counts_and_details(api):
    db = api.runtime.db
    for number, status in enumerate(("acknowledged", "acknowledged", "pending", "rejected"), 1):
        await add_config(db, await add_ap(db, number), status)
    bare = await add_ap(db, 9)
    await add_config(db, await add_ap(db, 10, state="retired"), "failed")
    assert await api.call("GET", "/config/status") == {
        "total": 5, "acknowledged": 2, "pending": 1, "sent": 0, "rejected": 1, "failed": 0, "none": 1,
    }  # fmt: skip
    await api.call("GET", f"/access-points/{bare}/config", 404)
    assert (await api.call("GET", "/access-points/ap-0001/config"))["desired"] == {"uuid": 8}
