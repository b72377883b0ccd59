"""Pages as text: every template in both languages, small, without script, safe against markup."""

import base64
import hashlib
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captive_portal.portal.rendering import Renderer, duration, link, volume
from captive_portal.portal.translations import translator
from captive_portal.portal.types import Challenge, Fault
from controller.core.mac import parse_mac

RENDERER = Renderer(
    {
        "cities": {"ru": "Москва", "en": "Moscow"},
        "methods": ("sms", "voucher"),
        "support_phone": "+7 495 000-00-00",
    }
)
HANDLE = "A" * 70
CSRF = "B" * 44
NOW = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
FAULT = Fault("cooldown", "fault-cooldown", (("seconds", 59),))
CHALLENGE = Challenge("c", parse_mac("02:00:00:00:00:01"), NOW, NOW, 0, is_sent=True, is_used=False)
VALUES: dict[str, dict[str, object]] = {
    "login": {"typed": "", "challenge": CHALLENGE},
    "code": {"minutes": 5, "cooldown_s": 59},
    "voucher": {"typed": ""},
    "welcome": {"remember_s": 86400},
    "status": {
        "extended": True,
        "seconds_left": 3599,
        "percent_left": 4,
        "octets_used": 1_234_567_890,
        "octets_left": None,
        "can_extend": True,
    },
    "bye": {},
    "about": {},
    "error": {"head": "error-head", "message": "error-internal", "support_code": "2F5-HJM"},
}


def rendered(template: str, language: str = "ru", **values: object) -> str:
    shown = {"path": "/", "csrf": CSRF} | VALUES[template] | values
    return RENDERER.render(template, language=language, handle=HANDLE, chosen=language, **shown)


class Checker(HTMLParser):
    """Collects what the rules are about."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "input", "br", "circle", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("circle", "path"):
            assert self.open.pop() == tag

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("template", VALUES)
def test_every_page_keeps_the_rules(template: str, language: str) -> None:
    page = rendered(template, language, fault=FAULT if template in ("login", "code", "voucher") else None)
    assert len(page.encode()) < 13_000  # headers and the rest of 14 kB are tried over real HTTPS
    checker = Checker(page)
    tags = {tag for tag, _ in checker.tags}
    assert not tags & {"script", "img", "iframe", "object", "video"}
    assert not [name for _, attributes in checker.tags for name in attributes if name.startswith("on")]
    assert not [name for _, attributes in checker.tags for name in attributes if name == "style"]
    assert checker.attributes("html") == [{"lang": language}]
    assert len(checker.attributes("h1")) == 1
    assert len(checker.attributes("title")) == 1
    for attributes in checker.attributes("a") + checker.attributes("link"):
        assert re.match(r"(/|#|tel:|data:)", attributes["href"] or ""), attributes
    for form in checker.attributes("form"):
        assert form["method"] == "post"
        assert (form["action"] or "").startswith("/")
    hidden = [field for field in checker.attributes("input") if field.get("type") == "hidden"]
    assert [field["value"] for field in hidden] == [CSRF] * len(checker.attributes("form"))
    labels = {attributes["for"] for attributes in checker.attributes("label")}
    shown = [field for field in checker.attributes("input") if field.get("type") != "hidden"]
    assert {field["id"] for field in shown} == labels
    assert len(shown) <= 1
    identifiers = {attributes["id"] for _, attributes in checker.tags if "id" in attributes}
    for _, attributes in checker.tags:
        assert set((attributes.get("aria-describedby") or "").split()) <= identifiers


def test_the_code_field_is_made_for_codes() -> None:
    field = Checker(rendered("code")).attributes("input")[1]
    assert field["autocomplete"] == "one-time-code"
    assert field["inputmode"] == "numeric"
    assert "readonly" not in field
    phone = Checker(rendered("login")).attributes("input")[1]
    assert (phone["type"], phone["autocomplete"]) == ("tel", "tel")


def test_a_fault_is_announced_and_tied_to_its_field() -> None:
    page = rendered("login", "en", fault=FAULT)
    assert '<p class="fault" id="fault" role="alert">' in page
    field = Checker(page).attributes("input")[1]
    assert field["aria-invalid"] == "true"
    assert field["aria-describedby"] == "fault phone-hint"
    assert "<title>Error: " in page


def test_the_policy_names_the_style_sheet_by_hash_and_allows_no_script() -> None:
    style = re.search(r"<style>(.*)</style>", rendered("bye"), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = RENDERER.headers["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy
    assert "unsafe" not in policy
    assert "Access-Control-Allow-Origin" not in RENDERER.headers


@given(st.text(max_size=60))
def test_typed_text_is_never_markup(typed: str) -> None:
    page = rendered("voucher", typed=f'"><script>{typed}')
    assert "<script" not in page
    assert "&#34;&gt;&lt;script&gt;" in page


def test_links_carry_what_is_set() -> None:
    assert link("/a", {"h": "", "lang": ""}) == "/a"
    assert link("/a", {"h": "x&y", "lang": "en"}) == "/a?h=x%26y&lang=en"


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_durations_and_volumes_to_read() -> None:
    ru, en = translator("ru"), translator("en")
    assert duration(ru, 59) == "меньше минуты"
    assert plain(duration(ru, 3599)) == "59 мин"
    assert plain(duration(ru, 86_400)) == "24 ч"
    assert plain(duration(en, 86_399)) == "23 h 59 min"
    assert plain(volume(en, 0)) == "0 MB"
    assert plain(volume(ru, 1_234_567_890)) == "1,2 ГБ"


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_meets_wcag_aa_in_both_schemes() -> None:
    style = re.search(r"<style>(.*)</style>", rendered("bye"), re.DOTALL)
    assert style is not None
    schemes = [
        dict(re.findall(r"--([a-z-]+):(#[0-9a-f]+)", block))
        for block in re.findall(r":root\{([^}]*)\}", style[1])
    ]
    assert len(schemes) == 2
    for colours in schemes:
        for front, back in (
            ("text", "card"), ("text", "page"), ("muted", "card"), ("muted", "page"), ("accent", "card"),
            ("on-accent", "accent"), ("bad", "bad-soft"), ("text", "soft"), ("accent", "soft"),
            ("good", "card"),
        ):  # fmt: skip
            assert _contrast(colours[front], colours[back]) >= 4.5, (front, back)
        assert _contrast(colours["line"], colours["card"]) >= 3  # edges of fields, WCAG 1.4.11


def test_white_stays_readable_on_the_header_where_a_ring_crosses_it() -> None:
    style = re.search(r"<style>(.*)</style>", rendered("bye"), re.DOTALL)
    assert style is not None
    top = re.search(r"\.top\{(.*?)\}", style[1])
    assert top is not None
    ring = re.search(r"#ffffff([0-9a-f]{2}) ", top[1])
    grounds = re.findall(r"#([0-9a-f]{6})(?= |,|\))", top[1])
    assert ring is not None
    assert len(grounds) == 3
    share = int(ring[1], 16) / 255
    for ground in grounds:
        parts = (int(ground[i : i + 2], 16) for i in (0, 2, 4))
        mixed = "".join(f"{round(part + (255 - part) * share):02x}" for part in parts)
        assert _contrast("#ffffff", mixed) >= 4.5, ground
