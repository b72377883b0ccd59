"""Pages as text: templates, translations, the style sheet and the headers that go with them.

No JavaScript, nothing from elsewhere: the policy says so to the browser, with the hash of the one
inline style sheet. Does no IO after construction.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Final
from urllib.parse import urlencode

import jinja2
from markupsafe import Markup

from captive_portal.portal.translations import Translate, translator

_MAX_WARN_S: Final = 60


class Renderer:
    """Renders the portal's templates.

    Args:
        shared: values every template may use, beside the request's own.
    """

    def __init__(self, shared: Mapping[str, object]) -> None:
        self._environment = jinja2.Environment(
            loader=jinja2.PackageLoader("captive_portal.portal"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._shared = dict(shared)
        style = _minified(
            files("captive_portal.portal").joinpath("static", "style.css").read_text(encoding="utf-8")
        )
        self._style = Markup(style)  # noqa: S704 - our own file
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
        self.headers: Mapping[str, str] = {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; "
                "base-uri 'none'; frame-ancestors 'none'"
            ),
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            # With no-referrer browsers send `Origin: null` with our own forms (Fetch §3.1), and the
            # Origin check would be lost. Other sites still learn nothing.
            "Referrer-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
        }

    def render(self, template: str, *, language: str, handle: str, chosen: str, **values: object) -> str:
        """Return a page.

        Args:
            template: name without the ending.
            language: of the page.
            handle: carried on in every link and form; may be empty.
            chosen: the language, if the citizen chose it by link, else empty; carried on too.
            values: what the template needs; `page` and `fault` are set to nothing if missing.
        """
        t = translator(language)

        def carried(path: str, **parameters: str) -> str:
            return link(path, {"h": handle, "lang": chosen} | parameters)

        context: dict[str, object] = {"fault": None, "t": t, "link": carried, "language": language}
        context |= self._shared
        context |= {"style": self._style, "duration": lambda seconds: duration(t, seconds)}
        context |= {"volume": lambda octets: volume(t, octets)}
        context |= values
        text = self._environment.get_template(f"{template}.html").render(context)
        return "\n".join(line for raw in text.splitlines() if (line := raw.strip()))


def link(path: str, query: Mapping[str, str]) -> str:
    """Return a path with those query parameters that are not empty."""
    encoded = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{encoded}" if encoded else path


def duration(t: Translate, seconds: int) -> str:
    """Return a duration to read, in hours and minutes, rounded down."""
    if seconds < _MAX_WARN_S:
        return t("under-a-minute")
    return t("duration", hours=seconds // 3600, minutes=seconds % 3600 // 60)


def volume(t: Translate, octets: int) -> str:
    """Return a volume to read, in megabytes or gigabytes (powers of ten)."""
    megabytes = octets / 1_000_000
    if megabytes >= 1000:  # noqa: PLR2004 - MB in a GB
        return t("gigabytes", amount=round(megabytes / 1000, 1))
    return t("megabytes", amount=round(megabytes))


def _minified(style: str) -> str:
    text = re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    return re.sub(r"\s*([{};,>])\s*", r"\1", text).replace(": ", ":").strip()
