"""A real Prometheus comes up on the configuration that the command line renders."""

import sys

import httpx
import pytest

from controller.city import prometheus_child
from controller.city.ports import Ports
from controller.city.process import run
from controller.core.errors import UnavailableError
from tests.eventually import eventually


async def kolco(*arguments):
    return await run([sys.executable, "-m", "controller", *arguments])


async def test_prometheus_scrapes_the_targets_and_forgets_an_earlier_city(tmp_path):
    ports = Ports.free()
    directory = tmp_path / "prometheus"
    directory.mkdir()
    (directory / "old").touch()
    child = await prometheus_child.start(
        kolco,
        targets={"gateway": ports.gateway_admin, "radius": ports.radius_admin},
        port=ports.prometheus,
        directory=directory,
        log=tmp_path / "log",
    )
    try:
        assert not (directory / "old").exists()
        async with httpx.AsyncClient(trust_env=False) as web:
            url = f"http://127.0.0.1:{ports.prometheus}/api/v1"

            async def found():
                answer = (await web.get(f"{url}/targets")).raise_for_status()  # while it starts it says 503
                targets = answer.json()["data"]["activeTargets"]
                return targets if len(targets) == 2 else None

            targets = await eventually(found, within_s=30, despite=(httpx.HTTPError,))
            rules = (await web.get(f"{url}/rules")).json()["data"]["groups"]
        assert {target["labels"]["job"] for target in targets} == {"kolco-gateway", "kolco-radius"}
        assert rules
    finally:
        await child.stop()


async def test_a_configuration_that_cannot_be_rendered_is_an_error(tmp_path):
    with pytest.raises(UnavailableError, match="failed with"):
        await prometheus_child.start(
            kolco, targets={"nothing": 1}, port=1, directory=tmp_path / "p", log=tmp_path / "log"
        )
