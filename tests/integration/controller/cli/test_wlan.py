"""`kolco wlan` as a process."""

import pytest

from tests.factories.inventory import add_ap


@pytest.fixture
async def wlan(kolco):
    await kolco("wlan", "create", "city", "--ssid", "City_WiFi", "--band", "2.4", "--band", "5")


async def test_create_list_and_show(kolco, wlan, golden):
    golden("wlan-list.json", (await kolco("wlan", "list", "-o", "json")).json)
    lines = (await kolco("wlan", "list")).out.splitlines()
    assert lines[1].split() == ["city", "City_WiFi", "open", "2.4,5", "all", "yes"]
    assert "City_WiFi" in (await kolco("wlan", "show", "city")).out


async def test_rename(kolco, wlan):
    assert (await kolco("wlan", "set", "city", "--ssid", "Москва_Бесплатно", "--dry-run")).out == (
        "wlan/city changed (dry run)\n"
    )
    await kolco("wlan", "set", "city", "--ssid", "Москва_Бесплатно", "--vlan", "30", "--no-isolate")
    row = (await kolco("wlan", "show", "city", "-o", "json")).json
    assert (row["ssid"], row["vlan"], row["isolate"], row["enabled"]) == ("Москва_Бесплатно", 30, False, True)
    long = await kolco("wlan", "set", "city", "--ssid", "Москва_WiFi_Бесплатно", code=1)
    assert "36 bytes" in long.err
    assert "two bytes" in long.err


async def test_scope(kolco, wlan):
    await add_ap(kolco.db, 1)
    await add_ap(kolco.db, 2, site_id="arbat-2")
    await add_ap(kolco.db, 3, state="retired")
    dry = await kolco("wlan", "set", "city", "--site", "arbat-1", "--dry-run")
    assert "1 adopted access points carry it" in dry.err
    assert "2 adopted access points" in (await kolco("wlan", "set", "city", "--vlan", "7")).err
    await kolco("wlan", "set", "city", "--site", "arbat-1", "--site", "arbat-2")
    assert (await kolco("wlan", "show", "city", "-o", "json")).json["sites"] == ["arbat-1", "arbat-2"]
    await kolco("wlan", "set", "city", "--site", "arbat-1", "--all-sites", code=2)
    await kolco("wlan", "set", "city", "--all-sites", "--disabled")
    row = (await kolco("wlan", "show", "city", "-o", "json")).json
    assert (row["all_sites"], row["enabled"]) == (True, False)


async def test_remove_asks(kolco, wlan):
    assert "--yes" in (await kolco("wlan", "remove", "city", code=2)).err
    assert (await kolco("wlan", "remove", "city", "--yes")).out == "wlan/city removed\n"
    await kolco("wlan", "show", "city", code=3)
    await kolco("wlan", "create", "x", "--ssid", "X", "--band", "60", code=2)
