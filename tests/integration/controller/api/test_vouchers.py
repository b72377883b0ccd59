"""Vouchers and plans over HTTP, on both databases: a code is shown once."""

from controller.directory.service import Directory
from tests.factories.people import MAC


async def test_codes_are_shown_once_and_work(api):
    body = {"plan_id": "city", "count": 3, "valid_s": 3600, "batch": "library"}
    made = await api.call("POST", "/vouchers", 201, json=body)
    assert len(set(made["codes"])) == 3
    listed = await api.http.get("/vouchers?batch=library")
    assert all(code not in listed.text for code in made["codes"])
    assert [row["redeemed_at"] for row in listed.json()["items"]] == [None] * 3
    async with api.runtime.db.transaction() as tx:
        now = api.runtime.clock.now()
        await Directory(api.runtime.secrets).redeem_voucher(tx, code=made["codes"][0], mac=MAC, now=now)
    rows = (await api.call("GET", "/vouchers?batch=library"))["items"]
    assert sum(row["redeemed_at"] is not None for row in rows) == 1
    [entry] = (await api.call("GET", "/audit?object_type=voucher"))["items"]
    assert entry["detail"] == {"count": 3, "plan": "city", "valid_s": 3600}


async def test_dry_run_and_refusals(api):
    made = await api.call("POST", "/vouchers?dry_run=true", 201, json={"plan_id": "city", "count": 2})
    assert made["codes"] == []
    assert (await api.call("GET", "/vouchers"))["items"] == []
    await api.call("POST", "/vouchers", 404, json={"plan_id": "gold"})
    await api.call("POST", "/vouchers", 422, json={"plan_id": "city", "count": 0})
    viewer = await api.as_role("viewer")
    await viewer.call("POST", "/vouchers", 403, json={"plan_id": "city"})


async def test_pages(api):
    await api.call("POST", "/vouchers", 201, json={"plan_id": "city", "count": 5})
    first = await api.call("GET", "/vouchers?limit=3")
    rest = await api.call("GET", f"/vouchers?limit=3&after={first['next']}")
    assert len({row["id"] for row in first["items"] + rest["items"]}) == 5


async def test_plans(api):
    plan = {"name": "Гость", "session_timeout_s": 3600, "rate_down_kbps": 10_000}
    saved = await api.call("PUT", "/plans/guest", json=plan)
    assert (saved["id"], saved["idle_timeout_s"], saved["rate_down_kbps"]) == ("guest", 3600, 10_000)
    await api.call("PUT", "/plans/guest", json=plan | {"name": "Гости"})
    await api.call("PUT", "/plans/Bad Id", 422, json=plan)
    rows = (await api.call("GET", "/plans"))["items"]
    assert [(row["id"], row["name"]) for row in rows if row["id"] != "free"] == [
        ("city", "Городская сеть"),
        ("guest", "Гости"),
    ]


async def test_numbers_that_no_clock_or_database_can_hold_are_refused(api):
    for field in ("session_timeout_s", "idle_timeout_s", "remember_s", "interim_s", "simultaneous_use"):
        await api.call("PUT", "/plans/guest", 422, json={"name": "Guest", field: 2**31})
    for field in ("rate_down_kbps", "rate_up_kbps", "quota_bytes"):
        await api.call("PUT", "/plans/guest", 422, json={"name": "Guest", field: 2**63})


async def test_nul_is_refused_whatever_the_body_calls_itself(api):
    body = b'{"plan_id": "city", "batch": "a\\u0000b"}'
    for kind in ("application/x+json", "Application/JSON"):
        await api.call("POST", "/vouchers", 422, content=body, headers={"Content-Type": kind})
