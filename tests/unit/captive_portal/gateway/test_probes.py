import pytest

from captive_portal.gateway.http1 import Request
from captive_portal.gateway.probes import System, answer_captive, answer_open, answer_retry, find_probe


def ask(host, path, agent="Mozilla/5.0", method="GET"):
    return Request(method, host, path, agent, "1.1")


ANDROID_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/60.0.3112.32 Safari/537.36"
APPLE_AGENT = "CaptiveNetworkSupport-514.0.3 wispr"
APPLE_SUCCESS = b"<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>"
FIREFOX_META = b'<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>'

ORACLE = [
    (ask("connectivitycheck.gstatic.com", "/generate_204", ANDROID_AGENT), System.ANDROID, 204, b""),
    (ask("www.google.com", "/gen_204", ANDROID_AGENT), System.ANDROID, 204, b""),
    (ask("play.googleapis.com", "/generate_204"), System.ANDROID, 204, b""),
    (ask("connect.rom.miui.com", "/generate_204"), System.ANDROID, 204, b""),
    (ask("www.gstatic.com", "/generate_204"), System.CHROMIUM, 204, b""),
    (ask("captive.apple.com", "/hotspot-detect.html", APPLE_AGENT), System.APPLE, 200, APPLE_SUCCESS),
    (ask("captive.apple.com", "/hotspot-detect.html"), System.APPLE, 200, APPLE_SUCCESS),
    (ask("www.apple.com", "/library/test/success.html", APPLE_AGENT), System.APPLE, 200, APPLE_SUCCESS),
    (ask("www.ibook.info", "/library/test/success.html"), System.APPLE, 200, APPLE_SUCCESS),
    (ask("www.msftconnecttest.com", "/connecttest.txt"), System.WINDOWS, 200, b"Microsoft Connect Test"),
    (ask("www.msftncsi.com", "/ncsi.txt"), System.WINDOWS, 200, b"Microsoft NCSI"),
    (ask("www.msftconnecttest.com", "/redirect"), System.WINDOWS, 302, b""),
    (ask("detectportal.firefox.com", "/canonical.html"), System.FIREFOX, 200, FIREFOX_META),
    (ask("detectportal.firefox.com", "/success.txt?ipv4"), System.FIREFOX, 200, b"success\n"),
    (ask("network-test.debian.org", "/nm"), System.NETWORK_MANAGER, 200, b"NetworkManager is online\n"),
    (ask("connectivity-check.ubuntu.com", "/"), System.NETWORK_MANAGER, 204, b""),
]


@pytest.mark.parametrize(("request_", "system", "status", "body"), ORACLE)
def test_each_probe_is_known_and_answered_as_its_own_server_would(request_, system, status, body):
    assert find_probe(request_) is system
    answer = answer_open(system, request_)
    assert (answer.status, answer.body) == (status, body)
    assert ("Cache-Control", "no-store") in answer.headers


@pytest.mark.parametrize(
    "request_",
    [
        ask("www.apple.com", "/iphone/"),
        ask("news.test", "/"),
        ask("www.msftconnecttest.com", "/other"),
        ask("network-test.debian.org", "/other"),
        ask("", "/"),
    ],
)
def test_a_persons_browsing_is_no_probe(request_):
    assert find_probe(request_) is None


def test_networkmanager_hears_that_it_is_online_in_the_header():
    request = ask("network-test.debian.org", "/nm")
    assert ("X-NetworkManager-Status", "online") in answer_open(System.NETWORK_MANAGER, request).headers


@pytest.mark.parametrize(("method", "status"), [("GET", 302), ("HEAD", 302), ("POST", 303)])
def test_a_captive_is_sent_to_the_portal(method, status):
    answer = answer_captive("https://portal.test/?h=abc&x", method)
    assert answer.status == status
    headers = dict(answer.headers)
    assert headers["Location"] == "https://portal.test/?h=abc&x"
    assert headers["Cache-Control"] == "no-store"
    assert len(answer.body) > 4  # Android takes less for a broken network
    assert b"abc&amp;x" in answer.body


def test_an_open_clients_old_connection_is_asked_to_come_again():
    answer = answer_retry(ask("news.test", "/a?b"))
    assert answer.status == 307
    assert ("Location", "http://news.test/a?b") in answer.headers
