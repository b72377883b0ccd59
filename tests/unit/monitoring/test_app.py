"""The application through its ASGI interface: no socket is opened."""

import httpx
import pytest
from prometheus_client import CollectorRegistry, Gauge

from monitoring.app import accepts_gzip, create_app
from monitoring.exposition import Page


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("deflate, gzip;q=0.5", True),
        ("*", True),
        ("GZIP", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip;q=nonsense", False),
    ],
)
def test_accepts_gzip(header, accepted):
    assert accepts_gzip(header) is accepted


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_the_page_and_the_live_numbers_in_one_answer(encoding):
    registry = CollectorRegistry()
    Gauge("live", "Live.", registry=registry).set(7)
    page = Page.pack(b"fleet 1\n", samples=1)
    app = create_app(lambda: page, registry, ready=lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://m") as client:
        answer = await client.get("/metrics", headers={"accept-encoding": encoding})
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert ("content-encoding" in answer.headers) == (encoding == "gzip")
    assert answer.text == "fleet 1\n# HELP live Live.\n# TYPE live gauge\nlive 7.0\n"


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
async def test_healthz(ready, status):
    app = create_app(lambda: Page.pack(b"", samples=0), CollectorRegistry(), ready=lambda: ready)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://m") as client:
        assert (await client.get("/healthz")).status_code == status
