"""Namespaces are laid and swept on the real kernel."""

import asyncio
import json
from dataclasses import asdict, replace

import pytest

from controller.city import layout, network
from controller.city.layout import Layout
from controller.city.process import Child, in_namespace, run
from controller.core.errors import UnavailableError
from tests.eventually import eventually


async def namespaces():
    return (await run(["ip", "netns", "list"])).text


async def test_a_city_is_laid_and_removed_with_what_lives_in_it(tmp_path):
    city = Layout(network.new_prefix(), 2)
    try:
        await network.lay(city, [layout.phone_mac(1, 1), layout.phone_mac(1, 2)])
        listed = await run(["ip", "-n", city.phone(2), "-j", "link", "show", "dev", "wlan0"])
        assert json.loads(listed.text)[0]["address"] == layout.phone_mac(1, 2)
        lodger = await Child.start(
            "sleep", in_namespace(city.gateway, ["sleep", "600"]), log=tmp_path / "log"
        )

        async def moved_in():
            return str(lodger.process.pid) in (await run(["ip", "netns", "pids", city.gateway])).text.split()

        await eventually(moved_in)
    finally:
        await network.tear_down(city.namespaces)
    assert await asyncio.wait_for(lodger.process.wait(), 5) != 0
    assert city.prefix not in await namespaces()
    assert not list(network.NETNS_CONFIG.glob(f"{city.prefix}*"))
    await network.tear_down(city.namespaces)  # nothing there is no error


async def test_two_cities_stand_side_by_side():
    cities = [Layout(network.new_prefix(), 1) for _ in range(2)]
    try:
        for city in cities:
            await network.lay(city, [layout.phone_mac(1, 1)])
    finally:
        for city in cities:
            await network.tear_down(city.namespaces)


async def test_a_name_that_is_taken_is_an_error():
    city = Layout(network.new_prefix(), 0)
    try:
        await network.lay(city, [])
        with pytest.raises(UnavailableError, match="File exists"):
            await network.lay(city, [])
    finally:
        await network.tear_down(city.namespaces)


async def test_what_a_killed_city_left_is_swept_and_a_living_one_is_not(tmp_path):
    claims = tmp_path / "claims"
    dead, alive = Layout(network.new_prefix(), 0), Layout(network.new_prefix(), 0)
    left_behind = tmp_path / "left"
    left_behind.mkdir()
    try:
        for city in (dead, alive):
            await network.lay(city, [])
        network.claim(claims, alive, tmp_path / "kept", temporary=True)
        gone = replace(network.claim(claims, dead, left_behind, temporary=True), pid=2**22 + 1)
        (claims / f"{dead.prefix}.json").write_text(json.dumps(asdict(gone)))
        (claims / "broken.json").write_text("{")

        assert await network.sweep(claims) == [dead.prefix]
        listed = await namespaces()
        assert dead.prefix not in listed
        assert alive.prefix in listed
        assert not left_behind.exists()
        assert [claim.prefix for claim in network.claims(claims)] == [alive.prefix]
        network.release(claims, alive.prefix)
        assert network.claims(claims) == []
    finally:
        for city in (dead, alive):
            await network.tear_down(city.namespaces)
