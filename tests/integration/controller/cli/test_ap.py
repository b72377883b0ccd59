"""`kolco ap` as a process."""

import json

import pytest
import sqlalchemy as sa

from controller.core.outbox import OutboxRow
from tests.factories.inventory import add_ap, add_config, add_event, serial_of


@pytest.fixture
async def fleet(kolco):
    await add_ap(kolco.db, 1, connected=True, name="Арбат, 5/1")
    await add_ap(kolco.db, 2, connected=False)
    await add_ap(kolco.db, 3, state="planned", site_id="arbat-2", place=(55.794, 37.678))
    await add_config(kolco.db, serial_of(1), "acknowledged", acknowledged_uuid=8)
    await add_event(kolco.db, serial_of(1), "log", log="hostapd: started")


async def commands(kolco) -> list[dict]:
    async with kolco.db.reading() as tx:
        topic = "access_point.command_requested"
        rows = await tx.scalars(sa.select(OutboxRow.payload).where(OutboxRow.topic == topic))
        return [json.loads(row) for row in rows]


async def test_list_in_every_format(kolco, fleet, golden):
    golden("ap-list.json", (await kolco("ap", "list", "-o", "json")).json)
    table = (await kolco("ap", "list")).out.splitlines()
    assert table[0].split() == ["NAME", "SERIAL", "STATE", "CONNECTED", "CLIENTS", "CONFIG", "SEEN"]
    assert table[1].split()[:3] == ["ap-0002", serial_of(2), "adopted"]
    assert all(line == line.rstrip() for line in table)
    assert "\x1b" not in "".join(table)
    wide = (await kolco("ap", "list", "-o", "wide")).out.splitlines()
    assert "DISTRICT" in wide[0]
    names = (await kolco("ap", "list", "-o", "name", "--connected")).out
    assert names == f"ap/{serial_of(1)}\n"
    nothing = await kolco("ap", "list", "--zone", "third-ring")
    assert (nothing.out, nothing.err) == ("", "no aps\n")
    assert len((await kolco("ap", "list", "--limit", "2", "-o", "json")).json) == 2
    assert (await kolco("ap", "list", "--search", "АРБАТ", "-o", "name")).out == names


async def test_show(kolco, fleet, golden):
    for reference in (serial_of(1), "02:c0:de:00:00:01", "Арбат, 5/1"):
        shown = (await kolco("ap", "show", reference)).out
        assert "hostapd: started" in shown
        assert "5 GHz ch 36 20 dBm" in shown
    golden("ap-show.json", (await kolco("ap", "show", serial_of(1), "-o", "json")).json)


async def test_what_does_not_exist_ends_with_3(kolco):
    done = await kolco("ap", "show", "02c0deffffff", code=3)
    assert done.err == "error: there is no AP 02c0deffffff\nhint: kolco ap list\n"
    assert done.out == ""


async def test_adopt_and_retire(kolco, fleet):
    assert (await kolco("ap", "adopt", serial_of(3))).out == f"ap/{serial_of(3)} adopted\n"
    done = await kolco("ap", "adopt", "02c0de000009", "--site", "arbat-1", "--latitude", "55.75", code=2)
    assert "--longitude" in done.err
    place = ("--site", "arbat-1", "--latitude", "55.75", "--longitude", "37.6")
    dry = await kolco("ap", "adopt", "02c0de000009", *place, "--dry-run")
    assert dry.out == "ap/02c0de000009 adopted (dry run)\n"
    made = await kolco("ap", "adopt", "02c0de000009", *place, "--name", "Новая", "-o", "json")
    assert made.json["zone_id"] == "garden-ring"
    await kolco("ap", "adopt", "02c0de000009", *place, code=1)
    renamed = await kolco("ap", "set", "Новая", "--name", "Старая", "-o", "json")
    assert renamed.json["name"] == "Старая"
    refused = await kolco("ap", "retire", serial_of(1), code=2)
    assert "--yes" in refused.err
    assert (await kolco("ap", "retire", serial_of(1), "--yes", "-o", "name")).out == f"ap/{serial_of(1)}\n"


async def test_commands_to_connected_aps(kolco, fleet):
    await kolco("ap", "locate", serial_of(1), "--duration", "30")
    await kolco("ap", "reboot", serial_of(1), "--yes")
    await kolco("ap", "request", serial_of(1), "--message", "healthcheck")
    assert [event["command"] for event in await commands(kolco)] == ["leds", "reboot", "request"]
    done = await kolco("ap", "reboot", serial_of(2), "--yes", code=5)
    assert "not connected" in done.err


async def test_import_tells_every_bad_row(kolco, fleet, tmp_path):
    file = tmp_path / "ap.csv"
    good = "serial;site;широта;долгота\n02c0de0000a1;arbat-1;55,752;37,592\n"
    file.write_text(
        good + "02c0de0000a2;nowhere;37,592;55,752\n02c0de000001;arbat-1;1;2\n", encoding="utf-8-sig"
    )
    bad = await kolco("ap", "import", str(file), code=1)
    assert bad.err.splitlines() == [
        "error: 2 bad rows; nothing was imported",
        "  line 3, site: there is no site 'nowhere'",
        "  line 3, latitude: 37.592, 55.752: latitude and longitude look swapped",
        f"  line 4, serial: {serial_of(1)} is in the inventory already",
        "hint: mend the rows and import the whole file again",
    ]
    assert len((await kolco("ap", "list", "-o", "json")).json) == 3
    file.write_text(good)
    assert (await kolco("ap", "import", str(file), "--dry-run")).out == "1 APs would be imported\n"
    assert (await kolco("ap", "import", str(file), "-o", "name")).out == "ap/02c0de0000a1\n"
    assert len((await kolco("ap", "list", "-o", "json")).json) == 4


async def test_import_geojson_and_unknown_endings(kolco, tmp_path):
    file = tmp_path / "ap.geojson"
    feature = {
        "type": "Feature",
        "properties": {"serial": "02c0de0000a1", "site": "arbat-1"},
        "geometry": {"type": "Point", "coordinates": [37.678, 55.794]},
    }
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    done = await kolco("ap", "import", str(file))
    assert (done.out, done.err) == ("1 APs imported\n", "1 of them lie outside every zone\n")
    other = tmp_path / "ap.xls"
    other.write_text("x")
    await kolco("ap", "import", str(other), code=2)
    await kolco("ap", "import", str(tmp_path / "missing.csv"), code=2)


async def test_an_access_point_is_enrolled_into_private_files(kolco, fleet, tmp_path):
    out = tmp_path / "enrolled"
    dry = await kolco("ap", "enrol", serial_of(1), "--out", str(out), "--dry-run")
    assert "(dry run)" in dry.out
    assert not out.exists()
    for _again in range(2):
        done = await kolco("ap", "enrol", serial_of(1), "--out", str(out))
        assert done.out == f"ap/{serial_of(1)} enrolled, files in {out}\n"
    assert {path.name: path.stat().st_mode & 0o777 for path in out.iterdir()} == {
        "cert.pem": 0o600,
        "key.pem": 0o600,
        "cas.pem": 0o600,
    }
    assert "PRIVATE KEY" in (out / "key.pem").read_text()
