"""`kolco plan` as a process."""


async def test_a_plan_is_made_changed_and_listed(kolco):
    assert (await kolco("plan", "create", "guest", "--name", "Гость")).out == "plan/guest created\n"
    await kolco("plan", "set", "guest", "--rate-down-kbps", "5000", "--session-timeout-s", "7200")
    changed = await kolco("plan", "set", "guest", "--quota-bytes", "1000000", "-o", "json")
    assert (changed.json["rate_down_kbps"], changed.json["session_timeout_s"]) == (5000, 7200)
    assert changed.json["quota_bytes"] == 1_000_000
    freed = await kolco("plan", "set", "guest", "--rate-down-kbps", "0", "--quota-bytes", "0", "-o", "json")
    assert (freed.json["rate_down_kbps"], freed.json["quota_bytes"]) == (None, None)
    table = (await kolco("plan", "list")).out.splitlines()
    assert table[0].startswith("NAME")
    assert any(line.startswith("guest") and "7200" in line for line in table)


async def test_what_is_refused(kolco):
    assert "kolco plan list" in (await kolco("plan", "set", "gold", "--name", "x", code=3)).err
    await kolco("plan", "create", "No Slug", "--name", "x", code=1)
    await kolco("plan", "set", "city", "--idle-timeout-s", "1", code=2)
    dry = await kolco("plan", "create", "trial", "--name", "x", "--dry-run")
    assert "(dry run)" in dry.out
    assert "trial" not in (await kolco("plan", "list", "-o", "name")).out


async def test_what_radius_gives_is_set_and_taken_away(kolco):
    await kolco("plan", "create", "guest", "--name", "Гость")
    given = await kolco(
        "plan", "set", "guest", "--vlan", "120", "--filter", "guests", "--when-full", "refuse", "-o", "json"
    )
    assert (given.json["vlan"], given.json["filter_id"], given.json["when_full"]) == (120, "guests", "refuse")
    day = await kolco("plan", "set", "guest", "--daily-quota-bytes", "1000000", "-o", "json")
    assert day.json["daily_quota_bytes"] == 1_000_000
    taken = await kolco("plan", "set", "guest", "--vlan", "0", "--filter", "", "-o", "json")
    assert (taken.json["vlan"], taken.json["filter_id"]) == (None, "")
    await kolco("plan", "set", "guest", "--filter", "no spaces", code=1)
