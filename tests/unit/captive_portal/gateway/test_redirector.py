from urllib.parse import parse_qs, urlsplit

import pytest

from captive_portal.gateway.redirector import MAX_CONNECTIONS_BY_CLIENT, Redirector
from captive_portal.handles import HandleCodec
from tests.factories.redirects import ANNA, KEY, NOW, Place


@pytest.fixture
def place():
    return Place()


def test_a_captive_gets_a_handle_that_names_it(place):
    status, headers, body = place.ask("news.test", "/")
    assert status == 302
    target = urlsplit(headers["Location"])
    assert (target.scheme, target.netloc, target.path) == ("https", "portal.test", "/")
    handle = HandleCodec(KEY).decode(parse_qs(target.query)["h"][0], NOW)
    assert (handle.gateway_id, handle.mac, handle.ip) == ("gw-1", ANNA.mac, ANNA.ip)
    assert ANNA.mac not in headers["Location"]
    assert body
    assert place.captives == [ANNA]


def test_an_unknown_address_gets_the_portal_without_a_handle(place):
    status, headers, _ = place.ask("news.test", "/", ip="10.77.9.9")
    assert (status, headers["Location"]) == (302, "https://portal.test/")
    assert place.captives == []


def test_a_probe_hears_the_truth_after_the_gate_opened(place):
    assert place.ask("connectivitycheck.gstatic.com", "/generate_204")[0] == 302
    place.online.add(ANNA)
    assert place.ask("connectivitycheck.gstatic.com", "/generate_204")[0] == 204
    value = place.registry.get_sample_value
    labels = {"gateway": "gw-1", "os": "android"}
    assert value("kolco_gateway_probes_total", {**labels, "state": "captive"}) == 1
    assert value("kolco_gateway_probes_total", {**labels, "state": "open"}) == 1
    assert value("kolco_gateway_redirects_total", {"gateway": "gw-1"}) == 1


def test_an_open_client_is_never_intercepted(place):
    place.online.add(ANNA)
    status, headers, _ = place.ask("news.test", "/a")
    assert (status, headers["Location"]) == (307, "http://news.test/a")
    for host in ("10.77.0.1", ""):  # asked of the gateway itself: there is nothing to repeat
        status, headers, _ = place.ask(host, "/")
        assert (status, headers["Location"]) == (302, "https://portal.test/")


def test_head_has_no_body_and_post_becomes_get(place):
    status, headers, body = place.ask("news.test", "/", method="HEAD")
    assert (status, body) == (302, "")
    assert int(headers["Content-Length"]) > 4
    assert place.ask("news.test", "/", method="POST")[0] == 303


def test_connections_of_one_client_are_bounded(place):
    redirector = Redirector(place.redirects, place.metrics)
    admitted = [redirector.admit(ANNA.ip) for _ in range(MAX_CONNECTIONS_BY_CLIENT + 1)]
    assert admitted[:-1] == [True] * MAX_CONNECTIONS_BY_CLIENT
    assert not admitted[-1]
    assert redirector.admit("10.77.1.6")
    redirector.leave(ANNA.ip)
    assert redirector.admit(ANNA.ip)
