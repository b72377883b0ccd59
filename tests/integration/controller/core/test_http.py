import asyncio

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from controller.core.clock import SystemClock
from controller.core.errors import ConflictError
from controller.core.http import admin_app, serve_app
from controller.core.net import listen_tcp
from controller.core.pki import CertificateAuthority, client_context, server_context


async def start(app, **options):
    port = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve_app(app, host="127.0.0.1", port=0, started=port.set_result, **options))
    return task, await port


async def stop(task):
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_admin_application_tells_metrics_and_readiness():
    registry = CollectorRegistry()
    Counter("doors_opened_total", "Doors.", registry=registry).inc()
    ready = []
    task, port = await start(admin_app(registry, ready=lambda: bool(ready)))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as web:
            assert "doors_opened_total 1.0" in (await web.get("/metrics")).text
            assert (await web.get("/healthz")).status_code == 503
            ready.append(1)
            assert (await web.get("/healthz")).text == "ok\n"
    finally:
        await stop(task)
    async with httpx.AsyncClient(trust_env=False) as web:
        with pytest.raises(httpx.ConnectError):
            await web.get(f"http://127.0.0.1:{port}/healthz")


async def test_https_shows_the_certificate_of_our_authority(tmp_path):
    authority = CertificateAuthority.open(tmp_path)
    tls = server_context(authority.issue_server(["localhost"], now=SystemClock().now()))
    task, port = await start(admin_app(CollectorRegistry(), ready=lambda: True), tls=tls)
    try:
        trusted = client_context(authority.certificate_pem)
        async with httpx.AsyncClient(verify=trusted, trust_env=False) as web:
            assert (await web.get(f"https://localhost:{port}/healthz")).status_code == 200
    finally:
        await stop(task)


async def test_a_taken_port_is_a_clear_error():
    taken = listen_tcp("127.0.0.1", 0)
    with pytest.raises(ConflictError):
        await serve_app(None, host="127.0.0.1", port=taken.getsockname()[1])
    taken.close()
