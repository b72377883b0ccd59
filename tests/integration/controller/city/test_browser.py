"""A browser that cannot run says so. That it browses is shown with the phones."""

import sys

import pytest

from controller.city.browser import Browser
from controller.city.process import Child
from controller.core.errors import UnavailableError

ANSWERS = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked["do"] == "fill":
        print(json.dumps({"error": "no such field", "url": "http://a.test/"}), flush=True)
    elif asked["do"] == "open":
        print(json.dumps({"url": asked["url"], "title": "t", "text": "x", "html": "<x>"}), flush=True)
    else:
        sys.stderr.write("out of memory\\n")
        sys.exit(1)
"""


@pytest.fixture
async def browser(tmp_path):
    child = await Child.start("browser", [sys.executable, "-c", ANSWERS], log=tmp_path / "log", piped=True)
    made = Browser(child)
    yield made
    await made.close()
    assert not child.running


async def test_each_command_has_one_answer(browser):
    page = await browser.open("http://a.test/")
    assert (page.url, page.title, page.text, page.html) == ("http://a.test/", "t", "x", "<x>")
    with pytest.raises(UnavailableError, match="could not fill: no such field"):
        await browser.fill("input", "x")


async def test_a_browser_that_dies_leaves_its_last_words(browser):
    with pytest.raises(UnavailableError, match="browser ended"):
        await browser.click("button")
    with pytest.raises(UnavailableError):
        await browser.look()
