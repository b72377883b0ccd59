"""Connectivity probes of operating systems: which one is this request, and what is the right answer.

Pure. A captive client gets a redirect whatever it asked for; an open one is never intercepted, but a
connection kept alive from before may still bring a probe here, and then it must hear that it is
online. Sources: WBA captive-behavior, NetworkMonitor.java, captive_portal_detector.cc, NCSI,
nm-connectivity.c.
"""

from enum import StrEnum
from html import escape

from captive_portal.gateway.http1 import Answer, Request


class System(StrEnum):
    """Whose probe it is. Chromium is the browser's and ChromeOS's own."""

    ANDROID = "android"
    APPLE = "apple"
    WINDOWS = "windows"
    FIREFOX = "firefox"
    NETWORK_MANAGER = "networkmanager"
    CHROMIUM = "chromium"


_APPLE_BODY = b"<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"
_FIREFOX_BODY = b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'

_NO_STORE = ("Cache-Control", "no-store")
_TEXT = ("Content-Type", "text/plain")
_HTML = ("Content-Type", "text/html")
_NM_ONLINE = ("X-NetworkManager-Status", "online")

_APPLE_AGENT = "captivenetworksupport"
_APPLE_SUCCESS_PATH = "/library/test/success.html"
_APPLE_HOSTS = frozenset(
    {
        "captive.apple.com",
        "www.apple.com",
        "www.appleiphonecell.com",
        "www.airport.us",
        "www.ibook.info",
        "www.itools.info",
        "www.thinkdifferent.us",
    }
)
_CHROMIUM_HOSTS = frozenset({"www.gstatic.com", "clients1.google.com", "safebrowsing.google.com"})
_GENERATE_204 = frozenset({"/generate_204", "/gen_204"})

_WINDOWS_BODIES = {"/connecttest.txt": b"Microsoft Connect Test", "/ncsi.txt": b"Microsoft NCSI"}
_WINDOWS_HOSTS = frozenset(
    {"www.msftconnecttest.com", "ipv6.msftconnecttest.com", "www.msftncsi.com", "ipv6.msftncsi.com"}
)
_WINDOWS_REDIRECT = "/redirect"
_WINDOWS_HOME = "http://go.microsoft.com/fwlink/?LinkID=219472"

_FIREFOX_HOST = "detectportal.firefox.com"
_FIREFOX_BODIES = {"/canonical.html": (_HTML, _FIREFOX_BODY), "/success.txt": (_TEXT, b"success\n")}

_NM_ONLINE_BODY = b"NetworkManager is online\n"
_NM_BODIES = {
    ("network-test.debian.org", "/nm"): _NM_ONLINE_BODY,
    ("nmcheck.gnome.org", "/check_network_status.txt"): _NM_ONLINE_BODY,
    ("ping.archlinux.org", "/nm-check.txt"): _NM_ONLINE_BODY,
    ("ping.manjaro.org", "/check_network_status.txt"): _NM_ONLINE_BODY,
    ("conncheck.opensuse.org", "/"): _NM_ONLINE_BODY,
    ("fedoraproject.org", "/static/hotspot.txt"): b"OK",
    ("networkcheck.kde.org", "/"): b"OK\n",
    ("connectivity-check.ubuntu.com", "/"): None,
}
"""None: an empty 204 with the status header."""


def find_probe(request: Request) -> System | None:
    """Whose connectivity probe the request is; None for a person's browsing."""
    host, path = request.host, request.path.partition("?")[0]
    if (
        host == "captive.apple.com"
        or (host in _APPLE_HOSTS and path == _APPLE_SUCCESS_PATH)
        or request.user_agent.lower().startswith(_APPLE_AGENT)
    ):
        return System.APPLE
    if host in _WINDOWS_HOSTS and (path in _WINDOWS_BODIES or path == _WINDOWS_REDIRECT):
        return System.WINDOWS
    if host == _FIREFOX_HOST:
        return System.FIREFOX
    if (host, path) in _NM_BODIES:
        return System.NETWORK_MANAGER
    if path in _GENERATE_204:
        return System.CHROMIUM if host in _CHROMIUM_HOSTS else System.ANDROID
    return None


def answer_open(system: System, request: Request) -> Answer:
    """What the system's own server would say: the client is online."""
    path = request.path.partition("?")[0]
    match system:
        case System.ANDROID | System.CHROMIUM:
            return Answer(204, "No Content", (_NO_STORE,))
        case System.APPLE:
            return Answer(200, "OK", (_HTML, _NO_STORE), _APPLE_BODY)
        case System.WINDOWS:
            return _answer_windows(path)
        case System.FIREFOX:
            kind, body = _FIREFOX_BODIES.get(path, _FIREFOX_BODIES["/canonical.html"])
            return Answer(200, "OK", (kind, _NO_STORE), body)
        case System.NETWORK_MANAGER:
            return _answer_network_manager(_NM_BODIES[request.host, path])


def _answer_windows(path: str) -> Answer:
    if path == _WINDOWS_REDIRECT:
        return Answer(302, "Found", (("Location", _WINDOWS_HOME), _NO_STORE))
    return Answer(200, "OK", (_TEXT, _NO_STORE), _WINDOWS_BODIES[path])


def _answer_network_manager(body: bytes | None) -> Answer:
    if body is None:
        return Answer(204, "No Content", (_NM_ONLINE, _NO_STORE))
    return Answer(200, "OK", (_TEXT, _NM_ONLINE, _NO_STORE), body)


def answer_captive(location: str, method: str) -> Answer:
    """The redirect to the portal: 302 to a read, 303 to anything else so that it becomes a GET.

    Every system takes it for a portal: Android and Chromium any 3xx, Apple, Windows, Firefox and
    NetworkManager anything that is not their own text. The short body is for clients that look at
    the length: Android takes four bytes or fewer for a broken network, not for a portal.
    """
    status, reason = (302, "Found") if method in {"GET", "HEAD"} else (303, "See Other")
    link = escape(location, quote=True)
    body = f'<!doctype html><title>Wi-Fi</title><a href="{link}">Wi-Fi</a>\n'.encode()
    return Answer(
        status,
        reason,
        (("Location", location), ("Content-Type", "text/html; charset=utf-8"), _NO_STORE),
        body,
    )


def answer_retry(request: Request) -> Answer:
    """For an open client's browsing that came over a connection from before: ask again, on a new one."""
    return Answer(
        307, "Temporary Redirect", (("Location", f"http://{request.host}{request.path}"), _NO_STORE)
    )
