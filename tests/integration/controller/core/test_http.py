import asyncio
import logging

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from controller.core.clock import SystemClock
from controller.core.errors import ConflictError
from controller.core.http import MAX_BODY_BYTES, admin_app, serve_app
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


async def echo_length(request):
    return PlainTextResponse(str(len(await request.body())))


async def fail(_request):
    raise ValueError("+79991234567")


@pytest.fixture
def small_app():
    return Starlette(
        routes=[
            Route("/length", echo_length, methods=["POST"]),
            Route("/fail", fail),
            Route("/", echo_length),
        ]
    )


async def test_a_body_without_end_is_refused(small_app):
    async def flood():
        for _ in range(MAX_BODY_BYTES // 1_000_000 + 2):
            yield bytes(1_000_000)

    task, port = await start(small_app)
    try:
        async with httpx.AsyncClient(trust_env=False) as web:
            assert (await web.post(f"http://127.0.0.1:{port}/length", content=flood())).status_code == 413
    finally:
        await stop(task)


async def test_what_a_citizen_typed_is_not_logged_with_a_failure(small_app, caplog):
    caplog.set_level(logging.DEBUG)
    task, port = await start(small_app)
    try:
        async with httpx.AsyncClient(trust_env=False) as web:
            assert (await web.get(f"http://127.0.0.1:{port}/fail")).status_code == 500
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"+79991234567\r\n\r\n")
        await writer.drain()
        assert await asyncio.wait_for(reader.read(), 10)
        writer.close()
        await writer.wait_closed()
    finally:
        await stop(task)
    assert "79991234567" not in caplog.text
