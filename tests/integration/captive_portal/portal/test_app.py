"""The web applications' edge: host names, errors, HSTS, plain HTTP, latency by route."""

from contextlib import asynccontextmanager

import httpx
import pytest
import sqlalchemy as sa

from tests.factories.portal import GATEWAY


async def test_a_name_somebody_else_pointed_here_is_sent_to_our_own(portal) -> None:
    async with portal.browser() as http:
        answer = await http.get("/status", headers={"host": "rebound.example"})
        assert (answer.status_code, answer.headers["location"]) == (303, portal.url)
        refused = await http.post("/sms", headers={"host": "rebound.example"}, data={"phone": "1"})
        assert refused.status_code == 421


async def test_localhost_is_never_put_under_hsts(portal) -> None:
    async with portal.browser() as http:
        port = portal.url.rpartition(":")[2]
        answer = await http.get("/about", headers={"host": f"127.0.0.1:{port}"})
        assert answer.status_code == 200
        assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize("portal_settings", [{"portal_url": "https://wifi.example"}])
async def test_the_public_name_is_under_hsts(portal) -> None:
    async with portal.browser() as http:
        answer = await http.get("/about", headers={"host": "wifi.example"})
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        missing = await http.get("/none", headers={"host": "wifi.example"})
        assert (missing.status_code, len(missing.headers.get_list("strict-transport-security"))) == (404, 1)


async def test_unknown_pages_and_methods(portal) -> None:
    async with portal.browser() as http:
        missing = await http.get("/wp-login.php")
        assert missing.status_code == 404
        assert "Страница не найдена" in missing.text
        wrong = await http.delete("/status")
        assert wrong.status_code == 405


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_failure_inside_shows_a_code_and_nothing_of_itself(portal) -> None:
    async with portal.runtime.db.transaction() as tx:
        await tx.execute(sa.text("DROP TABLE sms_challenges"))
    async with portal.browser() as http:
        answer = await http.get("/")
        assert answer.status_code == 500
        assert "Это наша ошибка" in answer.text
        assert "sms_challenges" not in answer.text


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_without_its_database_the_portal_still_shows_a_page(portal, monkeypatch) -> None:
    @asynccontextmanager
    async def away():
        raise ConnectionRefusedError(111, "Connect call failed")
        yield

    monkeypatch.setattr(portal.runtime.db, "reading", away)
    async with portal.browser(headers={"accept-language": "en"}) as http:
        answer = await http.get("/")
        assert answer.status_code == 503
        assert "Please try again in a minute" in answer.text


async def test_plain_http_only_points_to_https(portal) -> None:
    async with httpx.AsyncClient(base_url=portal.http_url, trust_env=False) as http:
        answer = await http.get("/capport/x?h=1")
        assert (answer.status_code, answer.headers["location"]) == (308, f"{portal.url}/capport/x?h=1")
        evil = await http.get("//evil.example/%2e%2e", headers={"host": "evil.example"})
        assert evil.headers["location"].startswith(f"{portal.url}/")
        assert (await http.post("/sms", data={"phone": "1"})).status_code == 403


async def test_latency_is_measured_by_route_and_never_by_path(portal) -> None:
    async with portal.browser() as http:
        await http.get("/about")
        await http.get("/secret-path-of-somebody")
        await http.get(f"/capport/{GATEWAY}")
    async with httpx.AsyncClient(base_url=portal.admin_url, trust_env=False) as http:
        text = (await http.get("/metrics")).text
    assert 'kolco_portal_request_seconds_count{route="about",status="2xx"} 1.0' in text
    assert 'kolco_portal_request_seconds_count{route="other",status="4xx"} 1.0' in text
    assert 'route="capport"' in text
    assert "secret-path" not in text
    assert GATEWAY not in text
