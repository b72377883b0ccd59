"""The audit log over HTTP, on both databases."""


async def test_newest_first_in_pages_and_by_object(api):
    for number in range(5):
        await api.call("POST", "/districts", 201, json={"id": f"d{number}", "name": f"Район {number}"})
    first = await api.call("GET", "/audit?limit=3")
    rest = await api.call("GET", f"/audit?limit=3&after={first['next']}")
    seen = [entry["object_id"] for entry in first["items"] + rest["items"]]
    assert seen == ["d4", "d3", "d2", "d1", "d0"]
    assert (first["total"], rest["next"]) == (5, None)
    [one] = (await api.call("GET", "/audit?object_type=district&object_id=d2&operator=local"))["items"]
    assert (one["action"], one["detail"]) == ("created", {"name": "Район 2"})
    assert (await api.call("GET", "/audit?operator=nobody"))["items"] == []
