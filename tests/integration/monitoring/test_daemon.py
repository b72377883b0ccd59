"""The monitor daemon over HTTP: what a scrape sees, with and without a database."""

import asyncio
import contextlib
import subprocess

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from controller.core.runtime import Runtime
from controller.models import Base
from monitoring.daemon import serve
from monitoring.metrics import CATALOGUE
from monitoring.prometheus import Target
from monitoring.settings import MonitorSettings
from tests.conftest import free_port
from tests.factories.city_rows import add_city, add_session


@contextlib.asynccontextmanager
async def running_monitor(runtime: Runtime, interval_s: float = 0.2):
    settings = MonitorSettings(admin_port=free_port(), snapshot_interval_s=interval_s)
    ready = asyncio.Event()
    task = asyncio.create_task(serve(runtime, settings, ready=ready.set))
    try:
        await asyncio.wait_for(ready.wait(), 10)
        yield f"http://127.0.0.1:{settings.admin_port}"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def city(runtime):
    await add_city(runtime.db, runtime.clock.now())
    await add_session(runtime.db, runtime.clock.now(), 1)
    return runtime


async def test_a_scrape_holds_the_whole_catalogue(city):
    async with running_monitor(city) as url, httpx.AsyncClient() as client:
        for encoding in ("gzip", "identity"):
            answer = await client.get(f"{url}/metrics", headers={"accept-encoding": encoding})
            assert answer.status_code == 200
            names = {
                sample.name
                for family in text_string_to_metric_families(answer.text)
                for sample in family.samples
            }
        ends = {"wlan_session_ends_total"}
        assert {metric.name for metric in CATALOGUE} - names <= ends
        assert (await client.get(f"{url}/healthz")).text == "ok\n"


async def test_promtool_finds_no_fault_in_the_page(city):
    async with running_monitor(city) as url, httpx.AsyncClient() as client:
        page = (await client.get(f"{url}/metrics")).content
    result = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    assert (result.returncode, result.stderr) == (0, b"")


async def test_curl_reads_the_joined_gzip(city):
    async with running_monitor(city) as url:
        curl = await asyncio.create_subprocess_exec(
            "curl", "-sS", "--compressed", f"{url}/metrics", stdout=asyncio.subprocess.PIPE
        )
        body, _ = await curl.communicate()
    assert b"wlan_ap_up{" in body
    assert b"\nkolco_monitor_snapshot_age_seconds " in body


async def test_without_a_database_it_serves_its_own_numbers(runtime):
    async with runtime.db.engine.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    async with running_monitor(runtime) as url, httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/metrics")
        assert "kolco_monitor_snapshot_failures_total" in answer.text
        assert "wlan_ap_up" not in answer.text
        assert (await client.get(f"{url}/healthz")).status_code == 503


async def test_prometheus_scrapes_the_monitor_and_the_alerts_fire(city, prometheus):
    async with running_monitor(city) as url:
        target = Target("monitor", url.removeprefix("http://"))
        async with prometheus([target]) as server:
            (up,) = await server.until('up{job="kolco-monitor"} == 1')
            assert up["metric"]["instance"] == target.address
            assert len(await server.until("wlan_ap_up")) == 6
            (ratio,) = await server.until('site:wlan_ap_up:ratio{site="square"}')
            assert float(ratio["value"][1]) == 0.5
            (alert,) = await server.until('ALERTS{alertname="WlanApDown"}')
            assert alert["metric"]["alertstate"] == "pending"
