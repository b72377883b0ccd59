"""A real browser without JavaScript: login by SMS and by voucher, in both languages; page weight.

`KOLCO_SCREENSHOTS` names a directory to keep pictures of every page in.
"""

import os
from collections import Counter
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from tests.factories.portal import PHONE

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
PHONE_SIZE = {"width": 390, "height": 844}
HEAVIEST_BYTES = 14 * 1024


@pytest.fixture
async def chromium():
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        await browser.close()


class Tab:
    """A page, the bytes it took and everything it asked for."""

    def __init__(self, page, cdp, name: str) -> None:
        self.page = page
        self.name = name
        self.requests: list[str] = []
        self.weights: Counter[str] = Counter()
        """Bytes on the wire of each navigation, by Chromium's loader: its events may come late."""
        self._loaders: dict[str, str] = {}
        cdp.on("Network.requestWillBeSent", self._sent)
        cdp.on("Network.loadingFinished", self._finished)
        page.on("request", lambda request: self.requests.append(request.url))
        self.errors: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text))

    def _sent(self, event: dict) -> None:
        self._loaders[event["requestId"]] = f"{event['documentURL'].split('?')[0]} {event['loaderId']}"

    def _finished(self, event: dict) -> None:
        self.weights[self._loaders[event["requestId"]]] += int(event["encodedDataLength"])

    async def look(self, name: str) -> None:
        """Keep a picture of the page that is shown, if asked to."""
        if directory := os.environ.get("KOLCO_SCREENSHOTS"):
            path = Path(directory) / f"{self.name}-{name}.png"
            await self.page.screenshot(path=str(path), full_page=True)


async def open_tab(chromium, portal, language: str, **options) -> Tab:
    context = await chromium.new_context(
        java_script_enabled=False,
        ignore_https_errors=True,
        locale=language,
        **({"viewport": PHONE_SIZE} | options),
    )
    page = await context.new_page()
    cdp = await context.new_cdp_session(page)
    await cdp.send("Network.enable")
    scheme = options.get("color_scheme", "light")
    tab = Tab(page, cdp, f"{language}-{scheme}")
    await page.goto(portal.url)
    return tab


def assert_light(tab: Tab, *, pages: int) -> None:
    """Each page came and weighs less than the first flight of a TCP connection."""
    assert len(tab.weights) >= pages
    assert {page: weight for page, weight in tab.weights.items() if weight >= HEAVIEST_BYTES} == {}
    assert min(tab.weights.values()) > 1000


TEXTS = {
    "ru-RU": {
        "phone": "Номер мобильного телефона",
        "get": "Получить код",
        "code": "Код, 6 цифр",
        "enter": "Войти",
        "online": "Вы в интернете",
        "mine": "Моё подключение",
        "active": "Подключение активно",
        "leave": "Завершить подключение",
        "left": "Вы вышли из сети",
        "by_voucher": "Войти по ваучеру",
        "voucher": "Код ваучера",
    },
    "en-GB": {
        "phone": "Mobile phone number",
        "get": "Get a code",
        "code": "Code, 6 digits",
        "enter": "Sign in",
        "online": "You are online",
        "mine": "My connection",
        "active": "You are connected",
        "leave": "Disconnect",
        "left": "You are signed out",
        "by_voucher": "Use a voucher",
        "voucher": "Voucher code",
    },
}


@pytest.mark.parametrize(("language", "scheme"), [("ru-RU", "light"), ("en-GB", "dark")])
async def test_login_by_sms_without_javascript(portal, chromium, language, scheme) -> None:
    t = TEXTS[language]
    tab = await open_tab(chromium, portal, language, color_scheme=scheme)
    page = tab.page
    await tab.look("1-login")
    await page.get_by_label(t["phone"]).fill("123")
    await page.get_by_role("button", name=t["get"]).click()
    await page.get_by_role("alert").wait_for()
    await tab.look("2-wrong-number")
    await page.get_by_label(t["phone"]).fill(PHONE)
    await page.get_by_role("button", name=t["get"]).click()
    await page.get_by_label(t["code"]).wait_for()
    await tab.look("3-code")
    await page.get_by_label(t["code"]).fill("000000")
    await page.get_by_role("button", name=t["enter"]).click()
    await page.get_by_role("alert").wait_for()
    await tab.look("4-wrong-code")
    await page.get_by_label(t["code"]).fill(portal.last_code())
    await page.get_by_role("button", name=t["enter"]).click()
    await page.get_by_role("heading", name=t["online"]).wait_for()
    assert "/welcome" in page.url
    await tab.look("5-welcome")
    await page.get_by_role("link", name=t["mine"]).click()
    await page.get_by_role("heading", name=t["active"]).wait_for()
    portal.clock.advance(1801)
    await page.reload()
    await tab.look("6-status")
    await page.get_by_role("button", name=t["leave"]).click()
    await page.get_by_role("heading", name=t["left"]).wait_for()
    await tab.look("7-bye")
    await page.goto(f"{portal.url}/about")
    await tab.look("8-about")
    await page.goto(f"{portal.url}/none")
    await tab.look("9-not-found")
    assert_light(tab, pages=9)
    assert all(url.startswith((portal.url, "data:")) for url in tab.requests)
    assert [text for text in tab.errors if "Content Security Policy" in text] == []


@pytest.mark.parametrize("language", ["ru-RU", "en-GB"])
async def test_login_by_voucher_without_javascript(portal, chromium, language) -> None:
    t = TEXTS[language]
    tab = await open_tab(chromium, portal, language)
    page = tab.page
    await page.get_by_role("link", name=t["by_voucher"]).click()
    await page.get_by_label(t["voucher"]).wait_for()
    await tab.look("voucher")
    await page.get_by_label(t["voucher"]).fill(await portal.voucher())
    await page.keyboard.press("Enter")
    await page.get_by_role("heading", name=t["online"]).wait_for()
    assert_light(tab, pages=3)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_it_fits_a_narrow_screen_and_zoom(portal, chromium) -> None:
    """WCAG 1.4.10: no sideways scrolling at 320 CSS pixels, which is 1280 at 400 %."""
    context = await chromium.new_context(ignore_https_errors=True, viewport={"width": 320, "height": 256})
    page = await context.new_page()
    for path in ("/", "/voucher", "/about", "/bye", "/none"):
        await page.goto(portal.url + path)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320, path
        if directory := os.environ.get("KOLCO_SCREENSHOTS"):
            await page.screenshot(path=f"{directory}/narrow{path.replace('/', '-')}.png", full_page=True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_targets_are_large_and_focus_is_seen(portal, chromium) -> None:
    """WCAG 2.5.8 asks for 24 px; links and buttons here have 44."""
    context = await chromium.new_context(ignore_https_errors=True, viewport=PHONE_SIZE)
    page = await context.new_page()
    for path in ("/", "/voucher", "/about"):
        await page.goto(portal.url + path)
        for target in await page.locator("a:not(.skip), button, input:not([type=hidden])").all():
            box = await target.bounding_box()
            inline = await target.evaluate("node => node.closest('p') !== null")
            assert inline or box["height"] >= 44, (path, await target.inner_text(), box)
        await page.keyboard.press("Tab")
        outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
