"""The pages over real HTTPS, as a phone's browser without JavaScript sees them."""

import re
from dataclasses import replace
from html import unescape
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from captive_portal.handles import Handle, HandleCodec
from controller.models import Lease, NetSession, SmsChallenge
from tests.factories.portal import GATEWAY, MAC, OTHER_MAC, PHONE, PLAN, lease

TYPED_PHONE = "8 (916) 123-45-67"


def form(page: str, action: str) -> dict[str, str]:
    """The form's address and hidden fields."""
    found = re.search(rf'<form method="post" action="({action}[^"]*)">(.*?)</form>', page, re.DOTALL)
    assert found is not None, page
    token = re.search(r'name="csrf" value="([^"]*)"', found[2])
    return {"action": unescape(found[1]), "csrf": token[1]}


async def post(http, page: str, action: str, **fields: str):
    made = form(page, action)
    headers = {"origin": str(http.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
    return await http.post(made["action"], data={"csrf": made["csrf"]} | fields, headers=headers)


async def log_in(portal, http) -> None:
    page = await http.get("/")
    code_page = await post(http, page.text, "/sms", phone=TYPED_PHONE)
    welcome = await post(http, code_page.text, "/sms/code", code=portal.last_code())
    assert urlsplit(str(welcome.url)).path == "/welcome", welcome.text


def plain(answer) -> str:
    return answer.text.replace("\N{NO-BREAK SPACE}", " ")


def handle_for(portal, ip: str, mac: str = MAC) -> str:
    """The handle that the gateway's redirector gave to a device."""
    codec = HandleCodec(portal.runtime.secrets.get("portal-handles"))
    return codec.encode(Handle(GATEWAY, mac, ip, portal.clock.now()))


async def sessions(portal) -> list[NetSession]:
    async with portal.runtime.db.reading() as tx:
        return list(await tx.scalars(sa.select(NetSession)))


async def test_login_by_sms_from_the_front_page_to_logout(portal) -> None:
    async with portal.browser(follow_redirects=True) as http:
        front = await http.get("/")
        assert front.status_code == 200
        assert "Бесплатный Wi-Fi" in front.text
        code_page = await post(http, front.text, "/sms", phone=TYPED_PHONE)
        assert urlsplit(str(code_page.url)).path == "/sms/code"
        assert "123-45-67" not in code_page.text
        assert "4567" not in code_page.text
        welcome = await post(http, code_page.text, "/sms/code", code=portal.last_code())
        assert "Вы в интернете" in welcome.text
        [session] = await sessions(portal)
        assert (session.mac, session.ip, session.gateway_id, session.method) == (
            MAC,
            "127.0.0.1",
            GATEWAY,
            "sms",
        )
        status = await http.get("/")
        assert urlsplit(str(status.url)).path == "/status"
        assert "1 ч" in plain(status)
        bye = await post(http, status.text, "/logout")
        assert "Вы вышли из сети" in bye.text
        assert (await sessions(portal))[0].end_reason == "user-request"
        assert urlsplit(str((await http.get("/")).url)).path == "/"


async def test_login_by_voucher_in_english(portal) -> None:
    code = await portal.voucher()
    async with portal.browser(follow_redirects=True, headers={"accept-language": "en-GB"}) as http:
        page = await http.get("/voucher")
        assert '<html lang="en">' in page.text
        wrong = await post(http, page.text, "/voucher", voucher="ABCD")
        assert wrong.status_code == 422
        assert "wrong or no longer good" in wrong.text
        assert 'value="ABCD"' in wrong.text  # nothing to type again, WCAG 3.3.7
        welcome = await post(http, wrong.text, "/voucher", voucher=code.lower())
        assert "You are online" in welcome.text
    assert (await sessions(portal))[0].method == "voucher"


async def test_without_cookies_it_works_too(portal) -> None:
    """Mini-browsers may drop cookies; the state is in the handle."""
    async with portal.browser(follow_redirects=True) as http:
        page = await http.get("/")
        http.cookies.clear()
        page = await post(http, page.text, "/sms", phone=TYPED_PHONE)
        http.cookies.clear()
        page = await post(http, page.text, "/sms/code", code=portal.last_code())
        assert "Вы в интернете" in page.text


async def test_a_new_browser_finds_the_code_waiting(portal) -> None:
    async with portal.browser(follow_redirects=True) as http:
        await post(http, (await http.get("/")).text, "/sms", phone=TYPED_PHONE)
    async with portal.browser(follow_redirects=True) as http:
        page = await http.get("/")
        assert urlsplit(str(page.url)).path == "/sms/code"
        other = await http.get("/", params={"change": "1"})
        assert "Код уже отправлен" in other.text
        again = await post(http, other.text, "/sms", phone=TYPED_PHONE)
        assert again.status_code == 429
        assert "60 с" in plain(again)
        welcome = await post(http, again.text, "/sms/code", code=portal.last_code())
        assert "Вы в интернете" in welcome.text


async def test_language_is_switched_by_link_and_stays(portal) -> None:
    async with portal.browser(follow_redirects=True) as http:
        front = await http.get("/")
        link = re.search(r'<a href="([^"]*)" lang="en"', front.text)[1]
        english = await http.get(unescape(link))
        assert "Free Wi-Fi" in english.text
        assert english.headers["content-language"] == "en"
        code_page = await post(http, english.text, "/sms", phone=TYPED_PHONE)
        assert "Enter the code" in code_page.text


async def test_wrong_codes_are_counted_down(portal) -> None:
    async with portal.browser(follow_redirects=True) as http:
        page = await post(http, (await http.get("/")).text, "/sms", phone=TYPED_PHONE)
        page = await post(http, page.text, "/sms/code", code="000000")
        assert page.status_code == 422
        assert "Осталось 4 попытки" in page.text
        for _ in range(4):
            page = await post(http, page.text, "/sms/code", code="000000")
        assert "больше не действует" in page.text
        assert form(page.text, "/sms")


async def test_time_left_on_the_page_and_extension(portal) -> None:
    async with portal.browser(follow_redirects=True) as http:
        await log_in(portal, http)
        portal.clock.advance(1801)
        page = await http.get("/status")
        assert "29 мин" in plain(page)
        page = await post(http, page.text, "/extend")
        assert "подключение продлено" in page.text
        assert "1 ч" in plain(page)
        assert 'action="/extend' not in page.text


# --- attacks ----------------------------------------------------------------------------------------


async def test_another_address_with_the_handle_of_a_victim_sees_nothing(portal) -> None:
    """MT_FREE, 2018: whoever presented a MAC saw its owner."""
    async with portal.browser(follow_redirects=True) as http:
        await log_in(portal, http)
    async with portal.runtime.db.transaction() as tx:  # the victim's address moves; ours is unknown
        await tx.execute(sa.update(Lease).values(ip="127.0.0.99"))
    handle = handle_for(portal, "127.0.0.99")
    async with portal.browser() as http:
        for path in ("/", "/status", "/sms/code", "/welcome", "/voucher"):
            answer = await http.get(path, params={"h": handle, "mac": MAC})
            assert answer.status_code == 403
            for secret in (MAC, PHONE, "916", "Осталось", GATEWAY):
                assert secret not in answer.text


async def test_the_handle_alone_is_enough_before_the_lease_is_known(portal) -> None:
    async with portal.runtime.db.transaction() as tx:
        await tx.execute(sa.delete(Lease))
    async with portal.browser() as http:
        assert (await http.get("/", params={"h": handle_for(portal, "127.0.0.1")})).status_code == 200
        assert (await http.get("/", params={"h": handle_for(portal, "127.0.0.9")})).status_code == 403


async def test_a_mac_alone_opens_nothing(portal) -> None:
    async with portal.browser(follow_redirects=True) as http:
        await log_in(portal, http)
    await lease(portal.runtime.db, ip="127.0.0.1", mac=OTHER_MAC, now=portal.clock.now())
    async with portal.browser() as http:
        answer = await http.get("/", params={"mac": MAC, "clientmac": MAC})
        assert answer.status_code == 200  # the sender's own login page
        assert MAC not in answer.text
        assert (await http.get("/status")).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"referer": "https://evil.example/"},
        {"origin": "http://localhost"},
    ],
)
async def test_forms_of_other_sites_are_refused(portal, headers) -> None:
    async with portal.browser() as http:
        made = form((await http.get("/")).text, "/sms")
        answer = await http.post(made["action"], data={"csrf": made["csrf"], "phone": PHONE}, headers=headers)
        assert answer.status_code == 403
        assert not portal.spool.exists()


async def test_forms_without_their_token_are_refused(portal) -> None:
    async with portal.browser() as http:
        made = form((await http.get("/")).text, "/sms")
        for token in ("", "x", made["csrf"][:-2] + "AA", made["csrf"] * 3):
            answer = await http.post(made["action"], data={"csrf": token, "phone": PHONE})
            assert answer.status_code == 403
            assert "устарела" in answer.text
        portal.clock.advance(7201)
        stale = await http.post(made["action"], data={"csrf": made["csrf"], "phone": PHONE})
        assert stale.status_code == 403


async def test_a_token_from_another_browser_is_refused_where_cookies_work(portal) -> None:
    async with portal.browser() as one, portal.browser() as two:
        made = form((await one.get("/")).text, "/sms")
        await two.get("/")
        answer = await two.post(made["action"], data={"csrf": made["csrf"], "phone": PHONE})
        assert answer.status_code == 403


async def test_replayed_posts_change_nothing(portal) -> None:
    async with portal.browser(follow_redirects=True) as http:
        page = await post(http, (await http.get("/")).text, "/sms", phone=TYPED_PHONE)
        code = portal.last_code()
        for _ in range(3):
            await post(http, page.text, "/sms/code", code=code)
        assert len(await sessions(portal)) == 1
        status = await http.get("/status")
        await post(http, status.text, "/logout")
        replayed = await post(http, page.text, "/sms/code", code=code)
        assert "больше не действует" in replayed.text
        assert len(await sessions(portal)) == 1


async def test_forms_that_are_none(portal) -> None:
    async with portal.browser() as http:
        made = form((await http.get("/")).text, "/sms")
        huge = await http.post(made["action"], data={"csrf": made["csrf"], "phone": "9" * 5000})
        as_json = await http.post(made["action"], json={"csrf": made["csrf"], "phone": PHONE})
        many = await http.post(made["action"], data={str(number): "x" for number in range(30)})
        raw = await http.post(
            made["action"], content=b"\xff\xfe", headers={"content-type": "application/x-www-form-urlencoded"}
        )
        assert {answer.status_code for answer in (huge, as_json, many, raw)} == {403}
    async with portal.runtime.db.reading() as tx:
        assert await tx.scalar(sa.select(sa.func.count()).select_from(SmsChallenge)) == 0


async def test_no_open_redirect(portal) -> None:
    async with portal.browser() as http:
        for name in ("redir", "redirurl", "url", "next", "continue", "userurl"):
            answer = await http.get("/status", params={name: "https://evil.example/"})
            assert answer.status_code == 303
            assert urlsplit(answer.headers["location"]).netloc == ""
            assert "evil" not in answer.headers["location"]


async def test_every_answer_has_the_headers(portal) -> None:
    async with portal.browser() as http:
        for path in ("/", "/voucher", "/about", "/bye", "/nothing-here", "/static/style.css", "/.env"):
            answer = await http.get(path, headers={"origin": "https://evil.example"})
            assert answer.headers["content-security-policy"].startswith(
                "default-src 'none'; style-src 'sha256-"
            )
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "same-origin"
            assert "access-control-allow-origin" not in answer.headers
            assert "server" not in answer.headers
        cookie = (await http.get("/")).headers["set-cookie"].lower()
        assert "__host-portal=" in cookie
        assert {"secure", "httponly", "samesite=strict", "path=/"} <= {p.strip() for p in cookie.split(";")}


async def test_outside_the_network_there_is_a_friendly_page_with_a_support_code(portal) -> None:
    async with portal.runtime.db.transaction() as tx:
        await tx.execute(sa.delete(Lease))
    async with portal.browser() as http:
        answer = await http.get("/")
        assert answer.status_code == 403
        assert "Вы не в городской сети" in answer.text
        assert re.search(r'class="support">[2-9A-Z]{3}-[2-9A-Z]{3}<', answer.text)
        assert (await http.post("/sms", data={"phone": PHONE})).status_code == 403


@pytest.mark.parametrize("portal_settings", [{"methods": ("voucher",)}])
async def test_methods_that_are_off_are_not_there(portal) -> None:
    async with portal.browser() as http:
        front = await http.get("/")
        assert urlsplit(front.headers["location"]).path == "/voucher"
        page = await http.get(front.headers["location"])
        assert "SMS" not in page.text
        assert (await http.get("/sms/code")).status_code == 404


# --- what phones' systems ask -----------------------------------------------------------------------

CAPPORT = {"accept": "application/captive+json"}


async def test_capport_captive_then_open_then_captive(portal) -> None:
    async with portal.browser(follow_redirects=True) as http:
        answer = await http.get(f"/capport/{GATEWAY}", headers=CAPPORT)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/captive+json"
        assert answer.headers["cache-control"] == "private, no-store"
        body = answer.json()
        assert body.keys() == {"captive", "user-portal-url", "venue-info-url"}
        assert body["captive"] is True
        assert body["venue-info-url"] == f"{portal.url}/about"
        assert "Бесплатный Wi-Fi" in (await http.get(body["user-portal-url"])).text
        await log_in(portal, http)
        body = (await http.get(f"/capport/{GATEWAY}", headers=CAPPORT)).json()
        assert body["captive"] is False
        assert body["seconds-remaining"] == 3600
        assert "bytes-remaining" not in body
        assert body["can-extend-session"] is False
        portal.clock.advance(600)
        body = (await http.get(f"/capport/{GATEWAY}", headers=CAPPORT)).json()
        assert body["seconds-remaining"] == 3000
        portal.clock.advance(3000)
        assert (await http.get(f"/capport/{GATEWAY}", headers=CAPPORT)).json()["captive"] is True


async def test_capport_tells_what_is_left_of_a_quota(portal) -> None:
    await portal.save_plan(replace(PLAN, quota_bytes=10_000))
    async with portal.browser(follow_redirects=True) as http:
        await log_in(portal, http)
        async with portal.runtime.db.transaction() as tx:
            await tx.execute(sa.update(NetSession).values(up_bytes=1000, down_bytes=2000))
        body = (await http.get(f"/capport/{GATEWAY}", headers=CAPPORT)).json()
        assert body["bytes-remaining"] == 7000


async def test_capport_for_browsers_strangers_and_unknown_gateways(portal) -> None:
    async with portal.browser() as http:
        page = await http.get(f"/capport/{GATEWAY}", headers={"accept": "text/html,*/*;q=0.8"})
        assert (page.status_code, page.headers["location"]) == (303, portal.url)
        assert page.headers["vary"] == "Accept"
        assert (await http.get("/capport/gw-none", headers=CAPPORT)).status_code == 404
        await lease(portal.runtime.db, ip="127.0.0.99", now=portal.clock.now())
        async with portal.runtime.db.transaction() as tx:
            await tx.execute(sa.delete(Lease).where(Lease.ip == "127.0.0.1"))
        body = (await http.get(f"/capport/{GATEWAY}", headers=CAPPORT)).json()
        assert body["captive"] is True
        assert body["user-portal-url"] == f"{portal.url}/"
