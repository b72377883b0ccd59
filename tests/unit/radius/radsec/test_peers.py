import datetime as dt

from controller.nas.types import RADSEC_APS
from radius.radsec.peers import SECRET, PeerTable, make_client
from tests.factories.authority import Authority

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
CITY = Authority("City CA", now=NOW)
PARTNER = Authority("Partner CA", now=NOW)
SERIAL = "001122334455"
TABLE = PeerTable({"proxy.metro.example": make_client("metro")}, frozenset({SERIAL}))


def find(leaf):
    return TABLE.find(leaf.certificate, CITY.certificate)


def test_a_nas_is_known_by_any_name_in_its_certificate():
    for leaf in (PARTNER.issue("proxy.METRO.example"), CITY.issue("x", names=("proxy.metro.example",))):
        peer = find(leaf)
        assert (peer.name, peer.client.id, peer.client.secrets) == ("proxy.metro.example", "metro", (SECRET,))
        assert not peer.client.require_message_authenticator
        assert peer.address == find(PARTNER.issue("proxy.metro.example")).address


def test_an_adopted_access_point_needs_no_entry():
    peer = find(CITY.issue(SERIAL))
    assert (peer.name, peer.client.id) == (SERIAL, RADSEC_APS)


def test_a_partner_cannot_make_up_an_access_point():
    assert find(PARTNER.issue(SERIAL)) is None


def test_a_citizens_device_is_no_nas():
    assert find(CITY.issue("d-01j0000000000000000000000a")) is None
    assert find(CITY.issue("x", names=(SERIAL,))) is None
