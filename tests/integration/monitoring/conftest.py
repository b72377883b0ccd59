"""A real Prometheus on loopback, and what is needed to ask it."""

import contextlib
import subprocess
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from monitoring.files import write_all, write_atomically
from monitoring.prometheus import Target, render_prometheus
from monitoring.rules.render import render_rules
from tests.conftest import end, free_port
from tests.eventually import eventually


class Prometheus:
    """A running Prometheus that scrapes once a second, with our rules."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.AsyncClient(base_url=url)

    async def close(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, **params: str) -> dict:
        answer = (await self._client.get(path, params=params)).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    async def query(self, expr: str) -> list[dict]:
        """The samples an instant query gives now."""
        return (await self.get("/api/v1/query", query=expr))["result"]

    async def ready(self, seconds: float = 20) -> None:
        async def is_ready() -> bool:
            return (await self._client.get("/-/ready")).status_code == httpx.codes.OK

        await eventually(is_ready, within_s=seconds, despite=(httpx.TransportError,))

    async def until(self, expr: str, seconds: float = 30) -> list[dict]:
        """Ask until the query gives something."""
        return await eventually(partial(self.query, expr), within_s=seconds)


@contextlib.asynccontextmanager
async def running_prometheus(directory: Path, targets: list[Target]) -> AsyncIterator[Prometheus]:
    write_all(directory / "rules", render_rules())
    write_atomically(
        directory / "prometheus.yml",
        render_prometheus(targets, rule_files=["rules/*.rules.yml"], scrape_interval_s=1),
    )
    port = free_port()
    with (directory / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={directory / 'prometheus.yml'}",
                f"--storage.tsdb.path={directory / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=warn",
            ],
            stdout=log,
            stderr=log,
        )
    prometheus = Prometheus(f"http://127.0.0.1:{port}")
    try:
        await prometheus.ready()
        yield prometheus
    finally:
        await prometheus.close()
        end(process)


@pytest.fixture
def prometheus(tmp_path):
    """Start a Prometheus with these targets: `async with prometheus(targets) as p`."""
    return lambda targets: running_prometheus(tmp_path / "prometheus", targets)
