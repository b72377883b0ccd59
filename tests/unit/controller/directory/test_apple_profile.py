import plistlib

from controller.directory.apple_profile import render_apple_profile
from tests.factories.eap import authority


def test_a_network_its_authority_and_the_devices_certificate():
    ca_pem = authority().certificate_pem
    profile = plistlib.loads(render_apple_profile("City", "radius.kolco.test", ca_pem, b"p12", "d-1"))
    assert (profile["PayloadType"], profile["PayloadDisplayName"]) == ("Configuration", "City")
    root, identity, network = profile["PayloadContent"]
    assert root["PayloadContent"][:1] == b"\x30"
    assert (identity["PayloadContent"], "Password" in identity) == (b"p12", False)
    assert (network["SSID_STR"], network["PayloadCertificateUUID"]) == ("City", identity["PayloadUUID"])
    eap = network["EAPClientConfiguration"]
    assert eap["AcceptEAPTypes"] == [13]
    assert eap["PayloadCertificateAnchorUUID"] == [root["PayloadUUID"]]
    assert eap["TLSTrustedServerNames"] == ["radius.kolco.test"]


def test_a_new_profile_replaces_the_old_one():
    ca_pem = authority().certificate_pem
    made = [render_apple_profile("City", "a.test", ca_pem, octets, "d-1") for octets in (b"1", b"2")]
    first, second = (plistlib.loads(one)["PayloadUUID"] for one in made)
    assert first == second
