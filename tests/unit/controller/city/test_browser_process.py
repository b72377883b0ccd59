import base64
import datetime as dt
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.async_api import Error as PlaywrightError

from controller.city.browser_process import ACTIONS, obey, pin_of


class FakePage:
    """A page that goes where it is told, and does not find what it shall fill."""

    def __init__(self):
        self.url = "about:blank"

    async def goto(self, url, **_options):
        self.url = url

    async def fill(self, selector, _value, **_options):
        raise PlaywrightError(f"no {selector}\nCall log: …")

    async def content(self):
        return "<body>hello</body>"

    async def inner_text(self, _selector):
        return "hello"

    async def title(self):
        return "Hello"


async def test_every_answer_carries_the_page():
    answer = await obey(FakePage(), {"do": "open", "url": "http://a.test/"})
    assert answer == {
        "url": "http://a.test/",
        "title": "Hello",
        "text": "hello",
        "html": "<body>hello</body>",
    }
    assert set(ACTIONS) == {"open", "fill", "click", "look"}


async def test_what_cannot_be_done_is_told_in_one_line():
    answer = await obey(FakePage(), {"do": "fill", "selector": "input", "value": "x"})
    assert answer == {"error": "no input", "url": "about:blank"}


def test_the_pin_is_of_the_public_key_and_not_of_the_certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    name = x509.Name([])

    def certificate(days):
        return (
            x509.CertificateBuilder(name, name, key.public_key(), days, now, now + dt.timedelta(days=days))
            .sign(key, hashes.SHA256())
            .public_bytes(Encoding.DER)
        )

    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    expected = base64.b64encode(hashlib.sha256(spki).digest()).decode()
    assert pin_of(certificate(1)) == pin_of(certificate(2)) == expected
