"""Every query of every dashboard, asked of the Prometheus of a real city: none is empty.

A phone comes in by SMS, RADIUS is asked by radclient, access points report over their websockets;
nothing is counted by this test itself. What the daemons show is well formed and names no citizen.
"""

import asyncio
import contextlib
import re
import subprocess

import httpx
import pytest

from controller.city import layout, portal_pages, radius_client
from controller.city.browser import Browser
from controller.city.environment import PORTAL_URL
from controller.city.parts import find
from controller.city.ports import LOOPBACK
from controller.city.radius_client import MabQuestion
from controller.city.run import City, Options
from controller.city.websites import PROBE_ANSWERS
from monitoring.metrics import CATALOGUE
from monitoring.prometheus import SERVICES
from monitoring.rules.render import all_rules
from monitoring.rules.types import Recording
from tests.eventually import eventually
from tests.factories.dashboards import queries

pytestmark = pytest.mark.timeout(300)

PATIENCE_S = 90
CITIZENS = ("+79161234567", "+79167654321")
PLAIN_PAGE = f"http://{layout.SITE_HOST}/"
NOT_YET = {"wlan_session_ends_total"}
"""Nobody has left when the queries are asked."""


async def live(city: City) -> None:
    """A known device asks RADIUS to be let in and looks at the portal, again and again."""
    secret = await city.nas_secret_file()
    phone = city.phones[0]
    question = MabQuestion(phone.mac, "D2-C1-00-00-00-01:city")
    while True:
        await radius_client.ask(question, port=city.ports.radius_auth, secret_file=secret)
        await phone.get(f"{PORTAL_URL}/")
        await asyncio.sleep(1)  # the device's own pace: rates are of something that goes on


async def log_in(city: City, number: int) -> None:
    """Phone `number` (from 0) joins, is led to the portal and logs in by SMS."""
    phone = city.phones[number]
    await phone.join()
    for host, path in PROBE_ANSWERS:
        await phone.get(f"http://{host}{path}")
    browser = await Browser.start(phone, trusted_host=layout.PORTAL_HOST)
    try:
        await portal_pages.log_in_by_sms(
            browser, city.messages, start=PLAIN_PAGE, number=CITIZENS[number], portal_url=PORTAL_URL
        )
    finally:
        await browser.close()


async def check_page(city: City, service: str) -> None:
    """What a daemon shows is well formed, and names no citizen."""
    async with httpx.AsyncClient(trust_env=False) as client:
        page = (await client.get(f"http://{LOOPBACK}:{city.ports.admin(service)}/metrics")).content
    checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, b""), service
    text = page.decode().lower()
    for phone in city.phones:
        for mark in (phone.mac, phone.mac.replace(":", "-"), phone.mac.replace(":", "")):
            assert mark not in text, service
    assert not re.search(r"10\.77\.\d+\.\d+", text), service
    assert not re.search(r"(?<![\d.])7916\d{7}(?!\d)", text), service


async def test_no_panel_and_no_recording_of_a_real_city_is_empty():
    city = City(Options(aps=10, phones=2, state_interval_s=2), find())
    try:
        await city.start()
        await log_in(city, 0)
        async with (
            asyncio.timeout(PATIENCE_S),
            httpx.AsyncClient(base_url=city.prometheus_url, trust_env=False) as client,
        ):
            living = asyncio.create_task(live(city))

            async def has(expr: str) -> bool:
                # Equal to itself is what NaN is not: a quantile of nothing draws nothing.
                query = {"query": f"({expr}) == ({expr})"}
                answer = (await client.get("/api/v1/query", params=query)).json()
                assert answer["status"] == "success", answer
                return bool(answer["data"]["result"])

            await eventually(lambda: has("kolco_portal_codes_sent_total"), within_s=PATIENCE_S)
            await log_in(city, 1)
            waiting = {
                **{f"{name}: {where}": expr for name, where, expr in queries()},
                **{rule.record: rule.record for rule in all_rules() if isinstance(rule, Recording)},
                **{metric.name: metric.name for metric in CATALOGUE if metric.name not in NOT_YET},
            }

            async def all_there() -> bool:
                for what in [what for what, expr in waiting.items() if await has(expr)]:
                    del waiting[what]
                return not waiting

            with contextlib.suppress(AssertionError):  # what is still missing is told below
                await eventually(all_there, within_s=PATIENCE_S / 2)
            living.cancel()
            await asyncio.gather(living, return_exceptions=True)
        assert waiting == {}
        for service in SERVICES:
            await check_page(city, service)
    finally:
        await city.stop()
