"""What a story looks at to see whether a step holds: phones, gate, command line, records, metrics.

Looks only; the steps in :mod:`controller.city.steps` do things and judge.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx
from prometheus_client.parser import text_string_to_metric_families

from controller.city import repository
from controller.city.environment import PORTAL_URL
from controller.city.http_answer import HttpAnswer
from controller.city.phones import Phone
from controller.city.ports import LOOPBACK
from controller.city.repository import Counted
from controller.city.run import City
from controller.city.story import StepFailedError
from controller.core.errors import KolcoError

CAPPORT_TYPE: Final = "application/captive+json"
FLOWING_BYTES: Final = 100_000
SETTLE_S: Final = 30.0
POLL_S: Final = 0.1


def must(holds: bool, otherwise: str) -> None:
    """Raise :class:`StepFailedError` with ``otherwise`` unless it holds."""
    if not holds:
        raise StepFailedError(otherwise)


async def until(look: Callable[[], Awaitable[str]], patience_s: float = SETTLE_S) -> str:
    """Look again until it holds; raises what it raised last when it does not in time."""
    give_up = time.monotonic() + patience_s
    while True:
        try:
            return await look()
        except KolcoError:
            if time.monotonic() > give_up:
                raise
        await asyncio.sleep(POLL_S)


class Looks:
    """Looks at one running city."""

    def __init__(self, city: City) -> None:
        self._city = city

    async def probe(self, phone: Phone) -> HttpAnswer:
        """How Android's probe of a phone is answered."""
        return await phone.get("http://connectivitycheck.gstatic.com/generate_204")

    async def until_open(self, phone: Phone) -> None:
        """Wait until a phone's probe is answered as open; raises when it does not become so."""

        async def is_open() -> str:
            answer = await self.probe(phone)
            must(answer.status == httpx.codes.NO_CONTENT, f"the probe is answered {answer.status}")
            return "open"

        await until(is_open)

    async def captive_again(self, phone: Phone) -> str:
        """Raise unless a phone's probe is led to the portal."""
        answer = await self.probe(phone)
        must(answer.location.startswith(PORTAL_URL), f"the probe is answered {answer.status}")
        return "captive"

    async def flows(self, phone: Phone) -> None:
        """Raise unless the phone's download gets bytes within a moment."""
        before = (await phone.traffic()).received

        async def more() -> str:
            got = (await phone.traffic()).received - before
            must(got > FLOWING_BYTES, f"the download got {got} bytes")
            return "flows"

        await until(more, 5.0)

    async def capport(self, phone: Phone) -> dict[str, Any]:
        """What the captive portal API (RFC 8908), as option 114 names it, says to a phone."""
        uri = "" if phone.lease is None else phone.lease.captive_portal or ""
        answer = await phone.get(uri, accept=CAPPORT_TYPE)
        must(answer.status == httpx.codes.OK, f"{uri} is answered {answer.status}")
        kind = answer.headers.get("content-type", "")
        must(kind.startswith(CAPPORT_TYPE), f"{uri} is of type {kind!r}")
        said: dict[str, Any] = json.loads(answer.body)
        return said

    async def session_of(self, phone: Phone) -> dict[str, Any]:
        """The phone's open session, as the command line lists it."""
        listed: list[dict[str, Any]] = await self._city.kolco_json("session", "list")
        own = [session for session in listed if session["mac"] == phone.mac and not session["ended_at"]]
        must(len(own) == 1, f"the command line lists {len(own)} open sessions of phone {phone.number}")
        return own[0]

    async def records(self, session_id: str) -> list[Counted]:
        """A session's accounting records, oldest first."""
        async with self._city.db.reading() as tx:
            return await repository.list_records(tx, session_id)

    async def samples(self, daemon: str) -> dict[str, float]:
        """The sums of a daemon's metrics over all labels."""
        url = f"http://{LOOPBACK}:{self._city.ports.admin(daemon)}/metrics"
        async with httpx.AsyncClient(trust_env=False) as web:
            text = (await web.get(url)).text
        sums: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
        return sums

    async def ask_prometheus(self) -> str:
        """Raise unless Prometheus has stored an open session and access points that are up."""
        query = "sum(wlan_sessions_open) > 0 and on() sum(wlan_ap_up) > 0"
        async with httpx.AsyncClient(trust_env=False) as web:
            answer = await web.get(f"{self._city.prometheus_url}/api/v1/query", params={"query": query})
        result = answer.json()["data"]["result"]
        must(len(result) == 1, f"Prometheus finds nothing for {query}")
        return f"{result[0]['value'][1]} session open"
