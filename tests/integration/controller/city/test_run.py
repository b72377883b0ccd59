"""A small city is started and ended, on this machine and with everything it has."""

import asyncio
import signal

import httpx
import pytest

from controller.city import network, parts
from controller.city.run import City, Options
from controller.core.errors import ConflictError, InvalidInputError, UnavailableError

pytestmark = pytest.mark.timeout(240)


async def test_a_city_comes_up_survives_a_killed_daemon_and_goes_away(tmp_path):
    told = []
    city = City(Options(aps=3, phones=1, data_dir=tmp_path / "data"), parts.find())
    try:
        await city.start(lambda *progress: told.append(progress))
        vitals = await city.vitals()
        assert (vitals.aps, vitals.connected, vitals.settled, vitals.online) == (3, 3, 3, 0)
        assert ("access points configured", 3, 3) in told
        listed = await city.kolco_json("ap", "list")
        assert len(listed) == 3
        async with httpx.AsyncClient(trust_env=False) as web:
            assert (await web.get(f"{city.prometheus_url}/-/ready")).status_code == 200
        assert (await city.nas_secret_file()).stat().st_mode & 0o777 == 0o600
        assert f"KOLCO_DATA_DIR={tmp_path / 'data'}" in city.env_file.read_text()

        same = City(Options(aps=1, phones=0, data_dir=tmp_path / "data"), parts.find())
        with pytest.raises(ConflictError, match="runs in"):
            await same.start()
        await same.stop()
        beside = City(Options(aps=2, phones=1), parts.find())
        try:
            await beside.start()
            assert (await beside.vitals()).connected == 2
            leases = await asyncio.gather(beside.phones[0].join(), city.phones[0].join())
            assert all(lease.captive_portal for lease in leases)
        finally:
            await beside.stop()

        for times in (1, 2):
            before = await city.kill_daemon("radius", signal.SIGKILL)
            assert await city.wait_for_daemon("radius", not_pid=before) != before
            assert (await city.vitals()).restarts["radius"] == times
        with pytest.raises(UnavailableError, match="failed with"):
            await city.kolco_json("ap", "show", "nothing")
        namespaces = city.laid.namespaces
    finally:
        await city.stop()
    assert not [name for name in namespaces if (network.NETNS_DIRECTORY / name).exists()]
    assert (tmp_path / "data").exists()  # it was named, so it stays


async def test_a_city_that_cannot_start_names_the_part_and_cleans_up(tmp_path):
    url = "postgresql+asyncpg://nobody@127.0.0.1:1/none"
    city = City(Options(aps=1, phones=1, database_url=url), parts.find())
    try:
        with pytest.raises(UnavailableError, match="database"):
            await city.start()
        assert city.data_dir.exists()
    finally:
        await city.stop()
    assert not city.data_dir.exists()
    assert not (network.NETNS_DIRECTORY / city.laid.gateway).exists()


def test_more_phones_than_names_are_refused():
    with pytest.raises(InvalidInputError, match="0 to 200"):
        Options(phones=201)
