"""What a citizen does on the portal's pages with a browser: ask for a code, type it, look, leave.

It finds fields by their names, as password managers do, and reads no hidden state.
"""

import re
from typing import Final

from controller.city.browser import Browser, PageView
from controller.city.phones import Messages
from controller.city.story import StepFailedError

CODE: Final = re.compile(r"(?<!\d)\d{6}(?!\d)")


def find_code(text: str) -> str:
    """The code in a text message; raises :class:`StepFailedError` when there is not just one."""
    found = CODE.findall(text)
    if len(found) != 1:
        raise StepFailedError(f"the text message has {len(found)} codes of six digits")
    return str(found[0])


def check_portal(page: PageView, portal_url: str) -> PageView:
    """The page itself, if it is one of the portal's; else :class:`StepFailedError`."""
    if not page.url.startswith(f"{portal_url}/"):
        raise StepFailedError(f"the browser is at {page.url}, not at the portal: {page.text[:200]!r}")
    return page


def check_at(page: PageView, url: str) -> PageView:
    """The page itself, if its address begins like this; else :class:`StepFailedError` with what it says."""
    if not page.url.startswith(url):
        raise StepFailedError(f"the browser is at {page.url}, not at {url}: {page.text[:300]!r}")
    return page


async def log_in_by_sms(
    browser: Browser, messages: Messages, *, start: str, number: str, portal_url: str
) -> PageView:
    """Open any page, be led to the portal, and log in with the code of a text message."""
    check_portal(await browser.open(start), portal_url)
    await browser.fill('input[name="phone"]', number)
    check_at(await browser.click('form:has(input[name="phone"]) button'), f"{portal_url}/sms/code")
    code = find_code((await messages.wait(number)).text)
    await browser.fill('input[name="code"]', code)
    done = await browser.click('form:has(input[name="code"]) button')
    return check_at(done, f"{portal_url}/welcome")


async def log_in_by_voucher(browser: Browser, *, start: str, code: str, portal_url: str) -> PageView:
    """Open any page, be led to the portal, choose the voucher and redeem it."""
    check_portal(await browser.open(start), portal_url)
    check_at(await browser.click('a[href*="/voucher"]'), f"{portal_url}/voucher")
    await browser.fill('input[name="voucher"]', code)
    done = await browser.click('form:has(input[name="voucher"]) button')
    return check_at(done, f"{portal_url}/welcome")


async def log_out(browser: Browser, *, portal_url: str) -> PageView:
    """Open the status page and leave."""
    check_at(await browser.open(f"{portal_url}/status"), f"{portal_url}/status")
    left = await browser.click('form[action*="/logout"] button')
    return check_at(left, f"{portal_url}/bye")
