import pytest

from controller.city import portal_pages
from controller.city.browser import PageView
from controller.city.phones import TextMessage
from controller.city.story import StepFailedError

PORTAL = "https://portal.test"


class FakeBrowser:
    """Answers each opening and click with the next page, and keeps what was done."""

    def __init__(self, *urls):
        self.urls = list(urls)
        self.done = []

    async def open(self, url):
        return self._next("open", url)

    async def click(self, selector):
        return self._next("click", selector)

    async def fill(self, selector, value):
        self.done.append(("fill", selector, value))

    def _next(self, what, target):
        self.done.append((what, target))
        url = self.urls.pop(0)
        return PageView(url, f"page {url}", "text", "")


class FakeMessages:
    async def wait(self, to):
        return TextMessage(to, "Код Wi-Fi: 123456. Никому его не говорите.", None)


async def test_a_citizen_logs_in_with_the_code_of_the_message():
    browser = FakeBrowser(f"{PORTAL}/?h=1", f"{PORTAL}/sms/code?h=1", f"{PORTAL}/welcome?h=1")
    page = await portal_pages.log_in_by_sms(
        browser, FakeMessages(), start="http://news/", number="+79161234567", portal_url=PORTAL
    )
    assert page.url == f"{PORTAL}/welcome?h=1"
    assert browser.done[0] == ("open", "http://news/")
    assert [step for step in browser.done if step[0] == "fill"] == [
        ("fill", 'input[name="phone"]', "+79161234567"),
        ("fill", 'input[name="code"]', "123456"),
    ]


async def test_a_citizen_logs_in_with_a_voucher_and_leaves():
    browser = FakeBrowser(f"{PORTAL}/?h=1", f"{PORTAL}/voucher?h=1", f"{PORTAL}/welcome?h=1")
    page = await portal_pages.log_in_by_voucher(browser, start="http://news/", code="ABCD", portal_url=PORTAL)
    assert page.url.startswith(f"{PORTAL}/welcome")
    left = await portal_pages.log_out(FakeBrowser(f"{PORTAL}/status", f"{PORTAL}/bye"), portal_url=PORTAL)
    assert left.url == f"{PORTAL}/bye"


async def test_a_phone_that_is_not_led_to_the_portal_is_a_failure():
    with pytest.raises(StepFailedError, match="not at the portal"):
        await portal_pages.log_in_by_sms(
            FakeBrowser("http://news/"), FakeMessages(), start="http://news/", number="+7", portal_url=PORTAL
        )


async def test_a_refused_code_is_a_failure_that_says_where_the_browser_is():
    browser = FakeBrowser(f"{PORTAL}/", f"{PORTAL}/sms/code", f"{PORTAL}/sms/code")
    with pytest.raises(StepFailedError, match=r"not at .*/welcome"):
        await portal_pages.log_in_by_sms(
            browser, FakeMessages(), start="http://news/", number="+7", portal_url=PORTAL
        )


@pytest.mark.parametrize("text", ["no code", "1234567", "123456 or 654321"])
def test_a_message_without_one_code_is_a_failure(text):
    with pytest.raises(StepFailedError, match="codes"):
        portal_pages.find_code(text)
