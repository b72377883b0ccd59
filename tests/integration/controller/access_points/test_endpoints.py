"""The inventory over HTTP, on both databases."""

from tests.factories.inventory import ARBAT, SOKOLNIKI, add_ap, add_config, add_event, mac_of, serial_of

NEW = {"serial": "02C0DE000009", "site_id": "arbat-1", "latitude": ARBAT[0], "longitude": ARBAT[1]}


async def test_create_places_the_ap_in_its_zone(api):
    row = await api.call("POST", "/access-points", 201, json=NEW)
    assert (row["serial"], row["name"], row["mac"]) == ("02c0de000009", "02c0de000009", "02:c0:de:00:00:09")
    assert (row["zone_id"], row["district_id"], row["state"]) == ("garden-ring", "arbat", "adopted")
    assert (row["connected"], row["clients"], row["config_status"]) == (False, 0, None)


async def test_create_dry_run_changes_nothing(api):
    row = await api.call("POST", "/access-points?dry_run=true", 201, json=NEW)
    assert row["zone_id"] == "garden-ring"
    assert (await api.call("GET", "/access-points"))["total"] == 0
    assert (await api.call("GET", "/audit"))["total"] == 0


async def test_create_says_what_is_wrong(api):
    await add_ap(api.runtime.db, 1)
    taken = await api.call("POST", "/access-points", 409, json=NEW | {"serial": serial_of(1)})
    assert "inventory already" in taken["message"]
    mac = await api.call("POST", "/access-points", 409, json=NEW | {"mac": mac_of(serial_of(1))})
    assert "another AP" in mac["message"]
    site = await api.call("POST", "/access-points", 422, json=NEW | {"site_id": "nowhere"})
    assert "nowhere" in site["message"]
    swapped = NEW | {"latitude": ARBAT[1], "longitude": ARBAT[0]}
    assert "swapped" in (await api.call("POST", "/access-points", 422, json=swapped))["message"]
    await api.call("POST", "/access-points", 422, json=NEW | {"serial": "zz"})
    await api.call("POST", "/access-points", 422, json=NEW | {"latitude": 91})


async def test_list_filters_and_pages(api):
    db = api.runtime.db
    for number in range(1, 6):
        await add_ap(db, number, connected=number % 2 == 0)
    await add_ap(db, 6, place=SOKOLNIKI, site_id="arbat-2", name="Парк Сокольники")
    await add_ap(db, 7, state="retired")
    await add_config(db, serial_of(1), "rejected", rejected=["radios[0]"])

    async def found(**params):
        page = await api.call("GET", "/access-points", params=params)
        assert page["total"] == len(page["items"])
        return [int(row["serial"][6:], 16) for row in page["items"]]

    assert await found() == [1, 2, 3, 4, 5, 7, 6]
    assert await found(connected=True) == [2, 4]
    assert await found(connected=False, zone="garden-ring", state="adopted") == [1, 3, 5]
    assert await found(zone="none") == [6]
    assert await found(site="arbat-2") == [6]
    assert await found(district="arbat", text="ПАРК") == [6]
    assert await found(text="c0de000002") == [2]
    assert await found(text="%") == []
    assert await found(state="retired") == [7]
    assert await found(config="rejected") == [1]
    assert await found(district="nowhere") == []

    seen, after = [], None
    while True:
        params = {"limit": 3} | ({"after": after} if after else {})
        page = await api.call("GET", "/access-points", params=params)
        assert page["total"] == 7
        seen += [row["name"] for row in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == sorted(seen)
    assert len(seen) == 7


async def test_show_by_serial_mac_or_name(api):
    serial = await add_ap(api.runtime.db, 1, connected=True, name="Арбат, 5/1")
    await add_config(api.runtime.db, serial, "acknowledged", acknowledged_uuid=7)
    await add_event(api.runtime.db, serial, "log", log="hostapd: started")
    for reference in (serial, mac_of(serial), serial.upper()):
        row = await api.call("GET", f"/access-points/{reference}")
        assert row["name"] == "Арбат, 5/1"
    assert row["config"]["desired"] == {"uuid": 8}
    assert (row["config"]["acknowledged_uuid"], row["config"]["running_uuid"]) == (7, 7)
    assert row["summary"]["radios"][0]["channel"] == 36
    assert [event["kind"] for event in row["events"]] == ["log"]
    await api.call("GET", "/access-points/02c0deffffff", 404)


async def test_show_by_a_name_that_two_have(api):
    for number in (1, 2):
        await add_ap(api.runtime.db, number, name="twin")
    await api.call("GET", "/access-points/twin", 409)


async def test_change_moves_it_to_another_zone(api):
    serial = await add_ap(api.runtime.db, 1)
    place = {"latitude": SOKOLNIKI[0], "longitude": SOKOLNIKI[1]}
    row = await api.call("PATCH", f"/access-points/{serial}", json=place | {"name": "Новая"})
    assert (row["zone_id"], row["name"]) == (None, "Новая")
    await api.call("PATCH", f"/access-points/{serial}", json={"name": "Новая"})
    entries = (await api.call("GET", "/audit"))["items"]
    assert len(entries) == 1
    assert entries[0]["detail"]["name"] == ["ap-0001", "Новая"]


async def test_adopt_and_retire(api):
    serial = await add_ap(api.runtime.db, 1, state="planned")
    assert (await api.call("POST", f"/access-points/{serial}/adopt"))["state"] == "adopted"
    assert (await api.call("POST", f"/access-points/{serial}/retire?dry_run=1"))["state"] == "retired"
    assert (await api.call("GET", f"/access-points/{serial}"))["state"] == "adopted"
    assert (await api.call("POST", f"/access-points/{serial}/retire"))["state"] == "retired"
    assert (await api.call("POST", f"/access-points/{serial}/retire"))["state"] == "retired"
    actions = [entry["action"] for entry in (await api.call("GET", "/audit"))["items"]]
    assert actions == ["retired", "adopted"]


async def test_import_over_http(api):
    content = "serial;name;site;latitude;longitude\n02c0de000001;Арбат 1;arbat-1;55,752;37,592\n".encode()
    params = {"format": "csv", "dry_run": True}
    dry = await api.call("POST", "/access-points/import", params=params, content=content)
    assert dry == {"imported": 1, "outside": 0, "dry_run": True, "serials": ["02c0de000001"]}
    assert (await api.call("GET", "/access-points"))["total"] == 0
    params["dry_run"] = False
    await api.call("POST", "/access-points/import", params=params, content=content)
    again = await api.call("POST", "/access-points/import", 422, params=params, content=content)
    assert again["code"] == "import_rejected"
    assert {(p["line"], p["column"]) for p in again["data"]["problems"]} == {(2, "serial")}
