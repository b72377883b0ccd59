"""`kolco operator` as a process."""


async def test_tokens(kolco):
    made = await kolco("operator", "create", "anna", "--role", "engineer")
    assert made.out.startswith("kolco_")
    assert made.out.count("\n") == 1
    assert "shown this once" in made.err
    assert (await kolco("operator", "whoami", KOLCO_CLI_TOKEN=made.out.strip())).out.split()[1] == "anna"
    newer = (await kolco("operator", "token", "anna", "--yes")).out.strip()
    await kolco("operator", "whoami", code=4, KOLCO_CLI_TOKEN=made.out.strip())
    await kolco("operator", "whoami", KOLCO_CLI_TOKEN=newer)
    await kolco("operator", "disable", "anna", "--yes")
    await kolco("operator", "whoami", code=4, KOLCO_CLI_TOKEN=newer)
    dry = await kolco("operator", "create", "boris", "--role", "viewer", "--dry-run")
    assert dry.out == "operator/boris created (dry run)\n"
    rows = (await kolco("operator", "list", "-o", "json")).json
    assert [(row["name"], row["disabled_at"] is None) for row in rows] == [("anna", False), ("local", True)]
    assert "token" not in rows[0]


async def test_log(kolco):
    await kolco("site", "create-district", "presnya", "--name", "Пресня")
    lines = (await kolco("operator", "log")).out.splitlines()
    assert lines[0].split() == ["WHEN", "OPERATOR", "ACTION", "OBJECT", "DETAIL"]
    assert "district/presnya" in lines[1]
    assert "name=Пресня" in lines[1]
    await kolco("operator", "create", "anna", "--role", "god", code=2)
